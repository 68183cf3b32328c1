/** What the machine gives to the actors that it asks, and what they answer. Each is one promise; a refusal is thrown as a `SigningProblem`. */
import type { Secret } from '../../drivers/secret.ts';
import type { PinInfo } from '../../drivers/token.ts';
import type { VisitOutcome } from '../contract/state.ts';
import type { ChosenDocument, Consent, HolderKey, Intent, Prepared, Problem, StagedOutput } from './model.ts';

export interface ReadTokenInput {
  readonly operation: string;
  readonly tokenId: string;
}
export interface ReadTokenOutput {
  readonly pin: PinInfo;
  readonly keys: readonly HolderKey[];
}
export interface OpenDocumentInput {
  readonly documentId: string;
  readonly key: HolderKey;
}
export interface RecordConsentInput {
  readonly operation: string;
  readonly key: HolderKey;
  readonly documents: readonly ChosenDocument[];
}
export interface RecordConsentOutput {
  readonly consent: Consent;
  /** One for each document, in their order. */
  readonly intents: readonly Intent[];
}
export interface PrepareInput {
  readonly operation: string;
  readonly key: HolderKey;
  readonly intent: Intent;
}
export interface VerifyFingerInput {
  readonly operation: string;
  readonly key: HolderKey;
  readonly consent: Consent;
  /** How often a finger did not match for it. */
  readonly tries: number;
}
export interface TakeVouchInput {
  readonly operation: string;
  readonly key: HolderKey;
  readonly consent: Consent;
}
export interface SignInput {
  readonly operation: string;
  readonly tokenId: string;
  readonly key: HolderKey;
  readonly prepared: Prepared;
  readonly pin: Secret | undefined;
}
export interface CheckInput {
  readonly operation: string;
  readonly intent: Intent;
  readonly prepared: Prepared;
  readonly signature: Uint8Array;
}
export interface SaveInput {
  readonly operation: string;
  readonly key: HolderKey;
  readonly intent: Intent;
  readonly prepared: Prepared;
  readonly staged: StagedOutput;
}
export interface RecordProblemInput {
  readonly operation: string;
  readonly problem: Problem;
  /** Those without an outcome, in their order: the problem is that of the first one. */
  readonly intents: readonly Intent[];
  readonly fingerMatched: boolean;
  /** The token left, and the log does not say so yet. */
  readonly tokenGone: boolean;
}
export interface RecordProblemOutput {
  readonly outcome: VisitOutcome;
  readonly entry: number | undefined;
  readonly tokenOutRecorded: boolean;
}
