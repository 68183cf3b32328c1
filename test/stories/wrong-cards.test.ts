/** Cards that the station must not guess about: two at once, and one that it does not know. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { VirtualCard } from '../../drivers/virtual/virtual-card.ts';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;

beforeAll(async () => {
  story = await StoryStation.make();
});
afterAll(() => story.end());
beforeEach(() => story.until('start'));

/** A plain file-system card of some loyalty scheme: it knows no application and no command of ours. */
const loyaltyCard: VirtualCard = {
  atr: Buffer.from('3b6800000073c84012009000', 'hex'),
  reset: () => undefined,
  transmit: ([, ins]) => Promise.resolve(Buffer.from(ins === 0xa4 ? '6a82' : '6d00', 'hex')),
};

/** Both cards are there at one look of the station: the process that looks is held meanwhile. */
async function insertBoth(): Promise<void> {
  const looking = (): number | undefined => story.running.hardware.tokens.modules()[0]?.pid;
  await expect.poll(looking, { timeout: 10_000 }).toBeDefined();
  const pid = Number(looking());
  process.kill(pid, 'SIGSTOP');
  try {
    await Promise.all([story.devices.reader.insert(story.card('ada'), 0), story.devices.reader.insert(story.card('grace'), 1)]);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

test('two cards at once: the station asks for one to be taken out, records it, and goes on with the one that stays', async () => {
  await insertBoth();
  expect(await story.until('trouble')).toMatchObject({ trouble: 'two-cards', problem: 'two-tokens', outcome: 'nothing-signed' });
  const serials = story.running.hardware.tokens.tokens().map(({ serial }) => serial);
  const [entry, ...others] = (await story.entries()).slice((await story.entries()).findIndex(({ op }) => op === 'token-in'));
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ op: 'token-in', problem: 'two-tokens', token_serial: serials.join(' '), certificates: [] });
  expect(new Set(serials).size).toBe(2);
  // Nothing that a person can do at the screen makes the station choose.
  for (const type of ['begin', 'continue', 'cancel'] as const) expect(story.running.visit.act({ type })).toBe(false);

  await story.devices.reader.remove(0);
  const { holder } = await story.until('choose-document');
  expect(holder.name).toBe('Grace Hopper');
  await story.leave(1);
});

test('a second card during a visit: the visit stays with the card it began with, whoever owns the other', async () => {
  await story.walkTo('enter-pin');
  await story.devices.reader.insert(story.card('grace'), 1);
  await expect.poll(() => story.running.hardware.tokens.tokens().length, { timeout: 5000 }).toBe(2);
  story.typePin('123456');
  const signed = await story.until('signed');
  const done = (await story.entries()).findLast(({ op }) => op === 'sign.done');
  const enrolled = (await story.entries()).filter(({ op }) => op === 'enrol');
  expect(done).toMatchObject({ certificate_sha256: enrolled[0]?.op === 'enrol' ? enrolled[0].certificate_sha256 : '' });
  expect(await story.outbox()).toEqual([signed.outputName]);
  // The first card leaves; the visit of the second holder begins anew, with nothing of the first one.
  await story.devices.reader.remove(0);
  const next = await story.until('choose-document');
  expect(next.holder.name).toBe('Grace Hopper');
  expect((await story.visitOps())[0]).toBe('token-in');
  await story.leave(1);
});

test('a card that nobody knows: the screen says so, the log has an entry, and the next card works', async () => {
  await story.putIn('second.pdf');
  await story.devices.reader.insert(loyaltyCard);
  expect(await story.until('trouble')).toMatchObject({
    trouble: 'unsupported-card',
    problem: 'unsupported-token',
    recover: 'other-token',
    outcome: 'nothing-signed',
    canContinue: false,
  });
  expect((await story.entries()).at(-1)).toMatchObject({ op: 'token-in', problem: 'unsupported-token', certificates: [] });
  await story.leave();
  expect(await story.visitOps()).toEqual(['token-in', 'token-out']);
  expect((await story.signed()).delivered).toBe(true);
  expect(story.faults).toEqual([]);
});
