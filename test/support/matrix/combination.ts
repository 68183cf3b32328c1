/** One combination of the matrix: a holder comes to a state, the fault happens, they go on, and the next holder signs. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LogEvent } from '../../../agent/log/events.ts';
import type { VisitOutcome } from '../../../agent/contract/state.ts';
import { loadTrust } from '../../../agent/documents/trust.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import type { StoryStation } from '../station.ts';
import { type Fault, inject } from './faults.ts';
import { hosts } from './hosts.ts';
import { reach } from './states.ts';
import { newCard } from './station.ts';
import { type Ending, Walk } from './walk.ts';

/** What came of a visit. */
export interface Visited {
  /** Name of the last screen; for trouble, which. */
  readonly ending: string;
  readonly outcome: VisitOutcome | 'unsaid';
  /** The operations of its entries, in their order, each with its problem. */
  readonly ops: string;
}

export interface Played {
  readonly visited: Visited;
  /** The screens that were met after the fault. */
  readonly seen: ReadonlySet<string>;
  readonly next: Visited;
  /** For each file that came out, in the order of their names: the verdict on it, and whether a `sign.done` of these visits names its digest. */
  readonly outputs: readonly string[];
  /** Whatever would be a leak, or a process that nobody ended. */
  readonly wrongs: readonly string[];
}

let made = 0;

export async function play(story: StoryStation, state: string, fault: Fault): Promise<Played> {
  const wrongs: string[] = [];
  for (let waiting = 0; waiting < 2; waiting += 1) await story.putIn(`contract-${(made += 1)}.pdf`);
  story.running.hardware.tokens.reset('opensc');
  const [entriesBefore, outboxBefore, inboxBefore] = [
    story.running.visit.message().station.logSize,
    await story.outbox(),
    inbox(story).length,
  ];

  const card = newCard(story, { pinTries: state === 'lastTry' ? 1 : 3, twoKeys: state === 'choosingCertificate' });
  const walk = new Walk(story, card, story.card(state === 'twoTokens' ? 'expired' : 'ada'));
  const pin = card.toJSON().pin;
  const silent = story.running.visit.subscribe((message) => {
    if (JSON.stringify(message).includes(pin)) wrongs.push(`the PIN stands on ${message.state.screen}`);
  });
  const tokensBefore: string[] = [];
  try {
    const comeTo = reach[state];
    if (comeTo === undefined) throw new Error(`nobody knows the way to ${state}`);
    await comeTo(walk, fault);
    tokensBefore.push(...tokenIds(story));
    walk.begun();
    walk.seen.clear();
    await inject(fault, walk);
  } finally {
    walk.held?.release();
  }
  if (fault === 'swapped') await otherCardSeen(story, tokensBefore);
  const ending = await walk.end();
  const nextIsIn = await clearUp(walk, state, fault);
  silent();
  if (nextIsIn) await offersWhatIsThere(story, async () => inboxBefore + outboxBefore.length - (await story.outbox()).length);
  const next = new Walk(story, story.card('ada'), card);
  if (nextIsIn) next.cardIsIn();
  const nextEnding = await next.end();
  await clearUp(next, '', undefined);

  const events = (await story.entries()).slice(entriesBefore);
  const begun = events.findLastIndex(({ op }) => op === 'token-in');
  const outputs = (await story.outbox()).filter((name) => !outboxBefore.includes(name));
  wrongs.push(...(await hostsLeft()), ...story.faults.splice(0).map(String));
  return {
    visited: visited(ending, firstVisit(events.slice(0, begun))),
    seen: walk.seen,
    next: visited(nextEnding, events.slice(begun)),
    outputs: await Promise.all(outputs.map((name) => judge(story, name, events))),
    wrongs,
  };
}

function visited(ending: Ending, events: readonly LogEvent[]): Visited {
  const ops = events.filter(({ op }) => op !== 'document-in').map(named);
  const outcome = ending.screen === 'signed' ? 'signed' : ending.screen === 'over' ? 'unsaid' : ending.outcome;
  return { ending: ending.screen === 'trouble' ? ending.trouble : ending.screen, outcome, ops: ops.join(' ') };
}

function named(event: LogEvent): string {
  return 'problem' in event ? `${event.op}(${event.problem})` : event.op;
}

/** The entries up to the end of the first operation: where another card came in, a second visit may have begun. */
function firstVisit(events: readonly LogEvent[]): readonly LogEvent[] {
  const operation = (event: LogEvent) => ('operation' in event ? event.operation : undefined);
  const first = events.map(operation).find((one) => one !== undefined);
  return events.filter((event) => operation(event) === undefined || operation(event) === first);
}

/**
 * The holder leaves, and whatever was unplugged or is out of order is mended. True when the next holder's card is in already, and their visit has
 * begun.
 */
async function clearUp(walk: Walk, state: string, fault: Fault | undefined): Promise<boolean> {
  const { story, card, other } = walk;
  if (state === 'outOfService') {
    await story.stop();
    await story.start();
    return false;
  }
  // On a machine that is busy the fault may have cost so many hosts that the module was put aside; the next combination does not wait for its minute.
  story.running.hardware.tokens.reset('opensc');
  await walk.plug();
  const { reader } = story.devices;
  const stays = fault === 'swapped' && other === story.card('ada');
  if (!stays && reader.inserted[0] !== undefined) await reader.remove(0);
  if (reader.inserted[1] !== undefined) await reader.remove(1);
  card.faults.clear();
  const left = () => (stays ? story.state.screen === 'choose-document' : story.state.screen === 'start' && noTokens(story));
  for (const end = Date.now() + 20_000; !left(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error(`the visit does not end, the screen shows ${JSON.stringify(story.state)}`);
    if (stays || noTokens(story)) story.running.visit.act({ type: 'continue' });
  }
  return stays;
}

/** Waits until what was signed has left the inbox and the list, so that nobody chooses it who came in before that. */
async function offersWhatIsThere(story: StoryStation, waiting: () => Promise<number>): Promise<void> {
  const good = async () => {
    const { state } = story;
    return (
      state.screen !== 'choose-document' || (inbox(story).length === (await waiting()) && state.documents.length === inbox(story).length)
    );
  };
  for (const end = Date.now() + 10_000; !(await good()); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (Date.now() > end) throw new Error('the list of documents is not what lies in the inbox');
}

function inbox({ data }: StoryStation): readonly string[] {
  return readdirSync(join(data, 'inbox')).filter((name) => name.endsWith('.pdf'));
}

function tokenIds(story: StoryStation): readonly string[] {
  return story.running.hardware.tokens.tokens().map(({ id }) => id);
}

/** While a job was held in the middle the driver saw neither card; until it has seen the second one, the page of the first may still be there. */
async function otherCardSeen(story: StoryStation, before: readonly string[]): Promise<void> {
  for (
    const end = Date.now() + 10_000;
    tokenIds(story).every((id) => before.includes(id));
    await new Promise((resolve) => setTimeout(resolve, 5))
  )
    if (Date.now() > end) throw new Error('the driver does not see the second card');
}

function noTokens(story: StoryStation): boolean {
  return story.running.hardware.tokens.tokens().length === 0;
}

async function judge(story: StoryStation, name: string, events: readonly LogEvent[]): Promise<string> {
  const bytes = await story.readOutput(name);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const named = events.some((event) => event.op === 'sign.done' && event.output_sha256 === digest);
  const { outcome } = verifyPdf(bytes, { trust: await loadTrust(story.running.paths.trust) });
  return `${outcome}, ${named ? 'in the log' : 'not in the log'}`;
}

/** One host holds the module, and one more may be starting; nobody is left over, stopped or dead. */
async function hostsLeft(): Promise<readonly string[]> {
  let left = hosts();
  const good = () => left.length <= 2 && left.every(({ state }) => state !== 'T' && state !== 'Z');
  for (const end = Date.now() + 5000; !good() && Date.now() < end; left = hosts()) await new Promise((resolve) => setTimeout(resolve, 20));
  return good() ? [] : [`processes are left over: ${JSON.stringify(left)}`];
}
