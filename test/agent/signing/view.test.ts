/** What the screen is told: one public state for each state of the visit, with what that page needs and nothing else. */
import { expect, it } from 'vitest';
import { LiveMachine, type Place } from '../../support/signing/live-machine.ts';
import { contract, firstKey, pin, result, secondKey } from '../../support/signing/visit-facts.ts';

const holder = firstKey.holder;
const certificates = [firstKey, secondKey].map(({ certificateSha256, holder: shown }) => ({ ...shown, certificateSha256 }));
const place = { place: 1, of: 1 };
const pinView = { minLength: 6, maxLength: 8, triesLeft: 3, lastTry: false, pad: 'screen' };

const table: readonly (readonly [Place, object])[] = [
  ['start', { screen: 'start', documentsWaiting: 1 }],
  ['insertToken', { screen: 'insert-card' }],
  ['readingToken', { screen: 'reading-card' }],
  ['choosingCertificate', { screen: 'choose-certificate', certificates }],
  ['choosingDocument', { screen: 'choose-document', holder, documents: [contract], refused: [], most: 3 }],
  ['openingDocument', { screen: 'choose-document', holder, documents: [contract], refused: [], most: 3 }],
  ['reviewing', { screen: 'review-document', holder, document: contract, place }],
  ['confirming', { screen: 'confirm', holder, documents: [contract] }],
  ['recordingConsent', { screen: 'confirm', holder, documents: [contract] }],
  ['preparing', { screen: 'confirm', holder, documents: [contract] }],
  ['waitingForFinger', { screen: 'touch-reader', document: contract, prompt: 'touch' }],
  ['takingVouch', { screen: 'confirm', holder, documents: [contract], vouched: true }],
  ['enteringPin', { screen: 'enter-pin', document: contract, place, pin: pinView }],
  ['signing', { screen: 'signing', document: contract, place, step: 'card-signing' }],
  ['checking', { screen: 'signing', document: contract, place, step: 'checking' }],
  ['saving', { screen: 'signing', document: contract, place, step: 'saving' }],
  ['signed', { screen: 'signed', document: contract, ...result(12) }],
  ['takingToken', { screen: 'take-card', outcome: 'signed' }],
  ['leaving', { screen: 'take-card', outcome: 'signed' }],
];

it.each(table)('%s', async (place, shown) => {
  const visit = await new LiveMachine().walkTo(place);
  expect(visit.screen).toEqual(shown);
  // Bytes, certificates and file paths stay in the agent.
  expect(JSON.stringify(visit.screen)).not.toMatch(/"(bytes|certificate|chain|credential|fileName|prepared|consent|leaf)"/);
});

it('the page before the last try, and the PIN page that says so', async () => {
  const read = { pin: { ...pin, state: 'last-try', triesLeft: 1 }, keys: [firstKey] } as const;
  const visit = await new LiveMachine().walkTo('lastTry', read);
  expect(visit.screen).toEqual({ screen: 'last-try', document: contract });
  visit.send({ type: 'continue' });
  expect(visit.screen).toMatchObject({ screen: 'enter-pin', pin: { lastTry: true, triesLeft: 1 } });
});

it('a token that does not tell its tries: no number is made up', async () => {
  const visit = await new LiveMachine().walkTo('enteringPin', {
    pin: { state: 'unknown', minLength: 6, maxLength: 8, protectedPath: false },
    keys: [firstKey],
  });
  expect(visit.screen).toEqual({
    screen: 'enter-pin',
    document: contract,
    place,
    pin: { minLength: 6, maxLength: 8, lastTry: false, pad: 'screen' },
  });
});

it('a token that says only that tries were used: so does the page', async () => {
  const read = { pin: { state: 'low', minLength: 6, maxLength: 8, protectedPath: false }, keys: [firstKey] } as const;
  const visit = await new LiveMachine().walkTo('enteringPin', read);
  expect(visit.screen).toMatchObject({ pin: { fewTries: true, lastTry: false } });
});

it('nothing is shown while an outcome is being recorded', async () => {
  const failing = await new LiveMachine().walkTo('signing');
  await failing.refuse('sign', 'outcome-unknown');
  expect([failing.name(), failing.screen]).toEqual(['failing', undefined]);
  const abandoning = await new LiveMachine().walkTo('enteringPin');
  abandoning.send({ type: 'cancel' });
  expect([abandoning.name(), abandoning.screen]).toEqual(['abandoning', undefined]);
});

it('what the reader asks of the finger is passed on', async () => {
  const visit = await new LiveMachine().walkTo('waitingForFinger');
  visit.send({ type: 'prompt', prompt: 'processing' });
  expect(visit.screen).toMatchObject({ screen: 'touch-reader', prompt: 'processing' });
});

it('a new visit shows nothing of the last one, and has another number', async () => {
  const visit = await new LiveMachine().walkTo('signed');
  const { visit: before } = visit.snapshot.context;
  visit.send({ type: 'tokens', tokens: [] });
  await visit.answer('recordTokenOut');
  visit.send({ type: 'continue' });
  const { context } = visit.snapshot;
  expect([visit.name(), context.visit]).toEqual(['start', before + 1]);
  for (const field of ['key', 'document', 'consent', 'prepared', 'signature', 'problem', 'pin', 'tokenId'] as const)
    expect(context[field], field).toBeUndefined();
  for (const field of ['chosen', 'shown', 'intents', 'results'] as const) expect(context[field], field).toEqual([]);
});
