/**
 * The contract of a fingerprint reader: it proves that an enrolled finger was there for one challenge. Implemented by `fido/reader.ts`
 * (signed by the reader) and later by `fprintd/reader.ts` (asserted by the station). It knows nothing of documents or logs.
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

/** The fingerprint readers that are plugged in now. */
export interface ReaderSource {
  readers(): readonly ReaderInfo[];
  watch(listener: (readers: readonly ReaderInfo[]) => void): () => void;
  /** Opens a reader. Throws DeviceError reader-lost when it is gone. */
  open(readerId: string): Promise<FingerprintReader>;
  close(): Promise<void>;
}
