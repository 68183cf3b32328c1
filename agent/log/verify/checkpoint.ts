/**
 * Checkpoints and receipts for whoever does not trust the writer (C2SP signed-note, tlog-checkpoint, tlog-proof): read from bytes by their own
 * rules and with a public key of 32 bytes. It throws Wrong for whatever is not written in the one form that is allowed.
 */
import { isUtf8 } from 'node:buffer';
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { must } from './canonical.ts';
import { checkInclusion } from './proof.ts';

/** A log, as an expert knows it: its origin, which is also the name of its key, and its Ed25519 public key, 32 bytes. */
export interface KnownLog {
  readonly origin: string;
  readonly publicKey: Uint8Array;
}

/** What a checkpoint says that its log signed. */
export interface SignedHead {
  readonly size: number;
  readonly root: Uint8Array;
}

const noteShape = /^([^]*\n)\n((?:\u2014 [^\p{White_Space}+]+ [A-Za-z0-9+/]+={0,2}\n)+)$/u;
const headShape = /^([^\p{White_Space}+]+)\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\n$/u;
const receiptShape =
  /^c2sp\.org\/tlog-proof@v1\n(?:extra ([A-Za-z0-9+/]+={0,2})\n)?index (0|[1-9]\d*)\n((?:[A-Za-z0-9+/]{43}=\n){0,53})\n([^]+)$/;

/** The text of a note before anybody has looked at its signatures. It must not be believed. */
export function readNoteText(note: Uint8Array, what: string, limit: number): string {
  const [, text] = noteShape.exec(textOf(note, limit, what)) ?? [];
  must(text !== undefined, `${what} is not a signed note`);
  return text;
}

/** Reads a note and checks that this log signed it. Lines of other keys have to be well written and say nothing. Returns the text. */
export function readSignedText(note: Uint8Array, log: KnownLog, what = 'the checkpoint', limit = 16_384): string {
  const { text, signature } = readNote(note, log, what, limit);
  must(verify(null, Buffer.from(text), keyOf(log).key, signature), notSigned(what));
  return text;
}

/** Reads a checkpoint of this log and checks its signature. */
export function readSignedHead(note: Uint8Array, log: KnownLog): SignedHead {
  return readHead(readSignedText(note, log), log);
}

/** The same, but the signature is checked later, on another thread: `signed` begins that and gives the sentence of what is wrong, if something is. */
export function readHeadLater(
  note: Uint8Array,
  log: KnownLog,
): { readonly head: SignedHead; readonly signed: () => Promise<string | undefined> } {
  const { text, signature } = readNote(note, log);
  const head = readHead(text, log);
  const { key } = keyOf(log);
  const signed = (): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      verify(null, Buffer.from(text), key, signature, (error, good) => {
        if (error === null) resolve(good ? undefined : notSigned('the checkpoint'));
        else reject(error);
      });
    });
  return { head, signed };
}

function notSigned(what: string): string {
  return `the signature of ${what} is not by the key of its log`;
}

/** The text of a note and what stands in it as the signature of this log. */
function readNote(
  note: Uint8Array,
  log: KnownLog,
  what = 'the checkpoint',
  limit = 16_384,
): { readonly text: string; readonly signature: Uint8Array } {
  const [, text, lines] = noteShape.exec(textOf(note, limit, what)) ?? [];
  must(text !== undefined && lines !== undefined, `${what} is not a signed note`);
  must(log.publicKey.byteLength === 32, 'the public key of the log is not 32 bytes long');
  const { id } = keyOf(log);
  const own: Buffer[] = [];
  for (const line of lines.trimEnd().split('\n')) {
    const [, name, value = ''] = line.split(' ');
    const bytes = bytesOf(value);
    must(bytes.length > 4, `a signature of ${what} is too short`);
    if (name === log.origin && bytes.subarray(0, 4).equals(id)) own.push(bytes.subarray(4));
  }
  const [signature, second] = own;
  must(signature !== undefined, `its log did not sign ${what}`);
  must(second === undefined, `${what} has two signatures of its log`);
  must(signature.length === 64, notSigned(what));
  return { text, signature };
}

/** What signatures of a log are checked with. */
interface LogKey {
  readonly key: KeyObject;
  /** Four bytes (C2SP signed-note): what stands in front of each signature. */
  readonly id: Uint8Array;
}

/** Made once for each log that is looked at: that costs a third of a signature. */
const keys = new WeakMap<KnownLog, LogKey>();

function keyOf(log: KnownLog): LogKey {
  const known = keys.get(log);
  if (known !== undefined) return known;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(log.publicKey).toString('base64url') };
  const id = createHash('sha256').update(`${log.origin}\n\u0001`).update(log.publicKey).digest().subarray(0, 4);
  const made = { key: createPublicKey({ key: jwk, format: 'jwk' }), id };
  keys.set(log, made);
  return made;
}

function readHead(text: string, log: KnownLog): SignedHead {
  const [, origin, size = '', root = ''] = headShape.exec(text) ?? [];
  must(origin !== undefined, 'the checkpoint does not have its three lines');
  must(origin === log.origin, 'the checkpoint is of another log');
  const head = { size: numberOf(size), root: bytesOf(root) };
  must(head.size > 0 || head.root.equals(createHash('sha256').digest()), 'the checkpoint gives an empty log the root of another');
  return head;
}

/** What a checkpoint says before anybody has looked at its signature: whose it is and how large. It must not be believed. */
export function readClaim(note: Uint8Array): { readonly origin: string; readonly size: number } {
  const [, text = ''] = noteShape.exec(textOf(note, 16_384, 'the checkpoint')) ?? [];
  const [, origin, size = ''] = headShape.exec(text) ?? [];
  must(origin !== undefined, 'it is not a checkpoint');
  return { origin, size: numberOf(size) };
}

/** Reads the text form of a log's key, `name+id+base64` (C2SP signed-note); other kinds of keys are refused. */
export function readVerifierKey(text: string): KnownLog {
  const [, origin, id, material = ''] = /^([^\p{White_Space}+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(text) ?? [];
  must(origin !== undefined, 'it is not the key of a log');
  const bytes = bytesOf(material);
  must(bytes.length === 33 && bytes[0] === 1, 'it is not an Ed25519 key of a log');
  must(
    createHash('sha256')
      .update(`${origin}\n`)
      .update(bytes)
      .digest('hex')
      .startsWith(id ?? '-'),
    'its id is not its own',
  );
  return { origin, publicKey: bytes.subarray(1) };
}

/** A receipt whose checkpoint its log signed. Nothing is shown by it before its path was followed. */
export interface Receipt extends SignedHead {
  /** Number of the entry that it claims to be of. */
  readonly index: number;
  readonly path: readonly Uint8Array[];
  /** Nobody signed it. A station puts the body of the entry here, or its leaf of 32 bytes where there is no room. */
  readonly extra: Uint8Array | undefined;
}

/** Reads a receipt (C2SP tlog-proof) and checks the signature of its checkpoint. */
export function openReceipt(receipt: Uint8Array, log: KnownLog): Receipt {
  const whole = textOf(receipt, 24_576, 'the receipt');
  const [, extra, index, path, note] = receiptShape.exec(whole) ?? [];
  must(index !== undefined && path !== undefined && note !== undefined, 'the receipt is not a proof of a log');
  const head = readSignedHead(Buffer.from(note), log);
  return {
    ...head,
    index: numberOf(index),
    path: path.split('\n').slice(0, -1).map(bytesOf),
    extra: extra === undefined ? undefined : bytesOf(extra),
  };
}

/** The leaf of a body: SHA-256 over a zero byte and its bytes. */
export function leafOf(body: Uint8Array): Uint8Array {
  return createHash('sha256').update('\0').update(body).digest();
}

/** Checks that the entry with this leaf stands where the receipt says. */
export function followReceipt({ index, size, root, path }: Receipt, leaf: Uint8Array): void {
  checkInclusion(leaf, index, size, path, root);
}

/** Checks a receipt: that the body of an entry is in this log. Returns the entry's number and the head that it was proven under. */
export function readReceipt(receipt: Uint8Array, body: Uint8Array, log: KnownLog): SignedHead & { readonly index: number } {
  const opened = openReceipt(receipt, log);
  followReceipt(opened, leafOf(body));
  return { index: opened.index, size: opened.size, root: opened.root };
}

function textOf(bytes: Uint8Array, limit: number, what: string): string {
  const plain = bytes.byteLength <= limit && isUtf8(bytes) && bytes.every((byte) => byte >= 0x20 || byte === 0x0a);
  must(plain, `${what} is too long or is not plain text`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function bytesOf(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64');
  must(bytes.toString('base64') === base64, 'base64 that can be written in another way');
  return bytes;
}

function numberOf(digits: string): number {
  const number = Number(digits);
  must(Number.isSafeInteger(number), 'a number that is too large');
  return number;
}
