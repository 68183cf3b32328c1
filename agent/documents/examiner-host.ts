/**
 * The process that reads a document which nobody has looked at yet: one process, one document, one answer, and then it ends. It opens no file, knows
 * no key, and may be killed at any moment.
 */
import { createHash } from 'node:crypto';
import type { Announcement, Answer } from './examiner-protocol.ts';
import { examine } from './intake.ts';

/** What the agent sends, to its end; nothing when the agent is gone. */
async function receive(): Promise<{ readonly announcement: Announcement; readonly bytes: Uint8Array } | undefined> {
  let announcement: Announcement | undefined;
  let head = Buffer.alloc(0);
  let bytes = new Uint8Array(0);
  let received = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    let rest = chunk;
    if (announcement === undefined) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(10);
      if (end === -1) continue;
      announcement = JSON.parse(head.subarray(0, end).toString('utf8')) as Announcement;
      bytes = new Uint8Array(announcement.size);
      rest = head.subarray(end + 1);
    }
    bytes.set(rest, received);
    received += rest.length;
    if (received === bytes.length) return { announcement, bytes };
  }
  return undefined;
}

const given = await receive();
if (given !== undefined) {
  const { announcement, bytes } = given;
  const examined = examine(bytes, announcement.policy);
  const digest = createHash('sha256').update(bytes).digest('hex');
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
