/** How a signature can be judged, in the words of ETSI EN 319 102-1, and the one way in which the judging of it ends before its end. */

/** ETSI EN 319 102-1 section 5.1.3, table 5. */
export type Verdict = 'TOTAL-PASSED' | 'INDETERMINATE' | 'TOTAL-FAILED';

/** ETSI EN 319 102-1 section 5.1.3, table 6: those that can come up here. */
export type SubIndication =
  | 'FORMAT_FAILURE'
  | 'HASH_FAILURE'
  | 'SIG_CRYPTO_FAILURE'
  | 'SIG_CONSTRAINTS_FAILURE'
  | 'CHAIN_CONSTRAINTS_FAILURE'
  | 'CRYPTO_CONSTRAINTS_FAILURE'
  | 'NO_SIGNING_CERTIFICATE_FOUND'
  | 'NO_CERTIFICATE_CHAIN_FOUND'
  | 'OUT_OF_BOUNDS_NO_POE'
  | 'REVOKED_NO_POE'
  | 'REVOKED_CA_NO_POE'
  | 'SIGNED_DATA_NOT_FOUND'
  | 'TRY_LATER';

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
