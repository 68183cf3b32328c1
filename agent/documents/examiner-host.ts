/**
 * The process that reads a document which nobody has looked at yet: one process, one document, one answer, and then it ends. It opens no file, knows
 * no key, and may be killed at any moment.
 */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { Announcement, Answer } from './examiner-protocol.ts';
import { examine } from './intake.ts';

/** Most bytes that are read, and hashed, at one time: while they are still in the cache of the processor. */
const pieceBytes = 256 * 1024;

interface Received {
  readonly announcement: Announcement;
  readonly bytes: Uint8Array;
  /** SHA-256, hex. */
  readonly digest: string;
}

/**
 * What the agent sends, to its end; nothing when the agent is gone. It is read where it is to stay, without a stream in between: this process has nothing
 * else to do meanwhile.
 */
function receive(): Received | undefined {
  let head = Buffer.alloc(0);
  let end = -1;
  while (end === -1) {
    const piece = Buffer.alloc(pieceBytes);
    const length = readSync(0, piece);
    if (length === 0) return undefined;
    head = Buffer.concat([head, piece.subarray(0, length)]);
    end = head.indexOf(10);
  }
  const announcement = JSON.parse(head.subarray(0, end).toString('utf8')) as Announcement;
  const bytes = new Uint8Array(announcement.size);
  const hash = createHash('sha256');
  const rest = head.subarray(end + 1);
  bytes.set(rest);
  hash.update(rest);
  for (let at = rest.length; at < bytes.length;) {
    const length = readSync(0, bytes, at, Math.min(pieceBytes, bytes.length - at), null);
    if (length === 0) return undefined;
    hash.update(bytes.subarray(at, at + length));
    at += length;
  }
  return { announcement, bytes, digest: hash.digest('hex') };
}

const given = receive();
if (given !== undefined) {
  const { announcement, bytes, digest } = given;
  const examined = examine(bytes, announcement.policy, digest);
  let answer: Answer;
  if (examined.ok) {
    const { pages, signatures, remarks, other } = examined.document;
    answer = { ok: true, digest, pages, signatures, remarks, ...(other === undefined ? {} : { other }) };
  } else {
    const { refusal, subject } = examined;
    answer = subject === undefined ? { ok: false, digest, refusal } : { ok: false, digest, refusal, subject };
  }
  await new Promise<void>((resolve) => process.stdout.write(JSON.stringify(answer), () => resolve()));
}
process.exit(0);
