/** Walks one visit from a terminal instead of a screen: the same machine, the same actions, the same states. */
import type { Secret } from '../../drivers/secret.ts';
import type { DocumentView, PublicState, StateMessage } from '../contract/state.ts';
import type { Visit } from '../signing/visit.ts';

export interface Walker {
  /** Digests of the documents to be signed, hex, in the order in which they are. */
  readonly digests: readonly string[];
  /** Called once for each state that is shown. */
  readonly tell: (state: PublicState) => void;
  /** Which certificate, when the token offers several. Undefined ends the visit. */
  readonly chooseCertificate: (state: Extract<PublicState, { screen: 'choose-certificate' }>) => Promise<string | undefined>;
  /** Whether the person consents. */
  readonly consent: (state: Extract<PublicState, { screen: 'confirm' }>) => Promise<boolean>;
  /** Undefined ends the visit. */
  readonly pin: (state: Extract<PublicState, { screen: 'enter-pin' }>) => Promise<Secret | undefined>;
  /** Whether to go on after a trouble that allows it, or before the last try. */
  readonly goOn: (state: PublicState) => Promise<boolean>;
}

export type WalkEnd = Extract<PublicState, { screen: 'signed' | 'trouble' | 'take-card' }>;

/** Resolves with the state in which the visit ended. Rejects when `signal` aborts. */
export async function walk(visit: Visit, walker: Walker, signal: AbortSignal): Promise<WalkEnd> {
  let asked: string | undefined;
  for await (const { state } of messages(visit, signal)) {
    const now = JSON.stringify(withoutSeconds(state));
    if (now === asked) continue;
    asked = now;
    walker.tell(state);
    const end = await step(visit, walker, state);
    if (end !== undefined) return end;
  }
  throw new Error('the visit was given up');
}

async function step(visit: Visit, walker: Walker, state: PublicState): Promise<WalkEnd | undefined> {
  switch (state.screen) {
    case 'start':
      visit.act({ type: 'begin' });
      return undefined;
    // Files are checked at the screen; somebody who signs at a terminal has no business there.
    case 'check-choose':
    case 'checking-file':
    case 'check-verdict':
      visit.act({ type: 'cancel' });
      return undefined;
    case 'choose-certificate': {
      const certificateSha256 = await walker.chooseCertificate(state);
      visit.act(certificateSha256 === undefined ? { type: 'cancel' } : { type: 'choose-certificate', certificateSha256 });
      return undefined;
    }
    case 'choose-document': {
      const documentIds = idsOf(state.documents, walker.digests);
      if (documentIds !== undefined) visit.act({ type: 'choose-documents', documentIds });
      return undefined;
    }
    case 'review-document':
      if (state.opening !== true) visit.act({ type: 'reviewed' });
      return undefined;
    case 'confirm':
      visit.act(
        (await walker.consent(state)) ? { type: 'consent', digests: state.documents.map(({ digest }) => digest) } : { type: 'cancel' },
      );
      return undefined;
    case 'enter-pin': {
      // Typed on the reader, where the token itself waits for it.
      if (state.pin.pad === 'reader') return undefined;
      const pin = await walker.pin(state);
      if (pin === undefined) visit.act({ type: 'cancel' });
      else if (!visit.enterPin(pin)) pin.wipe();
      return undefined;
    }
    case 'last-try':
      visit.act((await walker.goOn(state)) ? { type: 'continue' } : { type: 'cancel' });
      return undefined;
    case 'trouble':
      if (state.problem === 'two-tokens') return undefined;
      if (mayTryAgain(state) && (await walker.goOn(state)) && visit.act({ type: 'continue' })) return undefined;
      // Left in order, so that an intent which is still open gets its end in the log now.
      return visit.act({ type: 'cancel' }) ? undefined : state;
    case 'signed':
    case 'take-card':
      return state;
    case 'insert-card':
    case 'reading-card':
    case 'touch-reader':
    case 'signing':
      return undefined;
  }
}

/** One document for each digest, none twice; undefined while one of them is not there yet. */
function idsOf(documents: readonly DocumentView[], digests: readonly string[]): readonly string[] | undefined {
  const ids: string[] = [];
  for (const wanted of digests) {
    const found = documents.find(({ id, digest }) => digest === wanted && !ids.includes(id));
    if (found === undefined) return undefined;
    ids.push(found.id);
  }
  return ids;
}

/** A countdown is no other state: whoever walks is asked once, and told once. */
function withoutSeconds(state: PublicState): unknown {
  if (state.screen !== 'enter-pin' || state.pin.waiting === undefined) return state;
  return { ...state, pin: { ...state.pin, waiting: state.pin.waiting.time } };
}

/** With a card that is gone, "continue" leads to the start, and there is nothing to ask. */
function mayTryAgain({ canContinue, recover }: Extract<PublicState, { screen: 'trouble' }>): boolean {
  return canContinue && (recover === 'retry' || recover === 're-enter-pin');
}

/** The visit's messages from now on, the current one first; only the newest counts when the reader is slower. */
async function* messages(visit: Visit, signal: AbortSignal): AsyncGenerator<StateMessage> {
  let wake: () => void = () => undefined;
  const stop = visit.subscribe(() => wake());
  const aborted = (): void => wake();
  signal.addEventListener('abort', aborted);
  try {
    let seen = -1;
    while (!signal.aborted) {
      const message = visit.message();
      if (message.seq !== seen) {
        seen = message.seq;
        yield message;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (visit.message().seq !== seen || signal.aborted) resolve();
      });
    }
  } finally {
    stop();
    signal.removeEventListener('abort', aborted);
  }
}
