/** The disk of the log has less room than must be: nothing new is begun, no device is asked, and what was begun is finished. */
import { execFileSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ownDisk } from '../support/several/storage.ts';
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
  expect(story.faults).toEqual([]);
});

const ballast = () => join(story.data, 'log', 'ballast');

/** Takes room until half a megabyte is left: less than this station needs to begin something, and enough to end it. */
async function makeShort(): Promise<void> {
  const { bavail, bsize } = await statfs(join(story.data, 'log'));
  await writeFile(ballast(), Buffer.alloc(bavail * bsize - 500_000));
}

test('a card that is put in is not asked, the screen and the log say why, and with room again it is', async () => {
  await makeShort();
  const card = story.card('ada');
  const read = vi.spyOn(story.running.hardware.tokens, 'read');
  await story.devices.reader.insert(card);
  expect(await story.until('trouble')).toMatchObject({
    trouble: 'out-of-service',
    problem: 'no-space',
    recover: 'ask-staff',
    outcome: 'nothing-signed',
    canContinue: false,
  });
  expect(read).not.toHaveBeenCalled();
  await story.leave();
  expect((await story.entries()).filter(({ op }) => op === 'token-in' || op === 'token-out')).toMatchObject([
    { op: 'token-in', problem: 'no-space', certificates: [] },
    { op: 'token-out' },
  ]);
  await rm(ballast());
  await story.signed();
  expect(read).toHaveBeenCalled();
});

test('a holder who has begun is let to the end', async () => {
  await story.walkTo('confirm');
  await makeShort();
  const { documents } = await story.until('confirm');
  story.act({ type: 'consent', digests: documents.map(({ digest }) => digest) });
  await story.until('touch-reader');
  await story.touch('right-index');
  await story.until('enter-pin');
  story.typePin('123456');
  await story.until('signed');
  await story.leave();
  await story.devices.reader.insert(story.card('ada'));
  expect(await story.until('trouble')).toMatchObject({ problem: 'no-space' });
});

test('a station that is started without room says so, and where', async () => {
  await makeShort();
  await story.stop();
  await story.start();
  expect(story.running.shortSpace).toMatchObject({ folder: join(story.data, 'log'), isShort: true, freeMegabytes: 0 });
});
