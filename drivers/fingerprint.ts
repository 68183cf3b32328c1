/**
 * The contracts of fingerprint readers. One kind proves by its own signature that an enrolled finger was there for one challenge (`FingerprintReader`,
 * by `fido/reader.ts`). The other only compares, and the station has to be believed (`MatchingReader`, by `fprintd/reader.ts`). They share no method
 * that says "this was the person", so that nobody can take the one for the other. What an enrolment officer does with the fingers of a key
 * stands in `finger-keeper.ts`, which nobody needs for a signature. None of them knows anything of documents or logs.
 */

/** Who vouches for a match: the reader's own key, or only the station that asked it. */
export type Assurance = 'signed-by-reader' | 'station-asserted';

/** One reader that is plugged in now. */
export interface ReaderInfo {
  /** Stable while it stays plugged in. */
  readonly id: string;
  readonly name: string;
  readonly assurance: Assurance;
  /** AAGUID of the model, 32 hex digits, where there is one. */
  readonly aaguid?: string;
}

/** A credential as it came out of enrolment (WebAuthn section 6.5.1; CTAP 2.1 section 6.1). */
export interface Enrolment {
  readonly credentialId: Uint8Array;
  /** Public key, SPKI DER. */
  readonly publicKey: Uint8Array;
  readonly aaguid: string;
  readonly signCount: number;
  /** The authenticator data, attestation format and CBOR statement as received, for whoever checks attestation. */
  readonly authenticatorData: Uint8Array;
  readonly attestationFormat: string;
  readonly attestationStatement: Uint8Array;
}

/** The reader's signed answer to a challenge: ECDSA P-256 with SHA-256 over authenticatorData || clientDataHash, DER. */
export interface Assertion {
  readonly credentialId: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly clientDataHash: Uint8Array;
  readonly signature: Uint8Array;
}

/** What the reader asks of the person while it waits. */
export type ReaderPrompt = 'touch' | 'processing';

export interface EnrolRequest {
  /** Relying party id: the organisation's domain. */
  readonly rpId: string;
  /** Opaque, random, at most 64 bytes: never a name. */
  readonly userId: Uint8Array;
  /** 32 bytes. */
  readonly clientDataHash: Uint8Array;
}

export interface VerifyRequest {
  readonly rpId: string;
  readonly credentialId: Uint8Array;
  /** 32 bytes: the digest of the consent. */
  readonly clientDataHash: Uint8Array;
}

export interface ReaderCall {
  readonly signal?: AbortSignal;
  readonly onPrompt?: (prompt: ReaderPrompt) => void;
}

export interface FingerprintReader {
  readonly info: ReaderInfo;
  /** Tries left before the reader locks itself, where it tells. */
  triesLeft(): Promise<number | undefined>;
  /** Makes a credential with built-in user verification. Throws DeviceError: not-matched, reader-locked, touch-timeout, cancelled, reader-lost, device-error. */
  enrol(request: EnrolRequest, call?: ReaderCall): Promise<Enrolment>;
  /** One fresh user verification, then one assertion. Throws DeviceError as `enrol` does; `no-usable-key` when the credential is not on this reader. */
  verify(request: VerifyRequest, call?: ReaderCall): Promise<Assertion>;
  close(): Promise<void>;
}

/** The ten fingers, as fprintd names them; there is no word for "any of them", because nobody is ever searched for. */
export const fingerNames = [
  'left-thumb',
  'left-index-finger',
  'left-middle-finger',
  'left-ring-finger',
  'left-little-finger',
  'right-thumb',
  'right-index-finger',
  'right-middle-finger',
  'right-ring-finger',
  'right-little-finger',
] as const;
export type FingerName = (typeof fingerNames)[number];

/** Why one scan did not count; the reader waits for the next one. `other` keeps what the reader said and nobody here knows. */
export type ScanFeedback =
  { readonly kind: 'scan-again' | 'swipe-too-short' | 'not-centred' | 'lift-finger' } | { readonly kind: 'other'; readonly said: string };

/** A finger matched, and nobody but the station says so: a reader that signs nothing cannot be asked again later. */
export interface StationMatch {
  readonly assurance: 'station-asserted';
  /** Product name of the reader. */
  readonly device: string;
  readonly finger: FingerName;
  /** By the clock of this computer. */
  readonly at: Date;
}

/** Whose finger, and which one. */
export interface FingerOf {
  /** Pseudonym, 32 hex digits: the name under which the computer keeps the prints. */
  readonly user: string;
  readonly finger: FingerName;
}

export interface ScanCall extends ReaderCall {
  readonly onFeedback?: (feedback: ScanFeedback) => void;
}

export interface EnrolScanCall extends ScanCall {
  /** A scan counted: how many did so far, and how many are needed, where the reader tells. */
  readonly onStage?: (passed: number, of: number | undefined) => void;
}

/** A reader that compares a finger with prints that this computer keeps. All methods throw DeviceError: reader-lost, busy, device-error, cancelled. */
export interface MatchingReader {
  readonly info: ReaderInfo;
  /** The fingers that are enrolled for this user; empty where there are none. */
  fingers(user: string): Promise<readonly FingerName[]>;
  /** Takes one finger, scan by scan. Throws as above, and touch-timeout when no scan came in time. */
  enrol(whose: FingerOf, call?: EnrolScanCall): Promise<void>;
  /** One try, with one finger of one user. Throws as above; not-matched, touch-timeout, and no-usable-key when this finger is not enrolled. */
  verify(whose: FingerOf, call?: ScanCall): Promise<StationMatch>;
  /** Deletes the prints of one finger; none there is no error. */
  remove(whose: FingerOf): Promise<void>;
  close(): Promise<void>;
}

/** The fingerprint readers of one kind that are plugged in now. */
export interface ReaderSource<Reader = FingerprintReader> {
  readers(): readonly ReaderInfo[];
  watch(listener: (readers: readonly ReaderInfo[]) => void): () => void;
  /** Opens a reader. Throws DeviceError reader-lost when it is gone. */
  open(readerId: string): Promise<Reader>;
  close(): Promise<void>;
}
