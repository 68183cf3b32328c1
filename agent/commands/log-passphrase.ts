/**
 * Where the passphrase of the log key, or the PIN of the token that holds it, comes from: a systemd credential, or whoever sits at the terminal. Whoever
 * gets it wipes it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '../../drivers/secret.ts';
import type { PinSource } from '../log-token/pins.ts';
import type { KeySecrets } from '../opening.ts';
import { StartRefused } from '../refusals.ts';
import { readPassphrase, readPin, somebodyIsThere } from './keyboard.ts';

/** Name of the credential: `LoadCredential=countersign-log-key:...` or `LoadCredentialEncrypted=` in the unit (systemd.exec(5)). */
export const credentialName = 'countersign-log-key';

/** The passphrase of a key that is there. Throws StartRefused when nobody can be asked, or the person gives up. */
export async function passphraseToOpen(env: NodeJS.ProcessEnv = process.env): Promise<Uint8Array> {
  return (await credential(env)) ?? (await typed('Passphrase of the log key: '));
}

/** The PIN of the token that holds the log key. */
export function pinsOfToken(env: NodeJS.ProcessEnv = process.env): PinSource {
  const again = async (): Promise<Secret | undefined> => {
    const given = await credential(env);
    return given && new Secret(given);
  };
  return {
    again,
    async give() {
      const given = await again();
      if (given !== undefined) return { pin: given, typed: false };
      if (!somebodyIsThere())
        throw new StartRefused(
          `The log key is in a token, which wants its PIN. Give it in the credential ${credentialName}, or start at a terminal, where it is asked.`,
        );
      const pin = await readPin('PIN of the token with the log key: ');
      if (pin === undefined) throw new StartRefused('No PIN was given.');
      return { pin, typed: true };
    },
  };
}

/** What opens the key of a station's log, however it is kept. */
export const keySecrets: KeySecrets = { passphrase: () => passphraseToOpen(), pins: pinsOfToken() };

/** The passphrase of a key that is about to be made; at the terminal it is asked twice. Throws StartRefused. */
export async function passphraseToMake(unwrapped: string, env: NodeJS.ProcessEnv = process.env): Promise<Uint8Array> {
  const given = await credential(env);
  if (given !== undefined) return given;
  if (!somebodyIsThere())
    throw new StartRefused(
      `The log key is wrapped by a passphrase, and nobody is at a terminal to give one. Put it into the credential ${credentialName}, or say ${unwrapped} to do without.`,
    );
  const [first, second] = [await typed('New passphrase of the log key: '), await typed('The same passphrase again: ')];
  const same = Buffer.compare(first, second) === 0;
  second.fill(0);
  if (same) return first;
  first.fill(0);
  throw new StartRefused('The two passphrases are not the same. No key was made.');
}

async function typed(question: string): Promise<Uint8Array> {
  if (!somebodyIsThere())
    throw new StartRefused(
      `The log key is wrapped by a passphrase. Give it in the credential ${credentialName}, or start at a terminal, where it is asked.`,
    );
  const bytes = await readPassphrase(question);
  if (bytes === undefined) throw new StartRefused('No passphrase was given.');
  return bytes;
}

/** One line feed at the end of the file is not part of it. */
async function credential({ CREDENTIALS_DIRECTORY: folder }: NodeJS.ProcessEnv): Promise<Uint8Array | undefined> {
  if (folder === undefined || folder === '') return undefined;
  const file = join(folder, credentialName);
  const bytes = await readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'ENOENT') return undefined;
    throw new StartRefused(`The credential ${file} cannot be read (${code}).`, 2, cause);
  });
  if (bytes === undefined) return undefined;
  const length = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  if (length === 0) throw new StartRefused(`The credential ${file} is empty.`);
  const owned = Uint8Array.from(bytes.subarray(0, length));
  bytes.fill(0);
  return owned;
}
