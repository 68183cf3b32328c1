/** The disk of the log is full while a holder signs, and then has room again: the station goes on without a restart, and shows what the log says. */
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fillDisk, ownDisk } from '../support/several/storage.ts';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;
beforeEach(async () => {
  const prepare = async (data: string): Promise<void> => {
    await ownDisk(data);
  };
  story = await StoryStation.make({ prepare });
});
afterEach(async () => {
  await story.stop();
  execFileSync('umount', [join(story.data, 'log')]);
  await story.end();
});

const ballast = () => join(story.data, 'log', 'ballast');

test('a signature that could not be entered is outcome unknown, on the screen as in the log; the next holder signs', async () => {
  await story.walkTo('enter-pin');
  await fillDisk(ballast());
  story.typePin('123456');
  expect(await story.until('trouble')).toMatchObject({ problem: 'log-unavailable', trouble: 'out-of-service' });
  await rm(ballast());
  expect(await story.until('trouble', ({ problem }) => problem === 'outcome-unknown')).toMatchObject({ outcome: 'outcome-unknown' });
  await story.leave();
  await story.signed();
  await story.leave();
  const ops = (await story.entries()).filter(({ op }) => op.startsWith('sign.') || op === 'boot').map(({ op }) => op);
  expect(ops.slice(-5)).toEqual(['sign.intent', 'boot', 'sign.outcome-unknown', 'sign.intent', 'sign.done']);
  expect((await story.entries()).filter((event) => event.op === 'boot' && event.reopened)).toHaveLength(1);
  expect(await story.outbox()).toHaveLength(1);
  expect(story.faults).toEqual([]);
});
