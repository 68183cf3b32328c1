/** The disk of the log reports errors at the moment of a signature: what the screen and the outbox say afterwards is what is in the log, and nothing that was in it is lost. */
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { start } from '../../agent/commands/start.ts';
import { call } from '../support/keyed-station.ts';
import { RunningAgent } from '../support/kiosk-client.ts';
import { BadDisk } from '../support/log/faults/attached.ts';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;
let disk: BadDisk | undefined;
beforeEach(async () => void (story = await StoryStation.make({ reopenMs: 500 })));
afterEach(async () => {
  await disk?.mend();
  disk = undefined;
  await story.end();
});

/** It is made by one process and started by the next. */
const starts = ['boot', 'boot'];
const signs = async () => (await story.entries()).map(({ op }) => op).filter((op) => op.startsWith('sign.') || op === 'boot');

test('the commit of a signature was reported as failed and is in the log: the screen says signed, and the document is out, once', async () => {
  await story.walkTo('enter-pin');
  disk = await BadDisk.under(process.pid, ['fsync', 'fdatasync'], join(story.data, 'log'));
  story.typePin('123456');
  expect(await story.until('trouble')).toMatchObject({ problem: 'log-unavailable', trouble: 'out-of-service' });
  const atCommit = await disk.failures();
  // The handle that failed has been let go, and could not write anything back.
  await expect.poll(() => disk?.failures(), { timeout: 10_000 }).toBeGreaterThan(atCommit);
  await disk.mend();
  expect(await story.until('take-card')).toMatchObject({ outcome: 'signed' });
  expect(await signs()).toEqual([...starts, 'sign.intent', 'sign.done', 'boot']);
  expect(await story.outbox()).toHaveLength(1);
  expect(story.faults).toEqual([]);
});

test('the file cannot be opened again either: the station gives up and says why; at the next start all that was in the log is there', async () => {
  await story.walkTo('enter-pin');
  const before = await story.logged();
  disk = await BadDisk.under(process.pid, ['fsync', 'fdatasync', 'pread64'], join(story.data, 'log'));
  story.typePin('123456');
  await story.until('trouble', ({ problem }) => problem === 'log-unavailable');
  await expect.poll(() => story.faults.length, { timeout: 20_000 }).toBe(1);
  expect(story.faults[0]).toMatchObject({
    code: 'unreadable',
    message: expect.stringMatching(/^the operation log at \S+ cannot be read$/) as string,
  });
  expect(story.state).toMatchObject({ screen: 'trouble', trouble: 'out-of-service' });
  expect(await story.outbox()).toEqual([]);
  await story.stop();
  // The same disk at a start: it is refused in a sentence.
  expect(await call(start, '--data', story.data)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^The operation log .*\n$/) as string,
  });
  await disk.mend();
  await story.start();
  expect((await story.logged()).slice(0, before.length)).toEqual(before);
  // The commit was whole on the disk, and so the start delivers what it says.
  expect(await signs()).toEqual([...starts, 'sign.intent', 'sign.done', 'boot']);
  expect(await story.outbox()).toHaveLength(1);
});

test('the program on such a disk ends with a sentence and the exit code of a fault, and starts again when the disk is good', async () => {
  await story.stop();
  const agent = await RunningAgent.start(story.data);
  try {
    const client = await agent.client();
    await client.walkTo('enter-pin');
    disk = await BadDisk.under(agent.process.pid ?? 0, ['fsync', 'fdatasync', 'pread64'], join(story.data, 'log'));
    const ended = once(agent.process, 'exit');
    await client.typePin('123456');
    expect(await ended).toEqual([70, null]);
    expect(agent.said).toMatch(/^A fault stopped the station: the operation log at \S+ cannot be read$/m);
  } finally {
    await agent.kill('SIGKILL');
  }
  await disk.mend();
  await story.start();
  expect((await signs()).slice(-3)).toEqual(['sign.intent', 'sign.done', 'boot']);
  expect(await story.outbox()).toHaveLength(1);
});
