/** What the kiosk is told of a file that is signed already and is checked at the screen, in the words of ETSI EN 319 102-1. */
import type { DocumentRefusal } from './problems.ts';

/** ETSI EN 319 102-1 section 5.1.3, table 5. */
export const verdicts = ['TOTAL-PASSED', 'INDETERMINATE', 'TOTAL-FAILED'] as const;
export type Verdict = (typeof verdicts)[number];

/** ETSI EN 319 102-1 section 5.1.3, table 6: those that can come up here. */
export const subIndications = [
  'FORMAT_FAILURE',
  'HASH_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'SIG_CONSTRAINTS_FAILURE',
  'CHAIN_CONSTRAINTS_FAILURE',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'NO_SIGNING_CERTIFICATE_FOUND',
  'NO_CERTIFICATE_CHAIN_FOUND',
  'OUT_OF_BOUNDS_NO_POE',
  'REVOKED_NO_POE',
  'REVOKED_CA_NO_POE',
  'SIGNED_DATA_NOT_FOUND',
  'TRY_LATER',
] as const;
export type SubIndication = (typeof subIndications)[number];

/** What is said of a file as a whole: the worst verdict on its signatures, or why there is none. */
export const fileOutcomes = [...verdicts, 'NO-SIGNATURE', 'UNREADABLE'] as const;
export type FileOutcome = (typeof fileOutcomes)[number];

/** What may stand in a PDF since a signature was made, and takes nothing from it. */
export const laterAdditions = ['signature', 'timestamp', 'filled', 'proofs', 'description'] as const;
export type LaterAddition = (typeof laterAdditions)[number];

/** A file that lies in the station's folder for files to be checked. */
export interface SignedFileView {
  /** Opaque id: what the kiosk sends back. */
  readonly id: string;
  /** Name for a person; control characters and direction overrides are escaped. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

export interface CheckedSignatureView {
  readonly verdict: Verdict;
  readonly subIndication?: SubIndication;
  /** As the certificate names them; absent where the signature shows none. */
  readonly signer?: { readonly name: string; readonly issuer: string; readonly serial: string };
  /** The time that the signature claims, RFC 3339: the clock of whoever signed. */
  readonly claimedAt?: string;
  /** The signature was there by then, RFC 3339: a timestamp by a third party proves it. */
  readonly provenAt?: string;
  /** Something stands in the file since that is allowed; each kind once. */
  readonly since: readonly LaterAddition[];
  /** Names of the files that it covers, where it stands beside them, made safe to show. */
  readonly files: readonly string[];
}

export interface FileVerdictView {
  readonly outcome: FileOutcome;
  /** Set when the outcome is `UNREADABLE` and the reason is known. */
  readonly refusal?: DocumentRefusal;
  readonly signatures: readonly CheckedSignatureView[];
  /** Files in a container that nobody signed, made safe to show. */
  readonly unsigned: readonly string[];
  /** Number of the `document-checked` entry. */
  readonly entry: number;
}
