/** What came of a visit with three documents, read from the screen, from the log and from the folders of the station, each by itself. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import type { TallyView } from '../../../agent/contract/state.ts';
import type { LogEntry } from '../../../agent/log/entry.ts';
import type { LogEvent } from '../../../agent/log/events.ts';
import { loadTrust } from '../../../agent/documents/trust.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import type { Ending } from '../matrix/walk.ts';
import type { StoryStation } from '../station.ts';
import { pdfsig } from '../validators.ts';
import type { Paper } from './three-documents.ts';

/** How one document ended: `signed`, `unknown`, or the problem of its `sign.failed`. */
export type Fate = string;

export interface Came {
  readonly ending: string;
  readonly outcome: string;
  /** What the screen says of each document; undefined where it says nothing. */
  readonly told: string | undefined;
  /** What the log says of each document. */
  readonly fates: string;
  /** The operations of the visit's entries, in their order, each with its problem. */
  readonly ops: string;
  /** For each file that came out: which document it is, what our verifier and what pdfsig say of it. */
  readonly outputs: readonly string[];
  /** The documents that wait in the inbox, by their place. */
  readonly waiting: readonly number[];
  /** What lies between the token and the outbox. */
  readonly pending: readonly string[];
}

/** The screen's part: its name, its outcome, and one word for each document. */
export function onScreen(ending: Ending): Pick<Came, 'ending' | 'outcome' | 'told'> {
  switch (ending.screen) {
    case 'signed':
      return { ending: 'signed', outcome: 'signed', told: [...(ending.earlier ?? []), ending].map(() => 'signed').join(' ') };
    case 'trouble':
      return { ending: ending.trouble, outcome: ending.outcome, told: tallyWords(ending.tally) };
    case 'take-card':
      return { ending: 'take-card', outcome: ending.outcome, told: tallyWords(ending.tally) };
    case 'over':
      return { ending: 'over', outcome: 'unsaid', told: undefined };
  }
}

function tallyWords(tally: TallyView | undefined): string | undefined {
  if (tally === undefined) return undefined;
  const { signed, unknown, notSigned } = tally;
  return [...signed.map(() => 'signed'), ...(unknown === undefined ? [] : ['unknown']), ...notSigned.map(() => 'not')].join(' ');
}

/** The rest, once the visit has left the screen. `before` are the names that lay in the outbox, and how many entries there were. */
export async function inStation(
  story: StoryStation,
  papers: readonly Paper[],
  before: { readonly outbox: readonly string[]; readonly entries: number },
): Promise<Omit<Came, 'ending' | 'outcome' | 'told'>> {
  const entries = firstVisit((await story.logged()).slice(before.entries));
  const inbox = await readdir(join(story.data, 'inbox'));
  const names = (await story.outbox()).filter((name) => !before.outbox.includes(name));
  return {
    fates: fatesOf(entries),
    ops: entries.map(({ event }) => named(event)).join(' '),
    outputs: await Promise.all(names.map((name) => judge(story, name, papers, entries))),
    waiting: papers.flatMap(({ name }, index) => (inbox.includes(name) ? [index + 1] : [])),
    pending: await readdir(join(story.data, 'pending')),
  };
}

function fatesOf(entries: readonly LogEntry[]): string {
  const intents = entries.filter(({ event }) => event.op === 'sign.intent');
  const ended = (seq: number): Fate[] =>
    entries.flatMap(({ event }) => {
      if (event.op === 'sign.done') return event.intent === seq ? ['signed'] : [];
      if (event.op === 'sign.outcome-unknown') return event.intent === seq ? ['unknown'] : [];
      return event.op === 'sign.failed' && event.intent === seq ? [event.problem] : [];
    });
  // Exactly one end each: none, or a second one, is seen.
  return intents.map(({ seq }) => ended(seq).join('+') || 'open').join(' ');
}

function named(event: LogEvent): string {
  return 'problem' in event ? `${event.op}(${event.problem})` : event.op;
}

function firstVisit(entries: readonly LogEntry[]): readonly LogEntry[] {
  const own = entries.filter(({ event }) => event.op !== 'document-in' && event.operation !== undefined);
  return own.filter(({ event }) => event.operation === own[0]?.event.operation);
}

async function judge(story: StoryStation, name: string, papers: readonly Paper[], entries: readonly LogEntry[]): Promise<string> {
  const bytes = await story.readOutput(name);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const done = entries.find(({ event }) => event.op === 'sign.done' && event.output_sha256 === digest)?.event;
  const of = done?.op === 'sign.done' ? papers.findIndex((paper) => paper.digest === done.document_sha256) : -1;
  const paper = papers[of];
  const same = paper !== undefined && bytes.subarray(0, paper.bytes.length).equals(paper.bytes);
  const { outcome, signatures } = verifyPdf(bytes, { trust: await loadTrust(story.running.paths.trust) });
  const judged = pdfsig(bytes).map(({ verdict, whole }) => `${verdict}${whole ? '' : ' Not whole.'}`);
  return `${same ? of + 1 : 'of no entry'}: ${signatures.length} ${outcome}, ${judged.join(' ')}`;
}
