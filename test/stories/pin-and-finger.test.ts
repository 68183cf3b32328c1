import { afterEach, expect, test } from 'vitest';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;

afterEach(() => story.end());

test('a wrong PIN is counted and named, the right one then signs with the same finger', async () => {
  story = await StoryStation.make();
  await story.walkTo('enter-pin');
  story.typePin('111111');
  const trouble = await story.until('trouble');
  expect(trouble).toMatchObject({ trouble: 'wrong-pin', outcome: 'nothing-signed', canContinue: true });
  story.act({ type: 'continue' });
  const { pin } = await story.until('enter-pin');
  expect(pin.previous).toBe('pin-wrong');
  expect(story.card('ada').pinTriesLeft).toBe(2);
  story.typePin('123456');
  await story.until('signed');
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'pin-wrong', 'sign.done']);
});

test('three wrong PINs lock the card; before the last try the holder is asked; the intent ends', async () => {
  story = await StoryStation.make();
  await story.walkTo('enter-pin');
  for (const left of [2, 1]) {
    story.typePin('111111');
    await story.until('trouble', ({ trouble }) => trouble === 'wrong-pin');
    expect(story.card('ada').pinTriesLeft).toBe(left);
    story.act({ type: 'continue' });
    if (left === 2) await story.until('enter-pin');
  }
  await story.until('last-try');
  story.act({ type: 'continue' });
  await story.until('enter-pin', ({ pin }) => pin.lastTry);
  story.typePin('111111');
  const locked = await story.until('trouble', ({ trouble }) => trouble === 'pin-locked');
  expect(locked).toMatchObject({ outcome: 'nothing-signed', canContinue: false, recover: 'other-token' });
  expect(await story.visitOps()).toEqual([
    'token-in',
    'consent',
    'sign.intent',
    'finger-matched',
    'pin-wrong',
    'pin-wrong',
    'pin-locked',
    'sign.failed',
  ]);
  await story.takeCardOut();
  await story.until('start');
  await story.walkTo('touch-reader');
  await story.touch('right-index');
  expect(await story.until('trouble')).toMatchObject({ trouble: 'pin-locked', canContinue: false });
});

test('a PIN of a length that cannot be right costs no try', async () => {
  story = await StoryStation.make();
  await story.walkTo('enter-pin');
  story.typePin('12');
  expect(await story.until('trouble')).toMatchObject({ trouble: 'wrong-pin', problem: 'pin-length', canContinue: true });
  expect(story.card('ada').pinTriesLeft).toBe(3);
});

test('a wrong finger is refused and recorded, the right one then matches', async () => {
  story = await StoryStation.make();
  await story.walkTo('touch-reader');
  await story.touch('stranger');
  expect(await story.until('trouble')).toMatchObject({ trouble: 'finger-not-matched', canContinue: true });
  story.act({ type: 'continue' });
  expect(await story.until('touch-reader')).toMatchObject({ previous: 'not-matched' });
  await story.touch('left-index');
  await story.until('enter-pin');
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-refused', 'finger-matched']);
});

test('wrong fingers until the reader locks itself: staff is needed, nothing was signed', async () => {
  story = await StoryStation.make();
  await story.walkTo('touch-reader');
  for (;;) {
    await story.touch('stranger');
    const trouble = await story.until('trouble');
    if (!trouble.canContinue) {
      expect(trouble).toMatchObject({ trouble: 'reader-locked', recover: 'ask-staff', outcome: 'nothing-signed' });
      break;
    }
    story.act({ type: 'continue' });
    await story.until('touch-reader');
  }
  expect((await story.visitOps()).at(-1)).toBe('sign.failed');
});

test('the fingerprint reader is unplugged while it waits: named, recorded, nothing was signed', async () => {
  story = await StoryStation.make();
  await story.walkTo('touch-reader');
  await expect.poll(() => story.devices.key.waiting).toBe(true);
  story.devices.key.unplug();
  expect(await story.until('trouble')).toMatchObject({ problem: 'fingerprint-reader-lost', outcome: 'nothing-signed', canContinue: false });
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-refused', 'sign.failed']);
  story.devices.key.plug();
  await story.takeCardOut();
  await story.until('start');
  expect((await story.signed()).delivered).toBe(true);
});

test('a finger laid on before the reader waits does not count', async () => {
  story = await StoryStation.make();
  expect(story.devices.key.touch('right-index')).toBe(false);
  await story.walkTo('touch-reader');
  expect(story.state.screen).toBe('touch-reader');
});
