/**
 * Holders who do anything at all, on a visit that really runs and a log that is really written: whatever the order of touches, tokens, answers,
 * refusals and answers that come too late, the log is intact afterwards and every intent has exactly one end.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { Secret } from '../../../drivers/secret.ts';
import type { Action } from '../../../agent/contract/api.ts';
import { type ProblemCode, problems } from '../../../agent/contract/problems.ts';
import type { RecordProblemInput, SaveInput, SignInput } from '../../../agent/signing/asked.ts';
import { SigningProblem } from '../../../agent/signing/problem.ts';
import { Visit } from '../../../agent/signing/visit.ts';
import { fingerMatched, holder, sha256, signing } from '../../support/log/station-log.ts';
import {
  ada,
  answers,
  consented,
  contract,
  firstKey,
  grace,
  limits,
  openContract,
  pin,
  pinDigits,
  prepared,
  result,
  secondKey,
  signedFile,
  staged,
} from '../../support/signing/visit-facts.ts';
import { VisitLog } from '../../support/signing/visit-log.ts';
import { type Asked, settled, WaitingActors } from '../../support/signing/waiting-actors.ts';

const codes = (Object.keys(problems) as ProblemCode[]).filter((code) => code !== 'log-unavailable');
const actions: readonly Action[] = [
  { type: 'begin' },
  { type: 'check' },
  { type: 'check-file', fileId: signedFile.id },
  { type: 'choose-certificate', certificateSha256: firstKey.certificateSha256 },
  { type: 'choose-documents', documentIds: [contract.id] },
  { type: 'reviewed' },
  { type: 'consent', digests: [contract.digest] },
  { type: 'back' },
  { type: 'continue' },
  { type: 'cancel' },
  { type: 'more-time' },
];

let log: VisitLog;
/** Screens that the walks came to, so that the test knows that it was not idle. */
const met = new Set<string>();

beforeAll(async () => {
  log = await VisitLog.make();
});
afterAll(() => log.remove());

/** What an actor does when nothing is wrong, written into the real log. */
async function work({ actor, input }: Asked): Promise<unknown> {
  // Files are listed without asking for anything.
  const { operation } = (input ?? { operation: '' }) as { readonly operation: string };
  const base = { operation, actor: holder } as const;
  switch (actor) {
    case 'readToken':
      return { pin, keys: log.store.size % 3 === 0 ? [firstKey, secondKey] : [firstKey] };
    case 'openDocument':
      return openContract;
    case 'recordConsent':
      return consented(await log.begin(operation, false));
    case 'prepare':
      return prepared();
    case 'verifyFinger': {
      const finger = signing(operation, 'a', 0)[2];
      if (finger?.op === 'finger-matched') await log.recorder.record(fingerMatched(operation, finger.consent_sha256));
      return undefined;
    }
    case 'sign':
      await (input as SignInput).pin?.take(() => undefined);
      return Uint8Array.of(1);
    case 'check':
      return staged;
    case 'save':
      await log.done(operation, (input as SaveInput).intent.entry, sha256('e'));
      return result(log.store.size - 1);
    case 'recordProblem':
      return log.recorder.recordProblem(holder, input as RecordProblemInput);
    case 'recordTokenOut':
      await log.recorder.record({ ...base, op: 'token-out' });
      return undefined;
    case 'listSignedFiles':
    case 'judgeFile':
      return answers[actor];
    case 'recordTwoTokens':
      return undefined;
    case 'takeVouch':
      throw new Error('nobody vouches for these holders');
  }
}

const never: ReadonlySet<string> = new Set(['recordProblem', 'recordTokenOut', 'recordTwoTokens', 'save']);

/** Answers a question; some are refused, except those that only write. An actor that was given up does its work all the same, too late. */
async function answer(waiting: WaitingActors, at: number, refuse: boolean): Promise<void> {
  const [asked] = waiting.asked.splice(at % waiting.asked.length, 1);
  if (asked === undefined) return;
  if (asked.signal.aborted && (asked.actor === 'verifyFinger' || asked.actor === 'readToken')) asked.resolve({ pin, keys: [] });
  else if (refuse && !never.has(asked.actor)) asked.reject(new SigningProblem(codes[at % codes.length] ?? 'busy'));
  else asked.resolve(await work(asked));
  await settled();
}

function check(visit: Visit): void {
  const message = visit.message();
  met.add(message.state.screen);
  expect(JSON.stringify(message)).not.toContain(pinDigits);
  if (visit.documentBytes(contract.id) !== undefined) expect(['review-document', 'confirm']).toContain(message.state.screen);
}

async function walk(steps: readonly (readonly [number, number])[]): Promise<void> {
  const waiting = new WaitingActors();
  const clock = new SimulatedClock();
  const faults: unknown[] = [];
  const station = { name: 'branch-12', demo: true, logSize: 0, cardReaderReady: true, fingerprintReaderReady: true };
  const onFault = (error: unknown): void => void faults.push(error);
  const visit = new Visit({
    actors: waiting.actors,
    endLogin: () => undefined,
    limits,
    tokens: [],
    station: () => station,
    onFault,
    clock: clock as never,
  });
  visit.inboxChanged({ documents: [contract], refused: [] });
  visit.tokensChanged([ada]);
  for (const [what, which] of steps) {
    const taken = actions.filter((action) => action.type !== 'cancel' || which % 4 === 0);
    if (what < 45 && waiting.asked.length > 0) await answer(waiting, which, what < 4);
    else if (what < 75) taken.some((_, index) => visit.act(taken[(index + which) % taken.length] ?? { type: 'alive' }));
    else if (what < 93) visit.enterPin(new Secret(new TextEncoder().encode(pinDigits)));
    else if (what < 96) visit.tokensChanged([[], [ada], [ada], [grace], [ada, grace]][which % 5] ?? []);
    else if (what < 98) for (let second = 0; second < which % 70; second += 1) clock.increment(1000);
    else visit.promptChanged('processing');
    check(visit);
  }
  visit.tokensChanged([]);
  // Questions that were given up wait in this line too, dozens of them: all are answered, and an answer may ask again.
  for (let turn = 0; turn < 1000 && waiting.asked.length > 0; turn += 1) await answer(waiting, 0, false);
  expect(waiting.asked).toEqual([]);
  await visit.end();
  expect(faults).toEqual([]);
  expect(await log.openIntents()).toEqual([]);
}

it('the log is intact, every intent has one end, no PIN is shown, no bytes are given out of turn', async () => {
  // Without a bias to small numbers, which would be refusals and nothing else.
  const step = fc.noBias(fc.tuple(fc.nat(99), fc.nat(999)));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 80, maxLength: 160 }), (steps) => walk(steps)),
    { numRuns: 60 },
  );
  expect(await log.verification()).toMatchObject({ verdict: 'intact', openIntents: [] });
  expect([...met]).toEqual(expect.arrayContaining(['review-document', 'confirm', 'touch-reader', 'enter-pin', 'signing', 'trouble']));
});
