/**
 * Verifies what a fingerprint reader signed: pure, no device, no clock, no CBOR library, so that an auditor can check stored evidence with this one
 * file and the public key. It must never repair or guess: whatever is not exactly as WebAuthn section 6.1 and 7.2 say is refused with its reason.
 */
import { createHash, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { Assertion } from '../../drivers/fingerprint.ts';

/** Why an assertion proves nothing. */
export type AssertionFault =
  | 'wrong-credential'
  /** It answers another challenge than the consent's. */
  | 'wrong-challenge'
  /** The authenticator data is too short, or carries something that its flags do not announce, or a new credential. */
  | 'malformed'
  | 'wrong-relying-party'
  | 'nobody-present'
  | 'nobody-verified'
  /** The enrolled key is no P-256 key. */
  | 'unusable-key'
  | 'bad-signature'
  /** The signature is good, but the counter did not rise: a replay, or a second key with the same secret. */
  | 'counter-not-risen';

export interface EnrolledCredential {
  readonly credentialId: Uint8Array;
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
  /** Counter of the last assertion that was accepted, or of the enrolment. */
  readonly signCount: number;
}

export interface AssertionCheck {
  readonly assertion: Assertion;
  readonly credential: EnrolledCredential;
  readonly rpId: string;
  /** 32 bytes: the digest of the consent, computed by whoever checks. */
  readonly clientDataHash: Uint8Array;
}

export type AssertionVerdict = { readonly ok: true; readonly signCount: number } | { readonly ok: false; readonly why: AssertionFault };

/** Authenticator data, WebAuthn section 6.1. All parts are copies. */
export interface AuthenticatorData {
  /** SHA-256 of the relying party id. */
  readonly rpIdHash: Uint8Array;
  readonly userPresent: boolean;
  /** A finger, or a PIN of the reader: the bit does not say which. That the station asked for a finger is the station's word. */
  readonly userVerified: boolean;
  readonly signCount: number;
  readonly attested?: {
    /** 32 hex digits. */
    readonly aaguid: string;
    readonly credentialId: Uint8Array;
    /** COSE_Key as it stands there. */
    readonly coseKey: Uint8Array;
  };
  /** CBOR map as it stands there. */
  readonly extensions?: Uint8Array;
}

const flag = { userPresent: 0x01, userVerified: 0x04, attested: 0x40, extensions: 0x80 } as const;

/** Reads authenticator data to its last byte; undefined when anything is missing, malformed or left over. */
export function parseAuthenticatorData(data: Uint8Array): AuthenticatorData | undefined {
  const bytes = Buffer.from(data);
  if (bytes.length < 37) return undefined;
  const flags = bytes.readUInt8(32);
  let at = 37;
  let attested: AuthenticatorData['attested'];
  if ((flags & flag.attested) !== 0) {
    if (bytes.length < 55) return undefined;
    const keyAt = 55 + bytes.readUInt16BE(53);
    const keyEnd = endOfMap(bytes, keyAt);
    if (keyEnd === undefined) return undefined;
    attested = {
      aaguid: bytes.toString('hex', 37, 53),
      credentialId: new Uint8Array(bytes.subarray(55, keyAt)),
      coseKey: new Uint8Array(bytes.subarray(keyAt, keyEnd)),
    };
    at = keyEnd;
  }
  let extensions: Uint8Array | undefined;
  if ((flags & flag.extensions) !== 0) {
    const end = endOfMap(bytes, at);
    if (end === undefined) return undefined;
    extensions = new Uint8Array(bytes.subarray(at, end));
    at = end;
  }
  if (at !== bytes.length) return undefined;
  return {
    rpIdHash: new Uint8Array(bytes.subarray(0, 32)),
    userPresent: (flags & flag.userPresent) !== 0,
    userVerified: (flags & flag.userVerified) !== 0,
    signCount: bytes.readUInt32BE(33),
    ...(attested === undefined ? {} : { attested }),
    ...(extensions === undefined ? {} : { extensions }),
  };
}

/**
 * Checks one assertion against the enrolled credential. On success `signCount` is what the caller must store before the next one.
 *
 * The counter must be greater than the stored one. The only exception is an authenticator that never counts: it says 0 at enrolment and 0 ever
 * after (WebAuthn section 7.2 step 22); once it has counted, 0 is refused like any other counter that fell.
 */
export function verifyAssertion({ assertion, credential, rpId, clientDataHash }: AssertionCheck): AssertionVerdict {
  const refused = (why: AssertionFault): AssertionVerdict => ({ ok: false, why });
  if (!same(assertion.credentialId, credential.credentialId) || credential.credentialId.length === 0) return refused('wrong-credential');
  if (clientDataHash.length !== 32 || !same(assertion.clientDataHash, clientDataHash)) return refused('wrong-challenge');
  const data = parseAuthenticatorData(assertion.authenticatorData);
  if (data === undefined || data.attested !== undefined) return refused('malformed');
  if (!same(data.rpIdHash, createHash('sha256').update(rpId, 'utf8').digest())) return refused('wrong-relying-party');
  if (!data.userPresent) return refused('nobody-present');
  if (!data.userVerified) return refused('nobody-verified');
  const key = p256KeyOf(credential.publicKey);
  if (key === undefined) return refused('unusable-key');
  const signed = Buffer.concat([assertion.authenticatorData, clientDataHash]);
  if (!verify('sha256', signed, { key, dsaEncoding: 'der' }, assertion.signature)) return refused('bad-signature');
  const neverCounts = credential.signCount === 0 && data.signCount === 0;
  if (data.signCount <= credential.signCount && !neverCounts) return refused('counter-not-risen');
  return { ok: true, signCount: data.signCount };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function p256KeyOf(spki: Uint8Array): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Where the CBOR map that begins at `at` ends; undefined when there is no well-formed one. */
function endOfMap(bytes: Buffer, at: number): number | undefined {
  const major = bytes[at];
  return major !== undefined && major >> 5 === 5 ? endOfItem(bytes, at, 4) : undefined;
}

/** Where one CBOR item ends (RFC 8949 section 3), definite lengths only, at most `depth` levels below it. */
function endOfItem(bytes: Buffer, at: number, depth: number): number | undefined {
  const head = bytes[at];
  if (head === undefined || depth < 0) return undefined;
  const major = head >> 5;
  const info = head & 0x1f;
  if (info > 27) return undefined;
  const extra = info < 24 ? 0 : 1 << (info - 24);
  let end = at + 1 + extra;
  if (end > bytes.length) return undefined;
  // Eight bytes only ever hold a number or a float here: nothing of authenticator data is that long.
  const argument = info < 24 ? info : extra === 8 ? Number(bytes.readBigUInt64BE(at + 1)) : bytes.readUIntBE(at + 1, extra);
  if (major === 2 || major === 3) return end + argument <= bytes.length ? end + argument : undefined;
  if (major === 0 || major === 1 || major === 7) return end;
  const items = major === 4 ? argument : major === 5 ? 2 * argument : 1;
  if (items > bytes.length) return undefined;
  for (let item = 0; item < items; item += 1) {
    const next = endOfItem(bytes, end, depth - 1);
    if (next === undefined) return undefined;
    end = next;
  }
  return end;
}
