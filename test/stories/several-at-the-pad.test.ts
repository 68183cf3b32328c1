/** Three documents with a reader that has a PIN pad of its own: how often the holder types the PIN, and what the screen says of it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PublicState } from '../../agent/contract/state.ts';
import { tellState } from '../../agent/commands/tell.ts';
import { makePadStation, type PadStation } from '../support/pad-station.ts';
import { inStation, onScreen } from '../support/several/came.ts';
import { type Paper, putInThree } from '../support/several/three-documents.ts';
import { walkToPinOf } from '../support/several/walk-three.ts';

const begun = 'token-in consent sign.intent sign.intent sign.intent finger-matched';
const sound = (...places: readonly number[]) => places.map((place) => `${place}: 1 TOTAL-PASSED, Signature is Valid.`);

let station: PadStation;
let papers: readonly Paper[];
let before: { readonly outbox: readonly string[]; readonly entries: number };

async function walkToPad(): Promise<void> {
  const { story, pad } = station;
  await leave();
  await pad.forget();
  papers = await putInThree(story);
  before = { outbox: await story.outbox(), entries: story.running.visit.message().station.logSize };
  await pad.putCardIn();
  await walkToPinOf(story, papers);
  await pad.asked();
}

/** Types when the pad asks for the `nth` time; gives what the screen said then. */
async function typeAt(nth: number, pin = station.pin): Promise<Extract<PublicState, { screen: 'enter-pin' }>> {
  await station.pad.asked(nth);
  const asks = await station.story.until('enter-pin', ({ pin: { waiting } }) => waiting !== undefined);
  await station.pad.type(pin);
  return asks;
}

const said = ({ document, place, pin }: Extract<PublicState, { screen: 'enter-pin' }>): string =>
  `${papers.findIndex(({ name }) => name === document.name) + 1}: ${place.place} of ${place.of}, time ${pin.waiting?.time ?? 0}${pin.previous === undefined ? '' : ` after ${pin.previous}`}`;

async function leave(): Promise<void> {
  const { story, pad } = station;
  await pad.takeCardOut();
  await expect
    .poll(
      () => {
        if (story.running.hardware.tokens.tokens().length === 0) story.running.visit.act({ type: 'continue' });
        return story.state.screen;
      },
      { timeout: 20_000 },
    )
    .toBe('start');
  expect(story.faults).toEqual([]);
}

describe('a key that takes one PIN for all', () => {
  beforeAll(async () => {
    station = await makePadStation();
  });
  afterAll(() => station.end());

  test('one PIN on the pad signs three documents, and the screen asks for none after the first', async () => {
    const { story, pad } = station;
    await walkToPad();
    const shown: string[] = [];
    const stop = story.running.visit.subscribe(({ state }) => {
      if (state.screen === 'enter-pin') shown.push(said(state).replace(/,.*/, ''));
    });
    expect(said(await typeAt(1))).toBe('1: 1 of 3, time 1');
    const screen = onScreen(await story.until('signed'));
    stop();
    expect(shown.filter((one) => one !== '1: 1 of 3')).toEqual([]);
    expect(screen.told).toBe('signed signed signed');
    expect(await pad.calls()).toEqual(['asks 1', 'signs', 'signs', 'signs']);
    await leave();
    expect(await inStation(story, papers, before)).toMatchObject({
      ops: `${begun} sign.done sign.done sign.done token-out`,
      outputs: sound(1, 2, 3),
    });
  });
});

describe('a key that wants the PIN each time', () => {
  beforeAll(async () => {
    station = await makePadStation({ alwaysAuthenticate: true });
  });
  beforeEach(walkToPad);
  afterEach(leave);
  afterAll(() => station.end());

  test('the pad asks twice for the first and once for each of the others, and the screen says for which', async () => {
    const { story, pad } = station;
    const lines: string[] = [];
    const told: string[] = [];
    for (const nth of [1, 2, 3, 4]) {
      const asks = await typeAt(nth);
      told.push(said(asks));
      tellState(asks, { out: () => undefined, err: (text) => void lines.push(text) });
      if (nth < 4) await pad.asked(nth + 1);
    }
    await story.until('signed');
    expect(told).toEqual(['1: 1 of 3, time 1', '1: 1 of 3, time 2', '2: 2 of 3, time 1', '3: 3 of 3, time 1']);
    expect(lines).toEqual([
      expect.stringMatching(/^Type your PIN on the card reader/),
      expect.stringMatching(/-first\.pdf \(1 of 3\): The PIN was right\. This card asks for it once more/),
      expect.stringMatching(/-second\.pdf \(2 of 3\): This card asks for the PIN for each document/),
      expect.stringMatching(/-third\.pdf \(3 of 3\): This card asks for the PIN for each document/),
    ]);
    expect(await pad.calls()).toEqual(['asks 1', 'asks 2', 'signs', 'asks 2', 'signs', 'asks 2', 'signs']);
  });

  test('a wrong PIN at first is forgotten once the right one was taken: it is not said again at the second document', async () => {
    const { story } = station;
    await typeAt(1, '000000');
    await story.until('trouble');
    story.act({ type: 'continue' });
    expect(said(await typeAt(2))).toBe('1: 1 of 3, time 1 after pin-wrong');
    expect(said(await typeAt(3))).toBe('1: 1 of 3, time 2');
    await station.pad.asked(4);
    expect(said(await typeAt(4))).toBe('2: 2 of 3, time 1');
    await station.pad.asked(5);
    const last = await typeAt(5);
    expect(said(last)).toBe('3: 3 of 3, time 1');
    expect(last.pin).toMatchObject({ lastTry: false });
    expect(last.pin.fewTries).toBeUndefined();
    await story.until('signed');
  });

  test('a wrong PIN at the second document: the first stays signed, and the right one signs the rest with the same finger', async () => {
    const { story } = station;
    await typeAt(1);
    await typeAt(2);
    await typeAt(3, '000000');
    expect(await story.until('trouble')).toMatchObject({ trouble: 'wrong-pin', outcome: 'partly-signed', canContinue: true });
    story.act({ type: 'continue' });
    // The login is a new one: its first PIN opens it, the second is for this signature.
    expect(said(await typeAt(4))).toBe('2: 2 of 3, time 1 after pin-wrong');
    expect(said(await typeAt(5))).toBe('2: 2 of 3, time 2');
    expect(said(await typeAt(6))).toBe('3: 3 of 3, time 1');
    await story.until('signed');
    expect(await inStation(story, papers, before)).toMatchObject({
      ops: `${begun} sign.done pin-wrong(pin-wrong) sign.done sign.done`,
      outputs: sound(1, 2, 3),
    });
  });

  test('the red key at the second document: the first stays signed, and the screen counts them', async () => {
    const { story, pad } = station;
    await typeAt(1);
    await typeAt(2);
    await pad.asked(3);
    await pad.cancel();
    expect(onScreen(await story.until('take-card'))).toEqual({ ending: 'take-card', outcome: 'partly-signed', told: 'signed not not' });
    expect(await inStation(story, papers, before)).toMatchObject({
      fates: 'signed cancelled not-reached',
      outputs: sound(1),
      waiting: [2, 3],
      pending: [],
    });
  });

  test('the card is pulled while the pad waits for the last PIN: two are signed, and the last certainly not', async () => {
    const { story, pad } = station;
    for (const nth of [1, 2, 3]) await typeAt(nth);
    await pad.asked(4);
    await pad.takeCardOut();
    expect(onScreen(await story.until('trouble'))).toEqual({ ending: 'card-removed', outcome: 'partly-signed', told: 'signed signed not' });
    expect(await inStation(story, papers, before)).toMatchObject({
      fates: 'signed signed token-removed',
      outputs: sound(1, 2),
      waiting: [3],
      pending: [],
    });
  });
});
