/** Texts of the pages on which a file that is signed already is checked. */
import type { FileOutcome, LaterAddition, SubIndication, Verdict } from '../../agent/contract/verification.ts';

export interface CheckTexts {
  /** The button on the first page. */
  readonly open: string;
  readonly chooseTitle: string;
  readonly chooseLead: string;
  readonly looking: string;
  readonly emptyTitle: string;
  readonly emptyTodo: string;
  readonly unreachable: string;
  readonly more: (count: number, shown: string) => string;
  readonly judgingTitle: string;
  readonly judgingLead: string;
  /** The headline; `count` is the number of signatures. */
  readonly outcomes: Record<FileOutcome, (count: number, shown: string) => string>;
  /** What that means for somebody who wants to rely on the file. */
  readonly meanings: Record<FileOutcome, string>;
  readonly file: string;
  readonly size: string;
  readonly signature: (place: string, of: string) => string;
  /** The verdict on one signature. */
  readonly verdicts: Record<Verdict, string>;
  readonly verdict: string;
  readonly reasons: Record<SubIndication, string>;
  readonly signer: string;
  readonly signerUnknown: string;
  readonly issuer: string;
  readonly claimed: string;
  readonly claimedNote: string;
  readonly proven: string;
  readonly provenNote: string;
  readonly since: Record<LaterAddition, string>;
  readonly covers: string;
  readonly unsigned: string;
  readonly entry: string;
  readonly another: string;
}
