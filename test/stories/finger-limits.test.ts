/** Too many wrong fingers: a pause before the next, and in the end none at all, also after the agent was started anew. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;

afterEach(() => story.end());

const limited = (fingerprint: object) =>
  StoryStation.make({
    async prepare(data) {
      const file = join(data, 'station.json');
      const config = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...config, fingerprint }));
    },
  });

async function wrongFinger(): Promise<void> {
  await story.touch('stranger');
  await story.until('trouble', ({ problem }) => problem === 'not-matched');
}

test('the next finger waits for the end of the pause, in this visit and in the next, and then counts', async () => {
  story = await limited({ failuresInARow: 2, pauseSeconds: 8 });
  await story.walkTo('touch-reader');
  await wrongFinger();
  expect(story.state).not.toHaveProperty('waitSeconds');
  story.act({ type: 'continue' });
  await story.until('touch-reader');
  await wrongFinger();
  expect(story.state).toMatchObject({ waitSeconds: 8, canContinue: false, recover: 'retry' });
  expect(story.running.visit.act({ type: 'continue' })).toBe(false);
  // Begun anew: the pause holds all the same.
  await story.leave();
  await story.stop();
  await story.start();
  await story.walkTo('confirm');
  const { documents } = await story.until('confirm');
  story.act({ type: 'consent', digests: documents.map(({ digest }) => digest) });
  expect(await story.until('trouble')).toMatchObject({ problem: 'finger-paused', canContinue: false });
  await story.until('trouble', ({ canContinue }) => canContinue);
  expect(story.state).not.toHaveProperty('waitSeconds');
  story.act({ type: 'continue' });
  await story.until('touch-reader');
  await story.touch('right-index');
  await story.until('enter-pin');
  story.typePin('123456');
  await story.until('signed');
});

test('after too many the reader is not asked any more, and the clerk has to enrol the finger anew', async () => {
  story = await limited({ failuresInARow: 2, pauseSeconds: 1, failuresInAll: 2 });
  await story.walkTo('touch-reader');
  await wrongFinger();
  story.act({ type: 'continue' });
  await story.until('touch-reader');
  await wrongFinger();
  expect(story.state).toMatchObject({ canContinue: true });
  story.act({ type: 'continue' });
  const ended = await story.until('trouble', ({ problem }) => problem === 'finger-disabled');
  expect(ended).toMatchObject({ recover: 'ask-staff', canContinue: false, outcome: 'nothing-signed' });
  expect(story.devices.key.waiting).toBe(false);
  expect((await story.visitOps()).slice(-4)).toEqual(['finger-refused', 'finger-refused', 'finger-refused', 'sign.failed']);
});
