/**
 * Walks everything that can happen to a signing machine, breadth first: every action of a person, every token that comes or goes, every timer, every
 * answer and every refusal of every actor, in every state that is not met yet. Pure: no actor runs, so nothing depends on time.
 */
import { createActor } from 'xstate';
import { problems, type ProblemCode } from '../../../agent/contract/problems.ts';
import type { SigningMachine } from '../../../agent/signing/machine.ts';
import type { PrepareInput, RecordConsentInput, RecordConsentOutput, RecordProblemInput } from '../../../agent/signing/asked.ts';
import { retryable, type Intent, type VisitEvent } from '../../../agent/signing/model.ts';
import { SigningProblem } from '../../../agent/signing/problem.ts';
import type { VisitSnapshot } from '../../../agent/signing/view.ts';
import { visitState } from '../../../agent/signing/view.ts';
import { mustHold } from './invariants.ts';
import { afterAnswer, afterProblem, leave, type Ledger, mayBeAsked, must, newLedger, Wrong } from './ledger.ts';
import {
  ada,
  answers,
  consented,
  consentedVouched,
  contract,
  firstKey,
  grace,
  lease,
  limits,
  machineInput,
  open,
  pin,
  prepared,
  secondKey,
  signedFile,
  typedPin,
  vouchedKey,
} from './visit-facts.ts';

export interface Exploration {
  /** What must never be, with the way that leads there. */
  readonly wrongs: readonly string[];
  /** Names of the states of the visit that were met while they rest. */
  readonly states: ReadonlySet<string>;
  /** Machine memories that differ, as far as the machine's decisions go. */
  readonly places: number;
  /** Places from which no way leads back to the start, or out of service; a fault from outside does not count as a way. */
  readonly deadEnds: readonly string[];
}

interface Place {
  readonly snapshot: VisitSnapshot;
  readonly ledger: Ledger;
  readonly way: readonly string[];
  readonly key: string;
}

/** Something that happens: an event for the machine, and what it does to the ledger before. */
interface Move {
  readonly name: string;
  readonly event: () => object;
  readonly ledger: (ledger: Ledger) => Ledger;
}

const codes = Object.keys(problems) as ProblemCode[];
const same = (ledger: Ledger): Ledger => ledger;

function happens(name: string, event: VisitEvent, ledger = same): Move {
  return { name, event: () => event, ledger };
}

const outside: readonly Move[] = [
  ...[[], [ada], [grace], [ada, grace]].map((tokens) =>
    happens(`tokens ${tokens.map(({ id }) => id).join('+')}`, { type: 'tokens', tokens }),
  ),
  happens('fault', { type: 'fault' }, leave),
  ...(['begin', 'check', 'reviewed', 'back', 'continue', 'cancel'] as const).map((type) => happens(type, { type })),
  happens('pad waits', { type: 'pad', moment: { doing: 'waiting', time: 1, forMs: 1000 } }),
  happens('pad is done', { type: 'pad', moment: { doing: 'signing' } }),
  happens('first certificate', { type: 'choose-certificate', certificateSha256: firstKey.certificateSha256 }),
  happens('unknown certificate', { type: 'choose-certificate', certificateSha256: '9'.repeat(64) }),
  happens('document', { type: 'choose-documents', documentIds: [contract.id] }),
  happens('two documents', { type: 'choose-documents', documentIds: [lease.id, contract.id] }),
  happens('unknown document', { type: 'choose-documents', documentIds: [contract.id, 'doc-9'] }),
  happens('consent', { type: 'consent', digests: [contract.digest] }),
  happens('consent to two', { type: 'consent', digests: [lease.digest, contract.digest] }),
  happens('consent to another digest', { type: 'consent', digests: ['9'.repeat(64)] }),
  happens('file to check', { type: 'check-file', fileId: signedFile.id }),
  happens('unknown file', { type: 'check-file', fileId: 'file-9' }),
  { name: 'pin', event: () => ({ type: 'pin', pin: typedPin() }), ledger: same },
];

/** All that an actor may answer, where it is more than one thing. */
const manyAnswers: Readonly<Record<string, readonly unknown[]>> = {
  readToken: [
    answers.readToken,
    { pin, keys: [firstKey, secondKey] },
    { pin, keys: [vouchedKey] },
    { pin: { ...pin, protectedPath: true }, keys: [firstKey] },
    { pin: { ...pin, state: 'locked' }, keys: [firstKey] },
  ],
};

function answersOf(actor: string, input: unknown): readonly unknown[] {
  if (actor === 'openDocument') return [open((input as { documentId: string }).documentId === lease.id ? lease : contract)];
  if (actor === 'recordConsent') return [consentOf(input as RecordConsentInput)];
  if (actor === 'prepare') return [prepared((input as PrepareInput).intent.document.view)];
  return manyAnswers[actor] ?? (actor in answers ? [answers[actor as keyof typeof answers]] : []);
}

function consentOf({ key, documents }: RecordConsentInput): RecordConsentOutput {
  const make = key.vouch === undefined ? consented : consentedVouched;
  return make(
    7,
    documents.map(({ view }) => view),
  );
}

/** The actors that are at work, with what they were given. */
function atWork(snapshot: VisitSnapshot): readonly { readonly id: string; readonly actor: string; readonly input: unknown }[] {
  return Object.entries(snapshot.children).flatMap(([id, child]) => {
    if (child === undefined) return [];
    const { status, input } = child.getSnapshot() as { readonly status: string; readonly input: unknown };
    return status === 'active' ? [{ id, actor: typeof child.src === 'string' ? child.src : '', input }] : [];
  });
}

function moves(snapshot: VisitSnapshot, met: Map<string, number>): readonly Move[] {
  const timers = new Set(snapshot._nodes.flatMap((node) => node.after.map(({ eventType }) => eventType)));
  return [
    ...outside,
    ...[...timers].map((type): Move => ({ name: type, event: () => ({ type }), ledger: same })),
    ...atWork(snapshot).flatMap(({ id, actor, input }): Move[] => [
      ...results(id, actor, input),
      ...codesFor(actor, met).map((code) =>
        refusal(id, actor, code, () => new SigningProblem(code, code === 'pin-wrong' ? { triesLeft: 1 } : {})),
      ),
      refusal(id, actor, 'bug', () => new TypeError('a bug')),
    ]),
  ];
}

function results(id: string, actor: string, input: unknown): readonly Move[] {
  const type = `xstate.done.actor.${id}`;
  if (actor !== 'recordProblem')
    return answersOf(actor, input).map((output, index) => ({
      name: `${actor} answers ${index}`,
      event: () => ({ type, output }),
      ledger: (ledger) => afterAnswer(ledger, actor, actor === 'recordConsent' ? intentsOf(output as RecordConsentOutput) : []),
    }));
  const asked = input as RecordProblemInput;
  return [
    {
      name: `recordProblem ${asked.problem.code}`,
      event: () => ({
        type,
        output: afterProblem({ ...newLedger(0), open: intentsOf(asked), finger: asked.fingerMatched }, asked).output,
      }),
      ledger: (ledger) => afterProblem(ledger, asked).ledger,
    },
  ];
}

function intentsOf({ intents }: { readonly intents: readonly Intent[] }): readonly number[] {
  return intents.map(({ entry }) => entry);
}

function refusal(id: string, actor: string, name: string, error: () => Error): Move {
  return {
    name: `${actor} refuses: ${name}`,
    event: () => ({ type: `xstate.error.actor.${id}`, error: error() }),
    ledger: actor === 'recordProblem' || actor === 'recordTokenOut' ? leave : same,
  };
}

/** Every problem is tried on each actor where it is met first; later one of each kind is enough. */
function codesFor(actor: string, met: Map<string, number>): readonly ProblemCode[] {
  const times = (met.get(actor) ?? 0) + 1;
  met.set(actor, times);
  return times <= 3 ? codes : oneOfAKind;
}

/** Problems that the machine treats alike need not be followed one by one; each is met, but only one of a kind is walked on from. */
function kindOf(code: ProblemCode | undefined): string {
  if (code === undefined || retryable.has(code)) return code ?? '';
  return ['document-refused', 'document-changed', 'log-unavailable', 'fault', 'outcome-unknown'].includes(code) ? code : 'final';
}

const oneOfAKind = codes.filter((code, index) => codes.findIndex((other) => kindOf(other) === kindOf(code)) === index);

const deciding: ReadonlySet<string> = new Set(['failing', 'abandoning', 'trouble']);
const leaving: ReadonlySet<string> = new Set(['signed', 'signedTokenOut', 'takingToken', 'leaving', 'outOfService']);

/** Names a place by all that the machine decides by. What a state cannot read any more is left out, or the places would never end. */
function keyOf(snapshot: VisitSnapshot, ledger: Ledger): string {
  const { context: c, value } = snapshot;
  const state = visitState(snapshot);
  const mine = c.tokens.some(({ id }) => id === c.tokenId);
  const token = [c.tokens.length, c.tokenId !== undefined, mine, c.tokenOutRecorded];
  const vouched = c.keys.some(({ vouch }) => vouch !== undefined);
  const card = leaving.has(state)
    ? []
    : [c.pin?.state, c.pin?.protectedPath, c.keys.length, c.key?.certificateSha256, vouched, c.document?.view.id];
  const documents = leaving.has(state) ? [] : [c.chosen, c.shown.length];
  const begun = c.intents.length > 0;
  const intent = [c.intents.length, begun && c.fingerMatched, begun && c.prepared !== undefined, begun && c.signature !== undefined];
  const step = ledger.open.length === 0 ? '' : [ledger.finger, ledger.step];
  const log = [ledger.open, step, ledger.done, ledger.failed, ledger.left, ledger.tokenOut];
  const problem = deciding.has(state) ? kindOf(c.problem?.code) : '';
  return JSON.stringify([
    value,
    token,
    card,
    documents,
    intent,
    c.results.length,
    c.outcome,
    problem,
    c.idleSecondsLeft,
    state === 'signing' ? c.pad : '',
    state === 'verifying' ? [c.signedFiles !== undefined, c.signedFile?.id, c.fileVerdict !== undefined] : '',
    log,
  ]);
}

type Walk = (snapshot: VisitSnapshot, event: VisitEvent) => VisitSnapshot;

/** The machine as a function from snapshot and event to the next snapshot: nothing that it starts ever runs. */
function inert(machine: SigningMachine): { readonly first: VisitSnapshot; readonly walk: Walk } {
  const nothing = (): void => undefined;
  const self = createActor(machine, { input: { ...machineInput(), limits: { ...limits, idleWarningSeconds: 1 } } });
  const rest = { id: '', sessionId: '', logger: nothing, defer: nothing, emit: nothing, stopChild: nothing, actionExecutor: nothing };
  const scope = { ...rest, self, system: self.system };
  return { first: self.getSnapshot(), walk: (snapshot, event) => machine.transition(snapshot, event, scope) };
}

/** One step: the machine moves, the ledger follows, and whoever is asked now must be one that may be asked. Throws Wrong. */
function step(walk: Walk, place: Place, move: Move): Place {
  const way = [...place.way, move.name];
  const snapshot = walk(place.snapshot, move.event() as VisitEvent);
  must(snapshot.status === 'active', 'the machine broke');
  let ledger = move.ledger(place.ledger);
  // Nothing happened: the rules were tried when this place was met.
  if (snapshot.context === place.snapshot.context && snapshot.value === place.snapshot.value && ledger === place.ledger) return place;
  const before = new Set(Object.values(place.snapshot.children));
  if (snapshot.context.visit !== ledger.visit) {
    must(ledger.open.length === 0, 'a visit ended and its intent did not');
    must(place.snapshot.context.tokenId === undefined || ledger.tokenOut, 'a visit ended, and the log does not say that the token left');
    ledger = newLedger(snapshot.context.visit);
  }
  for (const { id, actor } of atWork(snapshot)) if (!before.has(snapshot.children[id as never])) mayBeAsked(ledger, actor);
  mustHold(snapshot, ledger);
  return { snapshot, ledger, way, key: keyOf(snapshot, ledger) };
}

const mostPlaces = 40_000;

/** Walks until nothing new is met, or until as many wrongs were found as are wanted. */
export function explore(machine: SigningMachine, wanted = 10): Exploration {
  const { first: empty, walk } = inert(machine);
  const first = walk(empty, { type: 'inbox', documents: [contract, lease], refused: [] });
  const start: Place = {
    snapshot: first,
    ledger: newLedger(first.context.visit),
    way: [],
    key: keyOf(first, newLedger(first.context.visit)),
  };
  const met = new Map([[start.key, start]]);
  const comingFrom = new Map<string, Set<string>>();
  const refused = new Map<string, number>();
  const wrongs: string[] = [];
  const states = new Set<string>([visitState(first)]);
  for (const place of met.values()) {
    // Nothing leads out of it (machine-ways.test.ts).
    if (visitState(place.snapshot) === 'outOfService') continue;
    for (const move of moves(place.snapshot, refused)) {
      try {
        const next = step(walk, place, move);
        states.add(visitState(next.snapshot));
        if (move.name !== 'fault') comingFrom.set(next.key, (comingFrom.get(next.key) ?? new Set()).add(place.key));
        if (!met.has(next.key)) met.set(next.key, next);
      } catch (error) {
        const why = error instanceof Wrong ? error.message : String(error);
        wrongs.push(`${why}: ${[...place.way, move.name].join(', ')}`);
      }
      if (wrongs.length >= wanted) return { wrongs, states, places: met.size, deadEnds: [] };
    }
    if (met.size > mostPlaces) throw new Error('the machine has more places than it should');
  }
  return { wrongs, states, places: met.size, deadEnds: deadEnds(met, comingFrom) };
}

function deadEnds(met: ReadonlyMap<string, Place>, comingFrom: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const ends: ReadonlySet<string> = new Set(['start', 'outOfService']);
  const home = new Set([...met.values()].filter(({ snapshot }) => ends.has(visitState(snapshot))).map(({ key }) => key));
  for (const key of home) for (const from of comingFrom.get(key) ?? []) home.add(from);
  return [...met.values()].filter(({ key }) => !home.has(key)).map(({ snapshot, way }) => `${visitState(snapshot)}: ${way.join(', ')}`);
}
