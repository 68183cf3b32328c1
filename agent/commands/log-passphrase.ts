/**
 * Where the passphrase of the log key, or the PIN of the token that holds it, comes from: a systemd credential, or whoever sits at the terminal. Whoever
 * gets it wipes it.
 */
import { Secret } from '../../drivers/secret.ts';
import type { PinSource } from '../log-token/pins.ts';
import type { KeySecrets } from '../opening.ts';
import { StartRefused } from '../refusals.ts';
import { readCredential } from './credential.ts';
import { readPassphrase, readPin, somebodyIsThere } from './keyboard.ts';

/** Name of the credential. */
export const credentialName = 'countersign-log-key';

/** The passphrase of a key that is there. Throws StartRefused when nobody can be asked, or the person gives up. */
export async function passphraseToOpen(env: NodeJS.ProcessEnv = process.env): Promise<Uint8Array> {
  return (await readCredential(credentialName, env)) ?? (await typed('Passphrase of the log key: '));
}

/** The PIN of the token that holds the log key. */
export function pinsOfToken(env: NodeJS.ProcessEnv = process.env): PinSource {
  const again = async (): Promise<Secret | undefined> => {
    const given = await readCredential(credentialName, env);
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
  const given = await readCredential(credentialName, env);
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
