/** A holder whose finger cannot be used: a clerk vouches for them at the terminal, and they sign with card and PIN, once, at a station that accepts it. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { pins, VouchedStation } from '../support/vouched-station.ts';

// Each story starts the program a few times.
vi.setConfig({ testTimeout: 120_000 });

let bench: VouchedStation;
beforeAll(async () => {
  bench = await VouchedStation.make();
}, 60_000);
afterAll(() => bench.story.end());

test('where the station does not say that it accepts it, nobody can vouch', async () => {
  await bench.settle({ fingerprint: {} });
  const refused = await bench.refusedVouch();
  expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('"fingerprint": { "vouching": "accept" }') as string });
  await bench.settle({ fingerprint: { vouching: 'accept' } });
});

test('a clerk vouches, and the holder signs without a finger; the next time the finger is asked for again', async () => {
  const { story, certificates } = bench;
  const entered = await bench.vouch();
  expect(entered).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Entered: entry \d+ of the log\. clerk-7, clerk, vouched for /) as string,
  });
  expect(entered.err).toContain(`The holder has the certificate ${certificates.ada}.`);
  const again = await bench.refusedVouch();
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('clerk-7 vouches for this holder already') as string });

  await story.start();
  const { page, consent } = await bench.toConsent();
  expect(page.vouched).toBe(true);
  consent();
  await story.until('enter-pin');
  expect(story.running.visit.message().withoutFinger).toBe(true);
  expect(story.devices.key.touch('right-index')).toBe(false);
  story.typePin(pins.ada);
  await story.until('signed');
  await story.leave();
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'vouched', 'sign.done', 'token-out']);
  const logged = await story.logged();
  const vouch = logged.find(({ event }) => event.op === 'vouch');
  expect(vouch?.event).toMatchObject({ holder_certificate_sha256: certificates.ada, certificate_sha256: certificates.grace });
  const named = { vouch: { entry: vouch?.seq, leaf: vouch?.leaf } };
  expect(logged.find(({ event }) => event.op === 'consent')?.event).toMatchObject({ statement: named });
  expect(logged.find(({ event }) => event.op === 'vouched')?.event).toMatchObject({ vouch: vouch?.seq, vouch_leaf: vouch?.leaf });

  await story.putIn('again.pdf');
  const next = await bench.toConsent('again.pdf');
  expect(next.page).not.toHaveProperty('vouched');
  expect(story.running.visit.message()).not.toHaveProperty('withoutFinger');
  next.consent();
  await story.until('touch-reader');
  await story.touch('right-index');
  await story.until('enter-pin');
  await story.leave();
  expect(story.faults).toEqual([]);
  await story.stop();
});

test('a vouch waits while the holder gives up, and through a start of the agent, and a station that accepts none asks for the finger', async () => {
  const { story } = bench;
  expect((await bench.vouch(['--identified', 'known-in-person', '--reason', 'reader-unusable', '--minutes', '60'])).code).toBe(0);
  await bench.settle({ fingerprint: { vouching: 'refuse' } });
  await story.start();
  const strict = await bench.toConsent('again.pdf');
  expect(strict.page).not.toHaveProperty('vouched');
  await story.leave();
  await story.stop();

  await bench.settle({ fingerprint: { vouching: 'accept' } });
  await story.start();
  const first = await bench.toConsent('again.pdf');
  expect(first.page.vouched).toBe(true);
  await story.leave();
  const second = await bench.toConsent('again.pdf');
  expect(second.page.vouched).toBe(true);
  second.consent();
  await story.until('enter-pin');
  // The card is out before anything is signed: the vouch was taken for this consent, and serves no other.
  await story.leave();
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'vouched', 'sign.failed', 'token-out']);
  const third = await bench.toConsent('again.pdf');
  expect(third.page).not.toHaveProperty('vouched');
  await story.leave();
  expect(story.faults).toEqual([]);
  await story.stop();
});

test('nobody vouches for themselves, for somebody who is not enrolled, or in words of their own, and what was refused to a card is in the log', async () => {
  const { story, certificates } = bench;
  const own = await bench.refusedVouch(['--holder', certificates.grace]);
  expect(own).toMatchObject({ code: 1, err: expect.stringContaining('nobody vouches for themselves') as string });
  const nobody = await bench.refusedVouch([], 'ada');
  expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('belongs to nobody on the staff') as string });
  const refused = (await story.entries()).filter(({ op }) => op === 'statement-refused');
  expect(refused).toMatchObject([
    { statement: 'vouch', reason: 'own-person', certificate_sha256: certificates.grace, actor: { id: 'clerk-7' } },
    { statement: 'vouch', reason: 'not-staff', certificate_sha256: certificates.ada },
  ]);
  for (const [words, sentence, code] of [
    [['--holder', 'ab'.repeat(32)], 'No finger was enrolled for a certificate', 1],
    [['--reason', 'because'], '--reason takes one of these: no-readable-finger, finger-disabled, reader-unusable.', 2],
    [['--minutes', '1441'], '--minutes takes a whole number from 5 to 1440', 2],
  ] as const)
    expect(await bench.refusedVouch(words)).toMatchObject({ code, out: '', err: expect.stringContaining(sentence) as string });
  const help = await bench.refusedVouch(['--help']);
  expect(help.out).toContain('The station is stopped while this runs');
});
