/**
 * The signer of the log whose key stays in a token. It hands the token nothing but the text of a note, checks every signature with the key that the
 * log says before anybody stores it, and takes a new host once when the one that was logged in is of no use any more.
 */
import { toHex } from '../log/entry.ts';
import { checkSignature, makeVerifierKey, type NoteSigner, NotSigned, type VerifierKey } from '../log/note-key.ts';
import type { NoteSignature } from '../log/note.ts';
import type { Deadlines, ModuleConfig } from '../../drivers/pkcs11/source.ts';
import { StationToken } from '../../drivers/pkcs11/station-token.ts';
import { openWith, type GivenPin, type PinSource } from './pins.ts';
import { type LogKeySettings, refusalOf, TokenRefused } from './refusal.ts';

export interface TokenKeyParts {
  /** Name of the key: the origin of the log. */
  readonly origin: string;
  readonly module: ModuleConfig;
  readonly settings: LogKeySettings;
  readonly pins: PinSource;
  readonly deadlines?: Partial<Deadlines>;
}

/** Opens the key for as long as the agent runs. `said`: the public key that the log says, hex; absent where it says none yet. Throws TokenRefused, and what asking for the PIN throws. */
export async function openTokenSigner(parts: TokenKeyParts, said: string | undefined): Promise<TokenSigner> {
  const { token, publicKey } = await open(parts, () => parts.pins.give());
  const signer = new TokenSigner(parts, makeVerifierKey(parts.origin, 'ed25519', publicKey), token);
  if (said === undefined || toHex(publicKey) === said) return signer;
  await signer.close();
  throw otherKey(parts);
}

export class TokenSigner implements NoteSigner {
  readonly verifier: VerifierKey;
  readonly #parts: TokenKeyParts;
  #token: StationToken | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(parts: TokenKeyParts, verifier: VerifierKey, token: StationToken) {
    this.#parts = parts;
    this.verifier = verifier;
    this.#token = token;
  }

  /** One after the other. Rejects with NotSigned. */
  sign(text: string): Promise<NoteSignature> {
    const result = this.#queue.then(() => this.#sign(text));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Logs out and ends the host, after a signature under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#queue;
    await this.#token?.close();
  }

  async #sign(text: string): Promise<NoteSignature> {
    let before: TokenRefused | undefined;
    for (;;) {
      try {
        return await this.#signOnce(text, before);
      } catch (error) {
        const refused = refusalOf(error, this.#parts.settings);
        await this.#token?.close();
        this.#token = undefined;
        if (before !== undefined || !refused.again || this.#isClosed) throw new NotSigned(refused.message, refused.again, refused);
        before = refused;
      }
    }
  }

  async #signOnce(text: string, before: TokenRefused | undefined): Promise<NoteSignature> {
    if (this.#isClosed) throw new TokenRefused('the station is stopping', false);
    if (this.#token?.isAlive !== true) this.#token = await this.#openAgain(before);
    const signature = await this.#token.sign(Buffer.from(text, 'utf8'));
    const { verifier } = this;
    if (checkSignature(verifier, text, signature) === undefined)
      throw new TokenRefused(
        `the token ${JSON.stringify(this.#parts.settings.token)} gave a signature that is not by the key of the log`,
        false,
      );
    return { name: verifier.name, keyId: verifier.id, signature };
  }

  async #openAgain(before: TokenRefused | undefined): Promise<StationToken> {
    const { token, publicKey } = await open(this.#parts, async () => {
      const pin = await this.#parts.pins.again();
      if (pin !== undefined) return { pin, typed: false };
      const why = before?.message ?? `the process that was logged in at the token ${JSON.stringify(this.#parts.settings.token)} has ended`;
      throw new TokenRefused(`${why}; its PIN was typed and is not kept, so start the station again and type it`, false, before);
    });
    if (toHex(publicKey) === toHex(this.verifier.publicKey)) return token;
    await token.close();
    throw otherKey(this.#parts);
  }
}

async function open(
  { module, settings, deadlines }: TokenKeyParts,
  pinOf: () => Promise<GivenPin>,
): Promise<{ readonly token: StationToken; readonly publicKey: Uint8Array }> {
  let token: StationToken | undefined;
  try {
    token = await StationToken.connect({ module, token: settings.token }, deadlines);
    return { token, publicKey: await openWith(token, { id: settings.key }, await pinOf()) };
  } catch (error) {
    await token?.close();
    throw refusalOf(error, settings);
  }
}

function otherKey({ settings: { token, key } }: TokenKeyParts): TokenRefused {
  return new TokenRefused(`the key ${key} in the token ${JSON.stringify(token)} is not the one that the log says`, false);
}
