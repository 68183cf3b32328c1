/** What may come of a fault in the middle of three documents, as data: everything else that a row is compared with follows from it. */
import type { Played } from '../../support/several/play.ts';

/**
 * `fates`: how each document ended, as the log says it; `screen`: the last screen, or several where the parts decide among themselves which it is. `over`: the
 * page is gone because another card is in. `also`: an entry that stands before that of the document in hand.
 */
export interface Ends {
  readonly screen: string | readonly string[];
  readonly fates: readonly [string, string, string];
  readonly also?: string;
}

/** `cannot`: why the fault cannot meet the documents there. */
export type Expectation = Ends | { readonly cannot: string };

/** The parts decide among themselves which it is, and each is right. */
export type Either = readonly [Ends, ...Ends[]];

export function ends(screen: Ends['screen'], fates: string, also?: string): Ends {
  const [first = '', second = '', third = ''] = fates.split(' ');
  return { screen, fates: [first, second, third], ...(also === undefined ? {} : { also }) };
}

export const cannot = (why: string): Expectation => ({ cannot: why });

/** That of them which the log tells of; the first, to be compared with, where it is none. */
export function which(these: Either, fates: string): Ends {
  return these.find((one) => one.fates.join(' ') === fates) ?? these[0];
}

/** The whole of what must have come, given the screen on which it ended. */
export function wholeOf({ screen, fates, also }: Ends, ending: string, tokenOut = true): Played {
  const screens = [screen].flat();
  const signed = fates.flatMap((fate, index) => (fate === 'signed' ? [index + 1] : []));
  const unknown = fates.includes('unknown');
  const outcome = signed.length === 3 ? 'signed' : unknown ? 'outcome-unknown' : 'partly-signed';
  const told = fates.map((fate) => (fate === 'signed' || fate === 'unknown' ? fate : 'not')).join(' ');
  const over = ending === 'over';
  return {
    ending: screens.includes(ending) ? ending : String(screen),
    outcome: over ? 'unsaid' : outcome,
    told: over ? undefined : told,
    fates: fates.join(' '),
    ops: [
      'token-in consent sign.intent sign.intent sign.intent finger-matched',
      ...fates.flatMap((fate) => (also !== undefined && !['signed', 'not-reached'].includes(fate) ? [also, opOf(fate)] : [opOf(fate)])),
      ...(tokenOut ? ['token-out'] : []),
    ].join(' '),
    outputs: signed.map((place) => `${place}: 1 TOTAL-PASSED, Signature is Valid.`),
    waiting: [1, 2, 3].filter((place) => !signed.includes(place)),
    pending: [],
    triesLost: 0,
    wrongs: [],
  };
}

function opOf(fate: string): string {
  if (fate === 'signed') return 'sign.done';
  return fate === 'unknown' ? 'sign.outcome-unknown(outcome-unknown)' : `sign.failed(${fate})`;
}
