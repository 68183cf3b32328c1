/** Texts about what a signature says besides: the holder agrees to that too. */
import type { Commitment } from '../../agent/contract/terms.ts';

export interface TermsTexts {
  /** Above the lines. */
  readonly title: string;
  readonly certifies: string;
  readonly reason: (reason: string) => string;
  readonly commitments: Record<Commitment, string>;
}
