/** Where a public state stands on the way of a visit, and whether Cancel belongs on its screen. */
import type { PublicState, ScreenName } from '../agent/contract/state.ts';
import type { StateOf } from './state-of.ts';

/** Index of the step the visit is at (card, read, agree, finger, PIN), 5 when all are done; undefined off the way. */
export function stepOf(screen: ScreenName): number | undefined {
  switch (screen) {
    case 'insert-card':
    case 'reading-card':
    case 'choose-certificate':
      return 0;
    case 'choose-document':
    case 'review-document':
      return 1;
    case 'confirm':
      return 2;
    case 'touch-reader':
      return 3;
    case 'last-try':
    case 'enter-pin':
      return 4;
    case 'signing':
      return 5;
    case 'start':
    case 'check-choose':
    case 'checking-file':
    case 'check-verdict':
    case 'signed':
    case 'take-card':
    case 'trouble':
      return undefined;
  }
}

/** The place of the finger on the way. */
const fingerStep = 3;

/** The steps that this visit has, each with its index on the way as `stepOf` counts it. */
export function stepsOf(names: readonly string[], withoutFinger: boolean): readonly { readonly name: string; readonly step: number }[] {
  return names.map((name, step) => ({ name, step })).filter(({ step }) => !withoutFinger || step !== fingerStep);
}

/** Where `continue` leads from a trouble page: once more, to the list of documents, or out when the card is gone; undefined where it does not. */
export function wayOn(state: StateOf<'trouble'>): 'again' | 'other-document' | 'start' | undefined {
  if (!state.canContinue) return undefined;
  if (state.trouble === 'document-refused') return 'other-document';
  return state.recover === 'retry' || state.recover === 're-enter-pin' ? 'again' : 'start';
}

/** False where there is nothing to cancel (also where files are checked: those pages have ways back of their own), or where only the card itself can. */
export function canCancel(state: PublicState): boolean {
  switch (state.screen) {
    case 'start':
    case 'signing':
    case 'signed':
    case 'take-card':
    case 'check-choose':
    case 'checking-file':
    case 'check-verdict':
      return false;
    case 'trouble':
      return wayOn(state) !== undefined && wayOn(state) !== 'start';
    case 'enter-pin':
      // What a person types at the reader is cancelled at the reader.
      return state.pin.pad === 'screen';
    case 'insert-card':
    case 'reading-card':
    case 'choose-certificate':
    case 'choose-document':
    case 'review-document':
    case 'confirm':
    case 'touch-reader':
    case 'last-try':
      return true;
  }
}
