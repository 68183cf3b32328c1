/** What may come of a combination of the matrix, as data. */
import type { Fault } from '../../support/matrix/faults.ts';
import type { Visited } from '../../support/matrix/combination.ts';

/** `cannot`: why the fault cannot meet that state. `either`: the parts decide among themselves which it is, and each is right. */
export type Expectation = Visited | { readonly either: readonly Visited[] } | { readonly cannot: string };

/** For each state, what comes of each fault. */
export type Rows = Readonly<Record<string, Readonly<Record<Fault, Expectation>>>>;

/** The visit ends on this screen (`over`: the page is gone and the station waits for the next holder), with these entries. */
export function ends(ending: string, outcome: Visited['outcome'], ops: string): Visited {
  return { ending, outcome, ops };
}

/** The fault does not hinder the holder; the entries tell it, if at all, by what stands between. */
export function signs(ops = 'token-in consent sign.intent finger-matched sign.done token-out'): Visited {
  return { ending: 'signed', outcome: 'signed', ops };
}

export function cannot(why: string): Expectation {
  return { cannot: why };
}

export function either(...these: readonly Visited[]): Expectation {
  return { either: these };
}
