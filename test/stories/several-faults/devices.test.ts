/** Three documents under one PIN, and card, reader or module fails at the second or the last: what is done stays done, and nothing else is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faults, inject } from '../../support/matrix/faults.ts';
import { hosts } from '../../support/matrix/hosts.ts';
import { makeStation } from '../../support/matrix/station.ts';
import { play } from '../../support/several/play.ts';
import type { StoryStation } from '../../support/station.ts';
import { deviceRows } from './device-rows.ts';
import { which, wholeOf } from './expectation.ts';

let story: StoryStation | undefined;
beforeAll(async () => {
  story = await makeStation();
});
afterAll(async () => {
  await story?.end();
  expect(hosts()).toEqual([]);
});

describe.each(Object.entries(deviceRows))('%s', (_, { place, moment, of }) => {
  for (const fault of faults) {
    const expected = of[fault];
    if ('cannot' in expected) continue;
    test(fault, async () => {
      story ??= await makeStation();
      const came = await play(story, { place, moment, fault: (walk) => inject(fault, walk) }).catch(async (error: unknown) => {
        // Nobody knows what it left behind: the next row gets a station of its own.
        await story?.end();
        story = undefined;
        throw error;
      });
      const right = 'screen' in expected ? expected : which(expected, came.fates);
      expect(came).toEqual(wholeOf(right, came.ending));
    });
  }
});
