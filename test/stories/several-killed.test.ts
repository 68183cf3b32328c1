/** The agent is killed in the middle of several documents: what was signed stays signed and comes out, the rest gets its end at the next start. */
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeDemoStation } from '../../agent/workbench/demo-station.ts';
import { RunningAgent } from '../support/kiosk-client.ts';
import { isNoReceipt, receiptsMustHold } from '../support/receipts.ts';
import { agreement, readLog } from '../support/station.ts';

// Each start is a new process; on a machine that is busy with other things one takes ten times as long.
vi.setConfig({ testTimeout: 120_000 });

const names = ['a.pdf', 'b.pdf', 'c.pdf', 'd.pdf', 'e.pdf'];
let data: string;
let agent: RunningAgent | undefined;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'several-killed-'));
  await makeDemoStation(data, 0);
  for (const name of names) await copyFile(agreement, join(data, 'inbox', name));
});
afterEach(async () => {
  await agent?.kill('SIGKILL');
  await rm(data, { recursive: true, force: true });
});

test('agent killed at the second of five: the first is in the outbox, the second is unknown, the others are not signed', async () => {
  agent = await RunningAgent.start(data);
  const client = await agent.client();
  await client.walkTo('enter-pin', 'ada', names.length);
  await client.typePin('123456');
  await client.until('signing', ({ place, step }) => place.place === 2 && step === 'card-signing');
  await agent.kill('SIGKILL');
  agent = await RunningAgent.start(data);
  expect((await (await agent.client()).message()).state.screen).toBe('start');
  const events = await readLog(data);
  const ends = events.filter((event) => ['sign.done', 'sign.failed', 'sign.outcome-unknown'].includes(event.op));
  const signed = events.filter((event) => event.op === 'sign.done');
  // The card signs faster than a test can kill: it may be the third that was under way.
  expect(signed.length).toBeGreaterThan(0);
  expect(signed.length).toBeLessThan(names.length);
  const rest = Array.from({ length: names.length - signed.length - 1 }, () => 'sign.failed');
  expect(ends.map(({ op }) => op)).toEqual([...signed.map(() => 'sign.done'), 'sign.outcome-unknown', ...rest]);
  await receiptsMustHold(data);
  const outbox = (await readdir(join(data, 'outbox'))).filter(isNoReceipt);
  const digests = outbox.map(async (name) =>
    createHash('sha256')
      .update(await readFile(join(data, 'outbox', name)))
      .digest('hex'),
  );
  // What is out is nobody's but its reader's.
  for (const name of outbox) expect((await stat(join(data, 'outbox', name))).nlink).toBe(1);
  expect((await Promise.all(digests)).sort()).toEqual(signed.map((event) => event.output_sha256).sort());
  expect((await readdir(join(data, 'originals'))).sort()).toEqual(
    signed.map(({ operation = '', intent }) => `${operation}.${intent}`).sort(),
  );
  expect(await readdir(join(data, 'inbox'))).toEqual(names.slice(signed.length));
  expect(await readdir(join(data, 'pending'))).toEqual([]);
});
