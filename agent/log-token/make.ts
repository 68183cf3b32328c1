/** Makes the key of a log in a token: it is generated there, tried, and never leaves it. */
import { randomBytes } from 'node:crypto';
import type { Deadlines, ModuleConfig } from '../../drivers/pkcs11/source.ts';
import { StationToken } from '../../drivers/pkcs11/station-token.ts';
import type { LogKey } from '../log/log-key.ts';
import { checkSignature, makeVerifierKey, type NoteSigner } from '../log/note-key.ts';
import { openWith, type PinSource } from './pins.ts';
import { type LogKeySettings, refusalOf, TokenRefused } from './refusal.ts';
import { TokenSigner } from './signer.ts';

/** Where the key is to be made. */
export interface NewTokenKey {
  readonly module: ModuleConfig;
  /** Serial number or label of the token. */
  readonly token: string;
  readonly pins: PinSource;
  readonly deadlines?: Partial<Deadlines>;
}

export interface MadeTokenKey {
  readonly key: LogKey;
  readonly settings: LogKeySettings;
  /** Deletes the key again: the station was not made. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** Generates the key, reads its public key and tries it; nothing is left in the token when that fails. Throws TokenRefused, and what asking for the PIN throws. */
export async function makeTokenKey({ module, token: wanted, pins, deadlines }: NewTokenKey, origin: string): Promise<MadeTokenKey> {
  const id = randomBytes(16).toString('hex');
  let token: StationToken | undefined;
  let isMade = false;
  try {
    token = await StationToken.connect({ module, token: wanted }, deadlines);
    const publicKey = await openWith(token, { id, make: `Countersign log ${origin}` }, await pins.give());
    isMade = true;
    const settings = { module: module.name, token: token.name, key: id };
    const signer = new TokenSigner({ origin, module, settings, pins }, makeVerifierKey(origin, 'ed25519', publicKey), token);
    const test = testText();
    if (checkSignature(signer.verifier, test, await token.sign(Buffer.from(test, 'utf8'))) === undefined)
      throw new TokenRefused(`the token ${JSON.stringify(token.name)} gave a signature that is not by the key that it made`, false);
    const made = token;
    return { key: { signer, wrapping: 'token' }, settings, forget: () => made.forget(), close: () => signer.close() };
  } catch (error) {
    if (isMade && token?.isAlive === true) await token.forget().catch(() => undefined);
    await token?.close();
    throw refusalOf(error, { module: module.name, token: wanted });
  }
}

/** Has a key that lies in a token already sign something that is no note; its own check of the signature is the trial. Throws NotSigned. */
export async function tryKey(signer: NoteSigner): Promise<void> {
  await signer.sign(testText());
}

/** Nothing that a checkpoint could be: its own first line, and no origin, size and root. */
function testText(): string {
  return `countersign/v1/key-test\n${randomBytes(16).toString('hex')}\n`;
}
