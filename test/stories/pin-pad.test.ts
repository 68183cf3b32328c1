/** A visit with a card reader that has a PIN pad of its own: what the holder sees, what the log says, and what leaves the station. */
import { afterEach, expect, test } from 'vitest';
import { tellState } from '../../agent/commands/tell.ts';
import { walk, type Walker } from '../../agent/commands/walk.ts';
import { makePadStation, walkToPad, type PadStation } from '../support/pad-station.ts';

let station: PadStation;

afterEach(() => station.end());

const upToThePin = ['token-in', 'consent', 'sign.intent', 'finger-matched'];

async function nothingLeft(): Promise<void> {
  expect(await station.story.outbox()).toEqual([]);
  expect(await station.pad.calls()).not.toContain('signs');
}

test('the PIN is typed on the reader while the screen counts the seconds, and the document is signed', async () => {
  station = await makePadStation();
  const { story, pad, pin } = station;
  await walkToPad(station);
  const asks = await story.until('enter-pin', (state) => state.pin.waiting !== undefined);
  expect(asks.pin).toMatchObject({ pad: 'reader', waiting: { time: 1, secondsLeft: 60 } });
  await story.until('enter-pin', (state) => state.pin.waiting?.secondsLeft === 58);
  expect(() => story.typePin(pin)).toThrow('no PIN is asked for');
  expect(() => story.act({ type: 'cancel' })).toThrow('cancel was not taken');
  const shown: string[] = [];
  const stop = story.running.visit.subscribe(({ state }) => shown.push(state.screen === 'signing' ? state.step : state.screen));
  await pad.type(pin);
  await story.until('signed');
  stop();
  expect(shown.filter((screen, at) => screen !== shown[at - 1])).toEqual(['card-signing', 'checking', 'saving', 'signed']);
  expect(await story.visitOps()).toEqual([...upToThePin, 'sign.done']);
  expect(await story.outbox()).toHaveLength(1);
});

test('a card that asks twice: the screen says that the first PIN was right and that it is typed once more', async () => {
  station = await makePadStation({ alwaysAuthenticate: true });
  const { story, pad, pin } = station;
  await walkToPad(station);
  await pad.type(pin);
  await story.until('enter-pin', (state) => state.pin.waiting?.time === 2);
  await pad.type(pin);
  await story.until('signed');
  expect(await pad.calls()).toEqual(['asks 1', 'asks 2', 'signs']);
  expect(await story.visitOps()).toEqual([...upToThePin, 'sign.done']);
});

test('a wrong PIN on the pad is counted and named, and the right one then signs with the same finger', async () => {
  station = await makePadStation();
  const { story, pad, pin } = station;
  await walkToPad(station);
  await pad.type('000000');
  expect(await story.until('trouble')).toMatchObject({ trouble: 'wrong-pin', outcome: 'nothing-signed', canContinue: true });
  await nothingLeft();
  story.act({ type: 'continue' });
  await pad.asked(2);
  const again = await story.until('enter-pin', (state) => state.pin.waiting !== undefined);
  expect(again.pin).toMatchObject({ previous: 'pin-wrong', waiting: { time: 1 } });
  await pad.type(pin);
  await story.until('signed');
  expect(await story.visitOps()).toEqual([...upToThePin, 'pin-wrong', 'sign.done']);
});

test('the red key of the reader ends the visit like any Cancel', async () => {
  station = await makePadStation();
  const { story, pad } = station;
  await walkToPad(station);
  await pad.cancel();
  expect(await story.until('take-card')).toEqual({ screen: 'take-card', outcome: 'nothing-signed' });
  expect(await story.visitOps()).toEqual([...upToThePin, 'sign.failed']);
  expect((await story.entries()).at(-1)).toMatchObject({ problem: 'cancelled', origin_kind: 'ckr', origin_value: '80' });
  await nothingLeft();
  await pad.takeCardOut();
  await story.until('start');
});

test('nobody types: the wait is over, nothing was signed, and another try is offered with the same finger', async () => {
  station = await makePadStation({ deadlines: { pad: 1500 } });
  const { story, pad, pin } = station;
  await walkToPad(station);
  await story.until('enter-pin', (state) => state.pin.waiting?.secondsLeft === 1);
  const late = await story.until('trouble');
  expect(late).toMatchObject({ trouble: 'no-pin', problem: 'pin-timeout', recover: 'retry', outcome: 'nothing-signed', canContinue: true });
  await nothingLeft();
  expect(await story.visitOps()).toEqual([...upToThePin, 'pin-wrong']);
  expect((await story.entries()).at(-1)).toMatchObject({ op: 'pin-wrong', problem: 'pin-timeout' });
  story.act({ type: 'continue' });
  await pad.asked(2);
  await pad.type(pin);
  await story.until('signed');
  expect(await story.visitOps()).toEqual([...upToThePin, 'pin-wrong', 'sign.done']);
});

test('nobody types, and the holder does not try again: the intent ends as cancelled', async () => {
  station = await makePadStation({ deadlines: { pad: 700 } });
  const { story } = station;
  await walkToPad(station);
  await story.until('trouble');
  story.act({ type: 'cancel' });
  await story.until('take-card');
  expect(await story.visitOps()).toEqual([...upToThePin, 'pin-wrong', 'sign.failed']);
  await nothingLeft();
});

test('the card is pulled while the pad waits: cancelled, and nothing was signed', async () => {
  station = await makePadStation();
  const { story, pad } = station;
  await walkToPad(station);
  await pad.takeCardOut();
  const out = await story.until('trouble');
  expect(out).toMatchObject({ trouble: 'card-removed', problem: 'token-removed', outcome: 'nothing-signed' });
  expect(await story.visitOps()).toEqual([...upToThePin, 'sign.failed', 'token-out']);
  await nothingLeft();
});

test('at the terminal the holder is sent to the pad once, is asked for no PIN there, and signs', async () => {
  station = await makePadStation({ alwaysAuthenticate: true });
  const { story, pad, pin } = station;
  const { documents } = await story.until('choose-document', (state) => state.documents.length > 0);
  const told: string[] = [];
  const io = { out: () => undefined, err: (text: string) => void told.push(text) };
  const walker: Walker = {
    digests: documents.map(({ digest }) => digest).slice(0, 1),
    tell: (state) => tellState(state, io),
    chooseCertificate: () => Promise.resolve(undefined),
    consent: () => Promise.resolve(true),
    pin: () => Promise.reject(new Error('a PIN was asked for at the terminal')),
    goOn: () => Promise.resolve(false),
  };
  const walking = walk(story.running.visit, walker, new AbortController().signal);
  await story.until('touch-reader');
  await story.touch('right-index');
  await story.until('enter-pin', ({ pin: { waiting } }) => waiting?.secondsLeft === 58);
  await pad.type(pin);
  await pad.asked(2);
  await pad.type(pin);
  expect(await walking).toMatchObject({ screen: 'signed' });
  const aboutPin = told.filter((line) => line.includes('PIN'));
  expect(aboutPin).toEqual([
    expect.stringMatching(/^Type your PIN on the card reader, .*\(60 seconds\)/),
    expect.stringMatching(/^The PIN was right\. This card asks for it once more/),
  ]);
});
