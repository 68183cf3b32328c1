/** Plays the rows of the matrix on one station, and compares what came of each combination with what is written down. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Rows } from '../../stories/matrix/expectation.ts';
import type { StoryStation } from '../station.ts';
import { play } from './combination.ts';
import { faults } from './faults.ts';
import { hosts } from './hosts.ts';
import { makeStation } from './station.ts';

const wholeLine = 'token-in consent sign.intent finger-matched sign.done token-out';

export function runMatrix(rows: Rows): void {
  let story: StoryStation | undefined;
  beforeAll(async () => {
    story = await makeStation();
  });
  afterAll(async () => {
    await story?.end();
    expect(hosts()).toEqual([]);
  });

  const played = Object.entries(rows).filter(([, row]) => Object.values(row).some((expected) => !('cannot' in expected)));
  describe.each(played)('%s', (state, row) => {
    for (const fault of faults) {
      const expected = row[fault];
      if ('cannot' in expected) continue;
      test(fault, async () => {
        story ??= await makeStation();
        const came = await play(story, state, fault).catch(async (error: unknown) => {
          // Nobody knows what it left behind: the next combination gets a station of its own.
          await story?.end();
          story = undefined;
          throw error;
        });
        const right = 'either' in expected ? expected.either : [expected];
        expect(right).toContainEqual(came.visited);
        expect(came.next).toEqual({ ending: 'signed', outcome: 'signed', ops: wholeLine });
        const signed = came.visited.ops.includes('sign.done') ? 2 : 1;
        expect(came.outputs).toEqual(Array(signed).fill('TOTAL-PASSED, in the log'));
        expect(came.wrongs).toEqual([]);
      });
    }
  });
}
