/** One row: a holder signs three documents under one PIN, and a fault comes at a certain moment of a certain one. */
import { instruction } from '../../../drivers/virtual/apdu.ts';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { type Held, hold } from '../matrix/hold.ts';
import { hosts } from '../matrix/hosts.ts';
import { newCard } from '../matrix/station.ts';
import { Walk } from '../matrix/walk.ts';
import type { StoryStation } from '../station.ts';
import { type Came, inStation, onScreen } from './came.ts';
import { type Paper, putInThree } from './three-documents.ts';

/** The moments of one document that a fault does not meet alike. */
export const moments = ['being prepared', 'PIN on its way', 'card asked', 'being checked', 'being saved'] as const;
export type Moment = (typeof moments)[number];
/** Which of the three. */
export type Place = 2 | 3;

export interface Played extends Came {
  /** Tries that the card has lost since the fault. */
  readonly triesLost: number;
  readonly wrongs: readonly string[];
}

export interface Row {
  readonly place: Place;
  readonly moment: Moment;
  /** What happens then; `paper` is the document in hand. */
  readonly fault: (walk: Walk, paper: Paper) => unknown;
  /** Done when the visit has ended, before anybody leaves. */
  readonly mend?: (() => unknown) | undefined;
  /** Done before the holder comes. */
  readonly prepare?: (() => unknown) | undefined;
}

/** Plays a row on a station at which nobody is. */
export async function play(story: StoryStation, { place, moment, fault, mend, prepare }: Row): Promise<Played> {
  const papers = await putInThree(story);
  const before = { outbox: await story.outbox(), entries: story.running.visit.message().station.logSize };
  prepare?.();
  const wrongs: string[] = [];
  const walk = new Walk(story, newCard(story), story.card('ada'));
  const { pin } = walk.card.toJSON();
  const silent = story.running.visit.subscribe((message) => {
    if (JSON.stringify(message).includes(pin)) wrongs.push(`the PIN stands on ${message.state.screen}`);
  });
  await toPin(walk, papers);
  walk.hostAtWork = story.running.hardware.tokens.modules()[0]?.pid;
  const paper = papers[place - 1];
  if (paper === undefined) throw new Error('there are three documents');
  const held = at(moment, walk, place, paper);
  walk.held = held;
  const tries = await (async () => {
    walk.type(pin);
    await reached(held, story);
    await fault(walk, paper);
    return walk.card.pinTriesLeft;
  })().finally(() => held.release());
  const screen = onScreen(await walk.end());
  silent();
  await mend?.();
  await leave(walk);
  const triesLost = Math.max(0, tries - walk.card.pinTriesLeft);
  wrongs.push(...(await hostsLeft()), ...story.faults.splice(0).map(String));
  return { ...screen, ...(await inStation(story, papers, before)), triesLost, wrongs };
}

async function toPin(walk: Walk, papers: readonly Paper[]): Promise<void> {
  const { documents } = await walk.to('choose-document');
  const chosen = papers.map(({ name }) => documents.find((document) => document.name === name)?.id ?? '');
  walk.act({ type: 'choose-documents', documentIds: chosen });
  await walk.to('enter-pin');
}

/** Holds the station, or the card, at the moment of this document. */
function at(moment: Moment, { story, card }: Walk, place: Place, { name, digest }: Paper): Held {
  const { desk, recorder } = story.running;
  const isTurn = (): boolean => story.state.screen === 'signing' && story.state.place.place === place;
  switch (moment) {
    case 'being prepared':
      return hold(desk, 'reread', (document) => document.view.name === name);
    case 'PIN on its way':
      return hold(card, 'transmit', ([, ins, , , length]) => ins === instruction.verify && length === 8 && isTurn());
    case 'card asked':
      return hold(card, 'transmit', ([chained, ins]) => chained === 0 && ins === instruction.generalAuthenticate && isTurn());
    case 'being checked':
      return hold(desk, 'stage', (_, document) => document.view.name === name);
    case 'being saved':
      return hold(recorder, 'record', (...events: readonly AppendableEvent[]) => {
        const [event] = events;
        return event?.op === 'sign.done' && event.document_sha256 === digest;
      });
  }
}

async function reached(held: Held, story: StoryStation): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`that moment never came, the screen shows ${JSON.stringify(story.state)}`)), 20_000);
  });
  await Promise.race([held.reached, late]).finally(() => clearTimeout(timer));
}

/** The cards are out, whatever was unplugged is plugged in, and the station waits for the next holder. */
async function leave(walk: Walk): Promise<void> {
  const { story, card } = walk;
  await walk.plug();
  const { reader } = story.devices;
  if (reader.inserted[0] !== undefined) await reader.remove(0);
  card.faults.clear();
  const gone = (): boolean => story.running.hardware.tokens.tokens().length === 0;
  for (const end = Date.now() + 20_000; story.state.screen !== 'start' || !gone(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error(`the visit does not end, the screen shows ${JSON.stringify(story.state)}`);
    if (gone()) story.running.visit.act({ type: 'continue' });
  }
  story.running.hardware.tokens.reset('opensc');
}

/** One host holds the module, and one more may be starting; nobody is left over, stopped or dead. */
async function hostsLeft(): Promise<readonly string[]> {
  let left = hosts();
  const good = () => left.length <= 2 && left.every(({ state }) => state !== 'T' && state !== 'Z');
  for (const end = Date.now() + 5000; !good() && Date.now() < end; left = hosts()) await new Promise((resolve) => setTimeout(resolve, 20));
  return good() ? [] : [`processes are left over: ${JSON.stringify(left)}`];
}
