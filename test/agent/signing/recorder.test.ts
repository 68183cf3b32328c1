/** What a problem leaves in the log, for every problem there is, on a real log that the second implementation checks. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { problems, type ProblemCode } from '../../../agent/contract/problems.ts';
import type { LogEvent } from '../../../agent/log/events.ts';
import { type Problem, retryable } from '../../../agent/signing/model.ts';
import { holder, signingSeveral } from '../../support/log/station-log.ts';
import { intent } from '../../support/signing/visit-facts.ts';
import { VisitLog } from '../../support/signing/visit-log.ts';

const codes = Object.keys(problems) as ProblemCode[];
const closing: ReadonlySet<string> = new Set(['sign.done', 'sign.failed', 'sign.outcome-unknown']);
/** The person ended the visit, and nothing was being signed: that the token left is all there is to say. */
const personLeft: readonly ProblemCode[] = ['cancelled', 'idle-timeout', 'token-removed', 'no-token'];

let log: VisitLog;
let operations = 0;

beforeAll(async () => {
  log = await VisitLog.make();
});
afterAll(async () => {
  const { verdict, openIntents } = await log.verification();
  await log.remove();
  expect({ verdict, openIntents: openIntents.length }).toEqual({ verdict: 'intact', openIntents: 0 });
});
afterEach(async () => {
  for (const { seq, operation } of await log.openIntents())
    await log.recorder.record({ op: 'sign.failed', operation, actor: holder, intent: seq, problem: 'cancelled' });
});

/** Lets a visit fail, and gives the events that were appended. */
async function fail(problem: Problem, at: 'before-consent' | 'before-finger' | 'after-finger', tokenGone: boolean) {
  const operation = `op-${(operations += 1)}`;
  const entry = at === 'before-consent' ? undefined : await log.begin(operation, at === 'after-finger');
  const before = log.store.size;
  const output = await log.recorder.recordProblem(holder, {
    operation,
    problem,
    intents: entry === undefined ? [] : [intent(entry)],
    fingerMatched: at === 'after-finger',
    tokenGone,
  });
  const events = await log.since(before);
  for (const event of events) expect(event).toMatchObject({ operation, actor: holder });
  return { output, events, ops: events.map(({ op }) => op), entry, last: log.store.size - 1 };
}

const closes = (events: readonly LogEvent[]) => events.filter((event) => closing.has(event.op) && 'intent' in event);

describe.each(codes)('%s', (code) => {
  const final = !retryable.has(code);

  it.each(['before-finger', 'after-finger'] as const)('with an intent (%s): one end, or none when the holder may try again', async (at) => {
    for (const tokenGone of [false, true]) {
      const { output, events, ops, entry, last } = await fail({ code }, at, tokenGone);
      if (code === 'log-unavailable') {
        expect(ops).toEqual([]);
        expect(output).toEqual({ outcome: 'outcome-unknown', entry: undefined, tokenOutRecorded: false });
        continue;
      }
      const unknown = code === 'outcome-unknown' || (code === 'fault' && at === 'after-finger');
      expect(output).toEqual({
        outcome: unknown ? 'outcome-unknown' : 'nothing-signed',
        entry: tokenGone ? last - 1 : last,
        tokenOutRecorded: tokenGone,
      });
      const ends = closes(events);
      expect(ends).toHaveLength(final ? 1 : 0);
      if (final) expect(ends[0]).toMatchObject({ op: unknown ? 'sign.outcome-unknown' : 'sign.failed', problem: code, intent: entry });
      expect(ops.filter((op) => op === 'token-out')).toHaveLength(tokenGone ? 1 : 0);
      expect(ops.at(-1)).toBe(tokenGone ? 'token-out' : final ? ends[0]?.op : problems[code].event);
      expect((await log.openIntents()).some(({ seq }) => seq === entry)).toBe(!final);
    }
  });

  it('without an intent: no end of anything, and its own entry where it has one', async () => {
    for (const tokenGone of [false, true]) {
      const { output, events, ops } = await fail({ code }, 'before-consent', tokenGone);
      expect(closes(events)).toEqual([]);
      const { event } = problems[code];
      const silent = code === 'log-unavailable' || event === 'token-in' || event === 'document-refused' || event === 'sign.outcome-unknown';
      const own = silent || personLeft.includes(code) ? [] : [event];
      const left = tokenGone && code !== 'log-unavailable';
      expect(ops).toEqual(left ? [...own, 'token-out'] : own);
      expect(output.tokenOutRecorded).toBe(left);
      expect(output.outcome).toBe(code === 'outcome-unknown' ? 'outcome-unknown' : 'nothing-signed');
    }
  });
});

it('what the device said is kept: tries left, and where the number came from', async () => {
  const wrong = await fail({ code: 'pin-wrong', triesLeft: 2 }, 'after-finger', false);
  expect(wrong.events).toMatchObject([{ op: 'pin-wrong', problem: 'pin-wrong', tries_left: 2 }]);
  const origin = { kind: 'ckr', value: '0x30' };
  const failed = await fail({ code: 'device-error', origin }, 'after-finger', false);
  expect(failed.events).toMatchObject([{ op: 'sign.failed', origin_kind: 'ckr', origin_value: '0x30' }]);
});

it('a document that is refused when it is opened is named with its reason', async () => {
  const { events } = await fail({ code: 'document-refused', refusal: 'encrypted' }, 'before-consent', false);
  expect(events).toMatchObject([{ op: 'document-refused', refusal: 'encrypted' }]);
});

it('a wrong PIN, tried again, then cancelled: one end', async () => {
  const operation = `op-${(operations += 1)}`;
  const entry = await log.begin(operation, true);
  const before = log.store.size;
  const asked = { operation, intents: [intent(entry)], fingerMatched: true, tokenGone: false };
  await log.recorder.recordProblem(holder, { ...asked, problem: { code: 'pin-wrong', triesLeft: 2 } });
  await log.recorder.recordProblem(holder, { ...asked, problem: { code: 'cancelled' } });
  expect((await log.since(before)).map(({ op }) => op)).toEqual(['pin-wrong', 'sign.failed']);
});

it.each([
  ['token-removed', 'sign.failed'],
  ['outcome-unknown', 'sign.outcome-unknown'],
  ['fault', 'sign.outcome-unknown'],
] as const)(
  '%s with several documents open: the one in hand ends as %s, those after it as not reached, in one commit',
  async (code, end) => {
    const operation = `op-${(operations += 1)}`;
    const { consent, intents, finger } = signingSeveral(operation, ['a', 'b', 'd'], log.store.size);
    const first = log.store.size + 1;
    await log.store.appendAll([consent, ...intents, finger]);
    const before = log.store.size;
    const open = [0, 1, 2].map((place) => intent(first + place));
    const output = await log.recorder.recordProblem(holder, {
      operation,
      problem: { code },
      intents: open,
      fingerMatched: true,
      tokenGone: true,
    });
    expect(await log.since(before)).toMatchObject([
      { op: end, problem: code, intent: first },
      { op: 'sign.failed', problem: 'not-reached', intent: first + 1 },
      { op: 'sign.failed', problem: 'not-reached', intent: first + 2 },
      { op: 'token-out' },
    ]);
    // The page names the entry of the document in hand.
    expect(output.entry).toBe(before);
  },
);

it('a log that takes nothing more is the problem log-unavailable; a bug stays a bug', async () => {
  const closed = await VisitLog.make();
  await expect(closed.recorder.record({ op: 'token-out', actor: { id: 'not a pseudonym', role: 'holder' } })).rejects.toMatchObject({
    name: 'NotInCatalogue',
  });
  await closed.store.close();
  const refused = closed.recorder.record({ op: 'token-out', actor: holder });
  await expect(refused).rejects.toMatchObject({ name: 'SigningProblem', problem: { code: 'log-unavailable' } });
  await closed.folder.remove();
});

it('a control: a second end of the same intent is found by the verifier', async () => {
  const broken = await VisitLog.make();
  const entry = await broken.begin('op-x', true);
  const end = { op: 'sign.failed', operation: 'op-x', actor: holder, intent: entry, problem: 'cancelled' } as const;
  await broken.recorder.record(end);
  expect(await broken.verification()).toMatchObject({ verdict: 'intact', openIntents: [] });
  await broken.recorder.record(end);
  expect(await broken.verification()).toMatchObject({ verdict: 'broken' });
  await broken.remove();
});
