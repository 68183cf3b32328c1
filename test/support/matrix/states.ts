/** How a holder comes to every state of the signing machine, and how the station is held there while a fault happens. */
import { instruction } from '../../../drivers/virtual/apdu.ts';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { signingMachine } from '../../../agent/signing/machine.ts';
import type { Fault } from './faults.ts';
import { type Held, hold } from './hold.ts';
import { vouchFor } from './vouch.ts';
import { type Walk, wrongPin } from './walk.ts';

/** A state in which two things follow each other that a fault does not meet alike. */
const parts: Readonly<Record<string, readonly string[]>> = { 'signing.atToken': ['PIN on its way', 'card asked'] };

/** Every state that a visit can be in, read from the machine: the innermost ones. */
export const states: readonly string[] = Object.entries(signingMachine.root.states['visit']?.states ?? {}).flatMap(
  ([name, { states: inner }]) => {
    const within = Object.keys(inner);
    const innermost = within.length > 0 ? within.map((one) => `${name}.${one}`) : [name];
    return innermost.flatMap((one) => parts[one]?.map((part) => `${one}, ${part}`) ?? [one]);
  },
);

/** Brings a holder into a state. Where the station does not rest there by itself, `walk.held` holds it. */
export const reach: Readonly<Record<string, (walk: Walk, fault: Fault) => Promise<unknown>>> = {
  start: () => Promise.resolve(),
  insertToken: async (walk) => {
    walk.act({ type: 'begin' });
    await walk.story.until('insert-card');
  },
  'verifying.choosing': toFiles,
  'verifying.judging': async (walk) => {
    const fileId = await toFiles(walk);
    await heldAt(walk, hold(walk.story.running.checkDesk, 'judge'), () => walk.act({ type: 'check-file', fileId }));
  },
  'verifying.verdict': async (walk) => {
    walk.act({ type: 'check-file', fileId: await toFiles(walk) });
    await walk.story.until('check-verdict');
  },
  twoTokens: async (walk) => {
    await insertBoth(walk);
    await walk.story.until('trouble');
  },
  readingToken: async (walk, fault) => {
    const { tokens } = walk.story.running.hardware;
    const asked = hold(tokens, 'read');
    walk.held = asked;
    await walk.insert();
    await asked.reached;
    // A module that dies or hangs does so while it reads.
    if (fault !== 'module-crash' && fault !== 'module-hang') return;
    walk.hostAtWork = tokens.modules()[0]?.pid;
    walk.held = hold(walk.card, 'transmit');
    asked.release();
    await walk.held.reached;
  },
  choosingCertificate: (walk) => walk.to('choose-certificate'),
  choosingDocument: (walk) => walk.to('choose-document'),
  openingDocument: async (walk) => {
    const { documents } = await walk.to('choose-document');
    await heldAt(walk, hold(walk.story.running.desk, 'open'), () =>
      walk.act({ type: 'choose-documents', documentIds: [documents[0]?.id ?? ''] }),
    );
  },
  reviewing: (walk) => walk.to('review-document'),
  confirming: (walk) => walk.to('confirm'),
  recordingConsent: async (walk) => {
    const { documents } = await walk.to('confirm');
    await heldAt(
      walk,
      hold(walk.story.running.recorder, 'recordAll', (events: readonly AppendableEvent[]) => events[0]?.op === 'consent'),
      () => walk.act({ type: 'consent', digests: documents.map(({ digest }) => digest) }),
    );
  },
  preparing: async (walk) => {
    const { documents } = await walk.to('confirm');
    await heldAt(walk, hold(walk.story.running.desk, 'reread'), () =>
      walk.act({ type: 'consent', digests: documents.map(({ digest }) => digest) }),
    );
  },
  waitingForFinger: (walk) => walk.to('touch-reader'),
  takingVouch: async (walk) => {
    await vouchFor(walk);
    const { documents } = await walk.to('confirm');
    await heldAt(walk, entry(walk, 'vouched'), () => walk.act({ type: 'consent', digests: documents.map(({ digest }) => digest) }));
  },
  // It decides by what was read from the card, so the card comes like that.
  beforePin: () => Promise.resolve(),
  lastTry: (walk) => walk.to('last-try'),
  enteringPin: (walk) => walk.to('enter-pin'),
  'signing.atToken, PIN on its way': (walk, fault) =>
    cardHeld(walk, ([, ins, , , length]) => ins === instruction.verify && length === 8, fault === 'wrong-pin' ? wrongPin : undefined),
  'signing.atToken, card asked': (walk) => cardHeld(walk, ([, ins]) => ins === instruction.generalAuthenticate),
  'signing.atPad': () => Promise.reject(new Error('the virtual card reader has no PIN pad')),
  checking: (walk) => typedAndHeld(walk, hold(walk.story.running.desk, 'stage')),
  saving: (walk) => typedAndHeld(walk, entry(walk, 'sign.done')),
  signed: (walk) => walk.to('signed'),
  'signedTokenOut.recording': async (walk) => {
    await walk.to('signed');
    await heldAt(walk, entry(walk, 'token-out'), () => walk.story.devices.reader.remove());
  },
  'signedTokenOut.resting': async (walk) => {
    await walk.to('signed');
    await walk.story.takeCardOut();
    await walk.visit.settled();
  },
  takingToken: async (walk) => {
    await walk.to('choose-document');
    walk.act({ type: 'cancel' });
    await walk.story.until('take-card');
  },
  leaving: async (walk) => {
    await walk.to('choose-document');
    walk.act({ type: 'cancel' });
    await walk.story.until('take-card');
    await heldAt(walk, entry(walk, 'token-out'), () => walk.story.devices.reader.remove());
  },
  abandoning: async (walk) => {
    await walk.to('enter-pin');
    await heldAt(walk, hold(walk.story.running.recorder, 'recordProblem'), () => walk.act({ type: 'cancel' }));
  },
  failing: async (walk) => {
    await walk.to('touch-reader');
    await heldAt(walk, hold(walk.story.running.recorder, 'recordProblem'), () => walk.story.touch('stranger'));
  },
  'trouble.open': async (walk) => {
    await walk.to('enter-pin');
    walk.type(wrongPin);
    await walk.story.until('trouble');
  },
  'trouble.tokenOut': async (walk) => {
    await walk.to('review-document');
    await walk.story.takeCardOut();
    await walk.story.until('trouble');
    await walk.visit.settled();
  },
  outOfService: async (walk) => {
    await walk.to('choose-document');
    walk.visit.fault();
    await walk.story.until('trouble');
  },
};

/** The list of files to be checked; gives the first one. */
async function toFiles({ story }: Walk): Promise<string> {
  await story.putIn('contract.pdf', undefined, 'check');
  story.act({ type: 'check' });
  const { files } = await story.until('check-choose', (state) => state.files.length > 0);
  return files[0]?.id ?? '';
}

/** The entry with this operation is about to be written. */
function entry({ story }: Walk, op: string): Held {
  return hold(story.running.recorder, 'record', (...events: readonly AppendableEvent[]) => events[0]?.op === op);
}

async function heldAt(walk: Walk, held: Held, act: () => unknown): Promise<void> {
  walk.held = held;
  await act();
  await held.reached;
}

async function typedAndHeld(walk: Walk, held: Held): Promise<void> {
  walk.held = held;
  await walk.to('signing');
  await held.reached;
}

/** The card has been sent a command and has not answered it. */
async function cardHeld(walk: Walk, wanted: (command: Uint8Array) => boolean, pin = walk.card.toJSON().pin): Promise<void> {
  await walk.to('enter-pin');
  walk.hostAtWork = walk.story.running.hardware.tokens.modules()[0]?.pid;
  await heldAt(walk, hold(walk.card, 'transmit', wanted), () => walk.type(pin));
}

/** Both cards are there at one look of the station: the process that looks is held meanwhile. */
async function insertBoth(walk: Walk): Promise<void> {
  const { tokens } = walk.story.running.hardware;
  // Where nothing has been seen yet, whoever puts a card in would wait for the process that is stopped.
  while (tokens.modules()[0]?.pid === undefined || tokens.slots().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const pid = Number(tokens.modules()[0]?.pid);
  process.kill(pid, 'SIGSTOP');
  try {
    await Promise.all([walk.insert(), walk.story.devices.reader.insert(walk.story.card('ada'), 1)]);
  } finally {
    goOn(pid);
  }
}

/** Lets a process go on; if its time for a look ran out meanwhile the driver has ended it, and the next one finds both cards in. */
function goOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
