/** A card that stays in and begins to fail: it is no other card, whatever it says, and nobody is asked for a PIN again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { instruction } from '../../drivers/virtual/apdu.ts';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;

beforeAll(async () => {
  story = await StoryStation.make();
});
afterAll(() => story.end());

test('a card that answers 6F00 to everything once it is asked to sign: its fault stays on the screen until it is taken out, and stands in the log', async () => {
  await story.walkTo('enter-pin');
  const card = story.card('ada');
  const { faults } = card;
  const before = story.running.hardware.tokens.tokens();
  const met = vi.spyOn(faults, 'meet');
  const asked = (ins: number): number => met.mock.calls.filter(([one]) => one === ins).length;
  const stop = card.onSign(() => {
    faults.failAll(0x6f00);
  });
  story.typePin('123456');
  const trouble = await story.until('trouble');
  expect(trouble).toMatchObject({ problem: 'device-error', recover: 'reinsert', outcome: 'nothing-signed', canContinue: false });
  const verifies = asked(instruction.verify);
  // OpenSC tries some fifty applications on a card that it does not know; with the looks that were under way, that ends.
  const selectsWithin = async (ms: number): Promise<number> => {
    const first = asked(instruction.select);
    await sleep(ms);
    return asked(instruction.select) - first;
  };
  await expect.poll(() => selectsWithin(1500), { timeout: 15_000 }).toBe(0);
  expect(story.state).toEqual(trouble);
  expect(story.running.hardware.tokens.tokens()).toEqual(before);
  expect(asked(instruction.verify)).toBe(verifies);
  expect((await story.visitOps()).slice(-2)).toEqual(['finger-matched', 'sign.failed']);
  expect((await story.entries()).at(-1)).toMatchObject({ op: 'sign.failed', problem: 'device-error', origin_kind: 'ckr' });

  stop();
  faults.clear();
  await story.leave();
  expect((await story.visitOps()).slice(-2)).toEqual(['sign.failed', 'token-out']);
  expect(await story.outbox()).toEqual([]);
  // Cleaned and put in again, it is as good as ever.
  expect((await story.signed()).delivered).toBe(true);
  expect(story.faults).toEqual([]);
});
