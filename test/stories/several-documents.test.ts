/** Several documents in one visit, on the virtual card: one consent, one finger, one PIN, and for each document a signature and entries of its own. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { instruction } from '../../drivers/virtual/apdu.ts';
import type { PivCard } from '../../drivers/virtual/piv-card.ts';
import type { PublicState } from '../../agent/contract/state.ts';
import { hold } from '../support/matrix/hold.ts';
import { StoryStation } from '../support/station.ts';
import { pdfsig } from '../support/validators.ts';

const names = ['contract.pdf', 'inventory.pdf', 'lease.pdf'];
let story: StoryStation;
let card: PivCard;

beforeAll(async () => {
  story = await StoryStation.make();
  // The demo's key lies in slot 9C, which wants the PIN for each signature.
  card = story.card('ada');
});
beforeEach(async () => {
  for (const name of names) await story.putIn(name);
});
afterEach(() => story.leave());
afterAll(() => story.end());

/** Chooses all three, reads each, agrees once, and touches once. */
async function walkToPin(): Promise<void> {
  await story.devices.reader.insert(card);
  const { documents } = await story.until('choose-document', (state) => state.documents.length === names.length);
  story.act({ type: 'choose-documents', documentIds: documents.map(({ id }) => id) });
  for (const [index, name] of names.entries()) {
    const { document, place } = await story.until('review-document', (state) => state.opening !== true && state.place.place === index + 1);
    expect([document.name, place]).toEqual([name, { place: index + 1, of: 3 }]);
    expect(story.running.visit.documentBytes(document.id)).toHaveLength(document.size);
    story.act({ type: 'reviewed' });
  }
  const { documents: agreed } = await story.until('confirm');
  expect(agreed.map(({ name }) => name)).toEqual(names);
  story.act({ type: 'consent', digests: agreed.map(({ digest }) => digest) });
  await story.until('touch-reader');
  await story.touch('right-index');
  await story.until('enter-pin');
}

const begun = ['token-in', 'consent', 'sign.intent', 'sign.intent', 'sign.intent', 'finger-matched'];

/** The progress that the screen told while it signed. */
async function progressFrom(begin: () => void): Promise<readonly string[]> {
  const told = new Set<string>();
  const stop = story.running.visit.subscribe(({ state }) => {
    if (state.screen === 'signing') told.add(`${state.step} ${state.place.place} of ${state.place.of}`);
  });
  begin();
  await story.until('signed');
  stop();
  return [...told];
}

test('three documents: one consent names them all, one PIN signs them, each has its own file and entries', async () => {
  await walkToPin();
  const before = story.running.visit.message().station.logSize;
  const step = (place: number) =>
    [...(place === 1 ? [] : ['preparing']), 'card-signing', 'checking', 'saving'].map((one) => `${one} ${place} of 3`);
  expect(await progressFrom(() => story.typePin('123456'))).toEqual([1, 2, 3].flatMap(step));
  const { earlier = [], ...last } = await story.until('signed');
  expect([...earlier, last].map(({ document, entry }) => [document.name, entry])).toEqual(
    names.map((name, index) => [name, before + index]),
  );
  expect(await story.visitOps()).toEqual([...begun, 'sign.done', 'sign.done', 'sign.done']);
  for (const { outputName } of [...earlier, last])
    expect(pdfsig(await story.readOutput(outputName))).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
  // One file like the others lies in each original's folder, and the inbox is empty again.
  await expect.poll(() => story.running.desk.view().documents).toEqual([]);
  const events = await story.entries();
  const consent = events.findLast(({ op }) => op === 'consent');
  const dones = events.filter((event) => event.op === 'sign.done').slice(-3);
  expect(consent).toMatchObject({ statement: { v: 2, documents: dones.map(({ document_sha256 }) => ({ sha256: document_sha256 })) } });
});

test('a wrong PIN, then the right one: nothing was signed before, and everything after', async () => {
  await walkToPin();
  story.typePin('99999999');
  expect(await story.until('trouble')).toMatchObject({ trouble: 'wrong-pin', outcome: 'nothing-signed', canContinue: true });
  expect(await story.outbox()).toHaveLength(3);
  story.act({ type: 'continue' });
  await story.until('enter-pin');
  story.typePin('123456');
  await story.until('signed');
  expect(await story.visitOps()).toEqual([...begun, 'pin-wrong', 'sign.done', 'sign.done', 'sign.done']);
});

test('card pulled while it signs the second: the first stays signed, of the second nobody can tell, the third is not signed', async () => {
  await walkToPin();
  let asked = 0;
  // What does not fit into one command comes in several; the card is asked with the last one.
  const second = hold(card, 'transmit', ([chained, ins]) => chained === 0 && ins === instruction.generalAuthenticate && (asked += 1) === 2);
  story.typePin('123456');
  await second.reached;
  await story.devices.reader.remove();
  second.release();
  const trouble: Extract<PublicState, { screen: 'trouble' }> = await story.until('trouble');
  expect(trouble).toMatchObject({
    outcome: 'outcome-unknown',
    tally: {
      signed: [{ document: { name: 'contract.pdf' }, delivered: true }],
      unknown: { name: 'inventory.pdf' },
      notSigned: [{ name: 'lease.pdf' }],
    },
  });
  const events = (await story.entries()).slice(-4);
  expect(events).toMatchObject([
    { op: 'sign.done' },
    { op: 'sign.outcome-unknown' },
    { op: 'sign.failed', problem: 'not-reached' },
    { op: 'token-out' },
  ]);
  const signed = trouble.tally?.signed[0]?.outputName ?? '';
  expect(pdfsig(await story.readOutput(signed))).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
  expect(await story.outbox()).toHaveLength(7);
});

test('the second document is exchanged after the consent: it is not signed, and neither is what comes after it', async () => {
  await walkToPin();
  await story.putIn('inventory.pdf', story.outputFile((await story.outbox())[0] ?? ''));
  story.typePin('123456');
  expect(await story.until('trouble')).toMatchObject({
    problem: 'document-changed',
    outcome: 'partly-signed',
    canContinue: false,
    tally: { signed: [{ document: { name: 'contract.pdf' } }], notSigned: [{ name: 'inventory.pdf' }, { name: 'lease.pdf' }] },
  });
  expect((await story.entries()).slice(-2)).toMatchObject([
    { op: 'sign.failed', problem: 'document-changed' },
    { op: 'sign.failed', problem: 'not-reached' },
  ]);
});
