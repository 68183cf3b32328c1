/** The process that holds the vendor's module is killed: what happened is recorded as far as anybody can know, and the agent goes on. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;

beforeAll(async () => {
  story = await StoryStation.make();
});
beforeEach(() => story.putIn('contract.pdf'));
// However it went: the agent goes on, and the next visit signs.
afterEach(async () => {
  await story.leave();
  story.running.hardware.tokens.reset('opensc');
  await story.putIn('next.pdf');
  expect((await story.signed('grace', '654321')).delivered).toBe(true);
  expect(story.faults).toEqual([]);
  await story.leave();
});
afterAll(() => story.end());

/** INS of GENERAL AUTHENTICATE: the command that signs. */
const generalAuthenticate = 0x87;

const holder = (): number | undefined => story.running.hardware.tokens.modules()[0]?.pid;

/** Kills the process that holds the module now, and gives its id. */
async function killModule(): Promise<number> {
  await expect.poll(holder, { timeout: 10_000, interval: 5 }).toBeDefined();
  const pid = Number(holder());
  process.kill(pid, 'SIGKILL');
  return pid;
}

test('killed while the card signs: nobody can tell, the screen and the log say so, and there is no output', async () => {
  const before = await story.outbox();
  await story.walkTo('enter-pin', 'grace');
  await expect.poll(holder).toBeDefined();
  const pid = Number(holder());
  const { faults } = story.card('grace');
  const met = vi.spyOn(faults, 'meet');
  faults.delay(1500, generalAuthenticate);
  story.typePin('654321');
  await expect.poll(() => met.mock.calls.some(([ins]) => ins === generalAuthenticate), { timeout: 10_000, interval: 5 }).toBe(true);
  process.kill(pid, 'SIGKILL');
  expect(await story.until('trouble')).toMatchObject({
    trouble: 'outcome-unknown',
    outcome: 'outcome-unknown',
    recover: 'ask-staff',
    canContinue: false,
  });
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.outcome-unknown']);
  expect(await story.outbox()).toEqual(before);
  met.mockRestore();
  faults.clear();
});

test('killed while the PIN is awaited: a new process takes the PIN, and the visit goes on', async () => {
  const before = await story.outbox();
  await story.walkTo('enter-pin', 'grace');
  const killed = await killModule();
  await expect.poll(() => holder() ?? killed, { timeout: 10_000 }).not.toBe(killed);
  story.typePin('654321');
  const { outputName } = await story.until('signed');
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.done']);
  expect(await story.outbox()).toEqual([...before, outputName].sort());
  expect(story.card('grace').pinTriesLeft).toBe(3);
});

test('killed at the moment at which the PIN is typed: the visit ends in order, and nothing was signed or all of it', async () => {
  const before = await story.outbox();
  await story.walkTo('enter-pin', 'grace');
  await killModule();
  story.typePin('654321');
  await expect.poll(() => story.state.screen, { timeout: 20_000 }).toMatch(/^(?:signed|trouble)$/);
  const { state } = story;
  const signed = state.screen === 'signed';
  if (state.screen === 'trouble') expect(state).toMatchObject({ problem: 'module-crashed', outcome: 'nothing-signed' });
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', signed ? 'sign.done' : 'sign.failed']);
  expect(await story.outbox()).toHaveLength(before.length + (signed ? 1 : 0));
  expect(story.card('grace').pinTriesLeft).toBe(3);
});

test('killed again and again while the PIN is awaited: the reader counts as lost, nothing is signed, no try of the PIN is gone', async () => {
  const before = await story.outbox();
  await story.walkTo('enter-pin', 'grace');
  for (let times = 0; times < 3; times += 1) {
    const killed = await killModule();
    await expect.poll(holder, { timeout: 10_000, interval: 5 }).not.toBe(killed);
  }
  expect(await story.until('trouble')).toMatchObject({ outcome: 'nothing-signed' });
  expect(await story.visitOps()).toEqual(['token-in', 'consent', 'sign.intent', 'finger-matched', 'sign.failed', 'token-out']);
  expect(await story.outbox()).toEqual(before);
  expect(story.card('grace').pinTriesLeft).toBe(3);
  expect(story.running.visit.message().station.cardReaderReady).toBe(false);
});
