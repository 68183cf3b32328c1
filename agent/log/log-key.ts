/**
 * The Ed25519 key that signs the log's checkpoints: a file for its owner alone. It is made once and never in the place of one that is missing
 * or does not open. The key itself stays in a KeyObject; passphrases are wiped here, whatever happens.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { stationActor } from './appender.ts';
import { toHex } from './entry.ts';
import type { EventOf, LogKeyFields } from './events.ts';
import { type LocalSigner, makeSigner, type NoteSigner } from './note-key.ts';
import { writePrivateFile } from './private-file.ts';
import { pemLabels, wrapKey, type Wrapping } from './wrapped-key.ts';

export type LogKeyCode =
  | 'missing'
  | 'exists'
  /** A link, another owner, or a mode that lets others in. */
  | 'not-private'
  /** Not a key, or the passphrase is not its own. */
  | 'not-opened'
  | 'weak-passphrase'
  | 'unwritable'
  /** It is in a token, and the token does not give its use. */
  | 'token';

/** The key is not made or not opened; nothing was changed. The message is a sentence for a person, without its full stop. */
export class LogKeyRefused extends Error {
  override readonly name = 'LogKeyRefused';
  readonly code: LogKeyCode;

  constructor(code: LogKeyCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** How a key is kept: in a file, wrapped or not, or in a token that it never leaves. */
export type Keeping = LogKeyFields['wrapping'];

export interface LogKey {
  readonly signer: NoteSigner;
  readonly wrapping: Keeping;
}

/** A key out of a file. */
export interface FileKey extends LogKey {
  readonly signer: LocalSigner;
  readonly wrapping: Wrapping;
}

/** The entry with which the log says its key. */
export function keyMade({ signer, wrapping }: LogKey): EventOf<'key'> {
  const public_key = toHex(signer.verifier.publicKey);
  return { op: 'key', actor: stationActor, purpose: 'log', action: 'made', public_key, wrapping };
}

/** Shortest passphrase, bytes. */
export const shortestPassphrase = 12;
/** Far more than any key of this kind takes, bytes. */
const longestFile = 4096;

/** True when there is anything of this name. */
export async function hasLogKey(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    (error: unknown) => codeOf(error) !== 'ENOENT',
  );
}

/**
 * Makes a key for a log and keeps it in a new file, 0600, which the disk has when this returns. Without a passphrase it is not wrapped.
 * Throws LogKeyRefused `exists`, `weak-passphrase` or `unwritable`.
 */
export async function makeLogKey(file: string, origin: string, passphrase: Uint8Array | undefined): Promise<FileKey> {
  try {
    if (passphrase !== undefined && passphrase.byteLength < shortestPassphrase)
      throw new LogKeyRefused('weak-passphrase', `a passphrase for the log key has at least ${shortestPassphrase} characters`);
    const { privateKey } = generateKeyPairSync('ed25519');
    const text = passphrase === undefined ? privateKey.export({ format: 'pem', type: 'pkcs8' }) : wrapKey(privateKey, passphrase);
    await write(file, Buffer.from(text));
    return { signer: makeSigner(origin, privateKey), wrapping: passphrase === undefined ? 'none' : 'passphrase' };
  } finally {
    passphrase?.fill(0);
  }
}

/** Opens the key of a log; `ask` is called where it is wrapped. Throws LogKeyRefused `missing`, `not-private` or `not-opened`, and what `ask` throws. */
export async function openLogKey(file: string, origin: string, ask: () => Promise<Uint8Array>): Promise<FileKey> {
  const bytes = await read(file);
  try {
    const wrapping = wrappingOf(bytes);
    if (wrapping === undefined) throw new LogKeyRefused('not-opened', `${file} is not a private key in PEM`);
    const key = wrapping === 'none' ? toKey(file, bytes) : await openWrapped(file, bytes, ask);
    return { signer: makeSigner(origin, key), wrapping };
  } finally {
    bytes.fill(0);
  }
}

/** Checks the file without opening the key, and says whether it is wrapped. Throws LogKeyRefused as `openLogKey`. */
export async function inspectLogKey(file: string): Promise<Wrapping> {
  const bytes = await read(file);
  const wrapping = wrappingOf(bytes);
  bytes.fill(0);
  if (wrapping === undefined) throw new LogKeyRefused('not-opened', `${file} is not a private key in PEM`);
  return wrapping;
}

async function openWrapped(file: string, bytes: Buffer, ask: () => Promise<Uint8Array>): Promise<KeyObject> {
  const passphrase = await ask();
  try {
    return toKey(file, bytes, passphrase);
  } finally {
    passphrase.fill(0);
  }
}

function toKey(file: string, bytes: Buffer, passphrase?: Uint8Array): KeyObject {
  let key: KeyObject;
  try {
    const secret = passphrase === undefined ? {} : { passphrase: Buffer.from(passphrase.buffer, passphrase.byteOffset, passphrase.length) };
    key = createPrivateKey({ key: bytes, format: 'pem', ...secret });
  } catch (cause) {
    const why = passphrase === undefined ? 'it is damaged' : 'the passphrase is not the right one, or the file is damaged';
    throw new LogKeyRefused('not-opened', `the log key ${file} does not open: ${why}`, cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new LogKeyRefused('not-opened', `${file} is a key, but not an Ed25519 key`);
  return key;
}

function wrappingOf(bytes: Buffer): Wrapping | undefined {
  return (['passphrase', 'none'] as const).find((wrapping) =>
    bytes.subarray(0, pemLabels[wrapping].length).equals(Buffer.from(pemLabels[wrapping])),
  );
}

async function read(file: string): Promise<Buffer> {
  // Without O_NONBLOCK a pipe of this name would hold up the start for ever.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') throw new LogKeyRefused('missing', `there is no log key at ${file}`, cause);
    if (codeOf(cause) === 'ELOOP') throw new LogKeyRefused('not-private', `the log key ${file} is a link to another file`, cause);
    throw new LogKeyRefused('not-opened', `the log key ${file} cannot be read (${codeOf(cause)})`, cause);
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new LogKeyRefused('not-private', `the log key ${file} is not a file`);
    if (found.nlink !== 1) throw new LogKeyRefused('not-private', `the log key ${file} has a second name in the file system`);
    if (found.uid !== process.getuid?.()) throw new LogKeyRefused('not-private', `the log key ${file} belongs to another user`);
    const mode = found.mode & 0o7777;
    if (mode !== 0o600)
      throw new LogKeyRefused('not-private', `the log key ${file} has mode ${mode.toString(8).padStart(4, '0')} instead of 0600`);
    if (found.size > longestFile) throw new LogKeyRefused('not-opened', `${file} is not a private key in PEM`);
    const bytes = Buffer.alloc(found.size);
    await handle.read(bytes, 0, bytes.length, 0);
    return bytes;
  } finally {
    await handle.close();
  }
}

async function write(file: string, bytes: Buffer): Promise<void> {
  try {
    await writePrivateFile(file, bytes);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST')
      throw new LogKeyRefused('exists', `there is a log key at ${file} already, and it was left as it is`, cause);
    throw new LogKeyRefused('unwritable', `the log key ${file} cannot be written (${codeOf(cause)})`, cause);
  } finally {
    bytes.fill(0);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
