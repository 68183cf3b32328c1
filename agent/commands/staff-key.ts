/** What opens the keys of a member of staff: a passphrase (a systemd credential, or typed), or an age identity in a file of their own. */
import { open } from 'node:fs/promises';
import {
  AgeRefusal,
  type Identity,
  parseIdentity,
  parseRecipient,
  passphraseIdentity,
  passphraseRecipient,
  type Recipient,
  x25519Identity,
  x25519Recipient,
} from '../log/age-keys.ts';
import { shortestPassphrase } from '../log/log-key.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';
import { readCredential } from './credential.ts';
import { readPassphrase, somebodyIsThere } from './keyboard.ts';

/** Name of the credential with the passphrase of a member of staff. */
export function staffCredential(id: string): string {
  return `countersign-staff-${id}`;
}

/** The pseudonym of a member of staff as it was typed. Throws WrongUsage. */
export function parseStaff(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(text)) return text;
  throw new WrongUsage(
    `"${text}" cannot stand for a member of staff: it is a pseudonym of letters, digits, - and _, 64 at most, for example supervisor-1.`,
  );
}

/** Something that was made from a secret; `wipe` overwrites the secret. */
export interface Lent<T> {
  readonly key: T;
  readonly wipe: () => void;
}

/** Far more than any file with one identity has, bytes. */
const longestFile = 4096;

/** What opens the keys of a member of staff: the identity in `file`, or else their passphrase. Throws StartRefused. */
export async function staffIdentity(id: string, file: string | undefined): Promise<Lent<Identity>> {
  if (file !== undefined) {
    const bytes = await readIdentity(file);
    return { key: x25519Identity(bytes), wipe: () => bytes.fill(0) };
  }
  const passphrase = (await readCredential(staffCredential(id))) ?? (await typed(id, `Passphrase of ${id}: `));
  return { key: passphraseIdentity(passphrase), wipe: () => passphrase.fill(0) };
}

/** What new keys of a member of staff are wrapped to: `text` (`age1...`), or else a passphrase, which is typed twice. Throws StartRefused and WrongUsage. */
export async function staffRecipient(
  id: string,
  text: string | undefined,
  option: string,
): Promise<Lent<{ readonly recipient: Recipient; readonly publicKey?: string }>> {
  if (text !== undefined) {
    mustBeRecipient(text, option);
    return { key: { recipient: x25519Recipient(text), publicKey: text }, wipe: () => undefined };
  }
  const passphrase = (await readCredential(staffCredential(id))) ?? (await typedTwice(id, option));
  if (passphrase.byteLength < shortestPassphrase) {
    passphrase.fill(0);
    throw new StartRefused(`A passphrase of a member of staff has at least ${shortestPassphrase} characters.`);
  }
  return { key: { recipient: passphraseRecipient(passphrase) }, wipe: () => passphrase.fill(0) };
}

function mustBeRecipient(text: string, option: string): void {
  try {
    parseRecipient(text);
  } catch (error) {
    if (!(error instanceof AgeRefusal)) throw error;
    throw new WrongUsage(`${option} takes an age recipient, age1 and 58 more characters, and "${text}" is none.`);
  }
}

async function readIdentity(file: string): Promise<Uint8Array> {
  const bytes = Buffer.alloc(longestFile);
  try {
    const handle = await open(file, 'r');
    const { bytesRead } = await handle.read(bytes, 0, longestFile, 0).finally(() => handle.close());
    return parseIdentity(bytes.toString('utf8', 0, bytesRead));
  } catch (cause) {
    if (cause instanceof AgeRefusal) throw new StartRefused(`${file} is not a file with one age identity.`, 2, cause);
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new StartRefused(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read (${code}).`, 2, cause);
  } finally {
    bytes.fill(0);
  }
}

async function typed(id: string, question: string): Promise<Uint8Array> {
  if (!somebodyIsThere())
    throw new StartRefused(
      `The keys of ${id} are opened by a passphrase. Give it in the credential ${staffCredential(id)}, or call this at a terminal, where it is asked; where an age identity opens them, say --identity FILE.`,
    );
  const bytes = await readPassphrase(question);
  if (bytes === undefined) throw new StartRefused('No passphrase was given.');
  return bytes;
}

async function typedTwice(id: string, option: string): Promise<Uint8Array> {
  if (!somebodyIsThere())
    throw new StartRefused(
      `The keys of ${id} are wrapped by a passphrase, and nobody is at a terminal to give one. Put it into the credential ${staffCredential(id)}, or name an age recipient with ${option}.`,
    );
  const [first, second] = [await typed(id, `New passphrase of ${id}: `), await typed(id, 'The same passphrase again: ')];
  const same = Buffer.compare(first, second) === 0;
  second.fill(0);
  if (same) return first;
  first.fill(0);
  throw new StartRefused('The two passphrases are not the same. Nothing was made.');
}
