/** How a signature can be judged, in the words of ETSI EN 319 102-1, and the one way in which the judging of it ends before its end. */

import type { SubIndication, Verdict } from '../contract/verification.ts';

export type { SubIndication, Verdict } from '../contract/verification.ts';

/** What ended the judging of a signature: verdict, sub-indication and, as `message`, the sentence for a person. */
export class Judged extends Error {
  readonly verdict: Verdict;
  readonly sub: SubIndication;
  constructor(verdict: Verdict, sub: SubIndication, sentence: string) {
    super(sentence);
    this.verdict = verdict;
    this.sub = sub;
  }
}

/** Ends the judging with TOTAL-FAILED. Throws Judged. */
export function fail(sub: SubIndication, sentence: string): never {
  throw new Judged('TOTAL-FAILED', sub, sentence);
}

/** Ends the judging with INDETERMINATE. Throws Judged. */
export function unsure(sub: SubIndication, sentence: string): never {
  throw new Judged('INDETERMINATE', sub, sentence);
}
