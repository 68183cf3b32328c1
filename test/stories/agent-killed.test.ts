import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeDemoStation } from '../../agent/workbench/demo-station.ts';
import type { EventOf, LogEvent } from '../../agent/log/events.ts';
import { RunningAgent, type KioskClient } from '../support/kiosk-client.ts';
import { isNoReceipt, receiptsMustHold } from '../support/receipts.ts';
import { agreement, readLog } from '../support/station.ts';

// Each start is a new process; on a machine that is busy with other things one takes ten times as long.
vi.setConfig({ testTimeout: 300_000 });

let data: string;
let agent: Promise<RunningAgent> | undefined;
let isElsewhere = false;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'killed-'));
  await makeDemoStation(data, 0);
  await copyFile(agreement, join(data, 'inbox', 'contract.pdf'));
});

afterEach(async () => {
  // Also one that is still starting, when a test gave up waiting for it.
  await end('SIGKILL').catch(() => undefined);
  if (isElsewhere) execFileSync('umount', [join(data, 'outbox')]);
  isElsewhere = false;
  await rm(data, { recursive: true, force: true });
});

/** From now on the outbox is on another file system, so that documents go out as copies. */
async function moveOutbox(): Promise<void> {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'tmpfs', join(data, 'outbox')]);
  isElsewhere = true;
  expect((await stat(join(data, 'outbox'))).dev).not.toBe((await stat(join(data, 'pending'))).dev);
}

async function restart(): Promise<KioskClient> {
  agent = RunningAgent.start(data);
  return (await agent).client();
}

async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null | undefined> {
  return (await agent)?.kill(signal);
}

/**
 * What must hold after any kill and a restart: every intent has one outcome, the outbox holds exactly what `sign.done` entries name, and each document
 * that was signed is kept for its operation and has left the inbox, while every other one is still there.
 */
async function mustHold(): Promise<readonly LogEvent[]> {
  const events = await readLog(data);
  const intents = events.filter(({ op }) => op === 'sign.intent');
  const ends = events.filter(({ op }) => op === 'sign.done' || op === 'sign.failed' || op === 'sign.outcome-unknown');
  expect(ends.length).toBe(intents.length);
  const signed = events.filter((event) => event.op === 'sign.done');
  expect(await digestsIn('outbox')).toEqual(signed.map((event) => event.output_sha256).sort());
  await receiptsMustHold(data);
  // What is out is nobody's but its reader's.
  for (const name of await readdir(join(data, 'outbox'))) expect((await stat(join(data, 'outbox', name))).nlink).toBe(1);
  expect((await readdir(join(data, 'originals'))).sort()).toEqual(signed.map(nameOf).sort());
  for (const done of signed) expect(await digestsIn('originals', nameOf(done))).toEqual([done.document_sha256]);
  expect(await readdir(join(data, 'inbox'))).toEqual(ends.at(-1)?.op === 'sign.done' ? [] : ['contract.pdf']);
  expect(await readdir(join(data, 'pending'))).toEqual([]);
  return events;
}

/** The signature's own folder among the originals. */
function nameOf({ operation = '', intent }: EventOf<'sign.done'>): string {
  return `${operation}.${intent}`;
}

async function digestsIn(...folder: readonly string[]): Promise<readonly string[]> {
  const names = (await readdir(join(data, ...folder))).filter(isNoReceipt);
  const digests = names.map(async (name) => sha256(await readFile(join(data, ...folder, name))));
  return (await Promise.all(digests)).sort();
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

for (const state of ['review-document', 'confirm', 'touch-reader', 'enter-pin'] as const) {
  test(`agent killed on ${state}: it starts anew at the first screen, and the log tells what became of the intent`, async () => {
    const client = await restart();
    await client.walkTo(state);
    await end('SIGKILL');
    const again = await restart();
    expect((await again.message()).state.screen).toBe('start');
    const events = await mustHold();
    const last = events.findLast(({ op }) => op.startsWith('sign.'))?.op;
    if (state === 'review-document' || state === 'confirm') expect(last).toBeUndefined();
    if (state === 'touch-reader') expect(last).toBe('sign.failed');
    if (state === 'enter-pin') expect(last).toBe('sign.outcome-unknown');
  });
}

/** Moments of the kill as parts of the time from PIN to signed; `signed` is right after the screen said so. */
const moments = [0, 0.2, 0.4, 0.6, 0.8, 0.95, 'signed'] as const;

test.each(['on the same file system', 'on another file system'] as const)(
  'agent killed at many moments around the signature, outbox %s: no output without an entry, no entry without its output',
  async (place) => {
    let client = await restart();
    if (place === 'on another file system') await moveOutbox();
    await client.walkTo('enter-pin');
    const began = performance.now();
    await client.typePin('123456');
    await client.until('signed');
    const wholeMs = performance.now() - began;
    await end('SIGTERM');
    client = await restart();
    const seen = new Set<string>();
    for (const moment of moments) {
      // Only where none is: a file that changes while its document is offered is another one for a moment.
      if ((await readdir(join(data, 'inbox'))).length === 0) await copyFile(agreement, join(data, 'inbox', 'contract.pdf'));
      await client.walkTo('enter-pin');
      const typed = client.typePin('123456').catch(() => 0);
      if (moment === 'signed') await client.until('signed');
      else await sleep(moment * wholeMs);
      await end('SIGKILL');
      await typed;
      client = await restart();
      const last = (await mustHold()).findLast(({ op }) => op.startsWith('sign.'));
      seen.add(last?.op ?? '');
    }
    // Both sides of the commit must have been met, or the harness proves nothing.
    expect([...seen].sort()).toEqual(['sign.done', 'sign.outcome-unknown']);
  },
);

test('agent stopped in order while it serves: exit code 0, and nothing of it is left running', async () => {
  const client = await restart();
  await client.walkTo('review-document');
  expect(await end('SIGTERM')).toBe(0);
  await mustHold();
});
