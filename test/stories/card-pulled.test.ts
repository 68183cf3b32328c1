import { afterEach, expect, test } from 'vitest';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;

afterEach(() => story.end());

/** INS of GENERAL AUTHENTICATE: the command that signs. */
const generalAuthenticate = 0x87;

test('card pulled while the document is read: cancelled, nothing was signed, no intent', async () => {
  story = await StoryStation.make();
  await story.walkTo('review-document');
  await story.takeCardOut();
  const trouble = await story.until('trouble');
  expect(trouble).toMatchObject({ trouble: 'card-removed', outcome: 'nothing-signed' });
  expect(await story.visitOps()).toEqual(['token-in', 'token-out']);
  story.act({ type: 'continue' });
  await story.until('start');
});

test('card pulled while the finger is awaited: the intent ends as failed, and the reader is let go', async () => {
  story = await StoryStation.make();
  await story.walkTo('touch-reader');
  await story.takeCardOut();
  expect(await story.until('trouble')).toMatchObject({ trouble: 'card-removed', outcome: 'nothing-signed' });
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'sign.failed', 'token-out']);
  await expect.poll(() => story.devices.key.waiting).toBe(false);
  story.act({ type: 'continue' });
  expect((await story.signed()).delivered).toBe(true);
});

test('card pulled while the PIN is awaited: the intent ends as failed', async () => {
  story = await StoryStation.make();
  await story.walkTo('enter-pin');
  await story.takeCardOut();
  expect(await story.until('trouble')).toMatchObject({ trouble: 'card-removed', outcome: 'nothing-signed' });
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.failed', 'token-out']);
  expect(await story.outbox()).toEqual([]);
});

test('card pulled while it signs: nobody can tell, screen and log say so, and there is no output', async () => {
  story = await StoryStation.make();
  await story.walkTo('enter-pin');
  story.card('ada').faults.pullAt(generalAuthenticate);
  story.typePin('123456');
  expect(await story.until('trouble')).toMatchObject({ trouble: 'outcome-unknown', outcome: 'outcome-unknown' });
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.outcome-unknown', 'token-out']);
  expect(await story.outbox()).toEqual([]);
  story.card('ada').faults.clear();
  story.act({ type: 'continue' });
  await story.until('start');
  expect((await story.signed()).delivered).toBe(true);
});

test('card pulled after signing: the signature stands, and the log says that the card left', async () => {
  story = await StoryStation.make();
  const signed = await story.signed();
  await story.takeCardOut();
  await expect
    .poll(() => story.visitOps(), { timeout: 5000 })
    .toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.done', 'token-out']);
  expect(story.state.screen).toBe('signed');
  expect(await story.outbox()).toEqual([signed.outputName]);
  story.act({ type: 'continue' });
  await story.until('start');
});

test('the holder cancels before the PIN: nothing was signed, and the card is asked back', async () => {
  story = await StoryStation.make();
  await story.walkTo('enter-pin');
  story.act({ type: 'cancel' });
  expect(await story.until('take-card')).toMatchObject({ outcome: 'nothing-signed' });
  await story.takeCardOut();
  await story.until('start');
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.failed', 'token-out']);
});
