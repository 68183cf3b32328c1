/** A document that goes to the examining process piece by piece: the agent keeps its digest and none of its bytes. */
import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { Examiner, defaultExaminerLimits } from '../../../agent/documents/examiner.ts';
import { lookAtDocument } from '../../../agent/documents/intake.ts';
import { defaultIntakePolicy } from '../../../agent/documents/intake-policy.ts';
import type { ChildLimits } from '../../../agent/documents/limited-launch.ts';
import { agreement } from '../../support/sample-pdf.ts';

const open: Examiner[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const examiner of open.splice(0)) examiner.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

function examinerWith(limits: Partial<ChildLimits> = {}): Examiner {
  const examiner = new Examiner(defaultIntakePolicy, { ...defaultExaminerLimits, ...limits });
  open.push(examiner);
  return examiner;
}

const bytes = agreement();
const digest = createHash('sha256').update(bytes).digest('hex');

/** The document in pieces of this many bytes; `between` happens before each. */
async function* pieces(size: number, between: (at: number) => unknown = () => undefined): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await between(at);
    yield bytes.subarray(at, at + size);
  }
}

test('pieces of any size have the same answer as the whole', async () => {
  const examiner = examinerWith();
  const document = { digest, size: bytes.length, pages: 3, signatures: 0, remarks: [] };
  for (const size of [997, bytes.length]) {
    expect(await examiner.look(bytes.length, pieces(size))).toEqual({ ok: true, document });
  }
  const before = examiner.pids;
  expect(await examiner.examine(bytes, digest)).toEqual({ ok: true, document: { ...document, bytes } });
  expect(examiner.pids).toEqual(before);
});

test('a slow disk is no slow examination', async () => {
  const examiner = examinerWith({ deadlineMs: 1000 });
  expect(
    await examiner.look(
      bytes.length,
      pieces(Math.ceil(bytes.length / 4), () => sleep(400)),
    ),
  ).toMatchObject({ ok: true });
});

test('more or fewer pieces than were announced, or an error among them, is no document, and the station goes on', async () => {
  const examiner = examinerWith();
  expect(await examiner.look(bytes.length - 10, pieces(1000))).toMatchObject({ ok: false, refusal: 'unreadable' });
  expect(await examiner.look(bytes.length + 10, pieces(1000))).toMatchObject({ ok: false, refusal: 'unreadable' });
  const failing = pieces(1000, (at) => (at > 3000 ? Promise.reject(new Error('the drive is gone')) : undefined));
  await expect(examiner.look(bytes.length, failing)).rejects.toThrow('the drive is gone');
  expect(await examiner.look(0, pieces(1000))).toMatchObject({ ok: false, refusal: 'empty' });
  expect(await examiner.look(bytes.length, pieces(1000))).toMatchObject({ ok: true, document: { digest } });
});

test('a file that grows or shrinks while it is looked at is still being copied', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-look-'));
  folders.push(folder);
  const path = join(folder, 'contract.pdf');
  const examiner = examinerWith();
  await writeFile(path, bytes);
  expect(await lookAtDocument(path, examiner)).toMatchObject({ ok: true, document: { digest, name: 'contract.pdf' } });
  for (const change of [() => appendFile(path, 'x'), () => truncate(path, 5000)]) {
    await writeFile(path, bytes);
    const changing = {
      policy: examiner.policy,
      examine: examiner.examine.bind(examiner),
      look: async (size: number, from: AsyncIterable<Uint8Array>) => {
        await change();
        return examiner.look(size, from);
      },
    };
    expect(await lookAtDocument(path, changing)).toMatchObject({ ok: false, refusal: 'unreadable' });
  }
});
