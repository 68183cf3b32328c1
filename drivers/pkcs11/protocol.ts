/**
 * The messages between the agent and a host, both ways. Each is checked on receipt: a host that speaks otherwise is treated as broken,
 * because a vendor module may have written anything into its memory.
 */
import { deviceErrorCodes, type DeviceErrorCode } from '../errors.ts';
import type { Hash, SignatureScheme } from '../token.ts';
import { hasFields, isBoolean, isBytes, isNumber, isString, listOf, oneOf, type Check, type Fields } from './shape.ts';

/** What one slot with a token in it says of itself. Strings are trimmed, lengths in bytes. */
export interface TokenFacts {
  /** False: the module sees a card and does not know it (CKR_TOKEN_NOT_RECOGNIZED). */
  readonly recognised: boolean;
  /** Grows with each token that comes in while this host looks; 0 for one that was in when it first looked. Means nothing in another host. */
  readonly insertion: number;
  readonly slot: string;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  /** CK_TOKEN_INFO flags. */
  readonly flags: number;
  readonly minPinLength: number;
  readonly maxPinLength: number;
}

/** A certificate object as it lies on the token. */
export interface StoredCertificate {
  readonly value: Uint8Array;
  readonly ckaId: Uint8Array;
  readonly label: string;
}

/** A private key that a token shows without login. */
export interface ShownKey {
  readonly ckaId: Uint8Array;
  /** False: its CKA_SIGN says that it does not sign. */
  readonly signs: boolean;
}

/** The first signature under a login, as the host is asked for it. */
export interface SignJob {
  readonly type: 'sign';
  readonly id: number;
  readonly tokenId: string;
  readonly certificateSha256: string;
  readonly scheme: SignatureScheme;
  readonly hash: Hash;
  readonly message: Uint8Array;
  readonly pin?: Uint8Array;
  /** How long the reader's own pad waits by itself, milliseconds, where that is known. */
  readonly padMs?: number;
}

/** The next signature under the same login, with the same key. */
export interface SignNextJob {
  readonly type: 'sign-next';
  readonly id: number;
  readonly message: Uint8Array;
  readonly padMs?: number;
}

/** Takes the Ed25519 key of the station in hand: the one with this CKA_ID (hex), or a new one of this id and label. */
export interface KeyOpenJob {
  readonly type: 'key-open';
  readonly id: number;
  readonly tokenId: string;
  readonly key: string;
  /** The label of a key that is to be made. */
  readonly make?: string;
  readonly pin?: Uint8Array;
}

/** What a host of the station's key does once it has it. `key-forget` deletes a key that was made here. */
export type KeyJob =
  | KeyOpenJob
  | { readonly type: 'key-sign'; readonly id: number; readonly message: Uint8Array }
  | { readonly type: 'key-forget'; readonly id: number };

/** Agent to host. `load` comes once and first (`slotEvents`: C_WaitForSlotEvent can be believed); `end` finalizes the module and ends the host. */
export type HostRequest =
  | { readonly type: 'load'; readonly module: string; readonly path: string; readonly slotEvents: boolean }
  | { readonly type: 'list'; readonly id: number }
  | { readonly type: 'read'; readonly id: number; readonly tokenId: string }
  | SignJob
  | SignNextJob
  | KeyJob
  | { readonly type: 'end' };

type PinJob = SignJob | KeyOpenJob;
type WithoutPin<T> = T extends PinJob ? Omit<T, 'pin'> & { readonly pinLength?: number } : never;

/**
 * A request as it travels. The PIN is not in the message, because whoever packs one leaves copies in memory that nobody can zero: its bytes go through a
 * pipe of their own, ahead of the message that says how many they are.
 */
export type HostMessage = Exclude<HostRequest, PinJob> | WithoutPin<PinJob>;

/** An error that the module or the host itself gave for a job. `code` is set where the host knows the cause without probing. */
export interface JobFailure {
  readonly type: 'failed';
  readonly id: number;
  /** The PKCS#11 function that failed, or what the host was doing. */
  readonly during: string;
  readonly message: string;
  readonly ckr?: number;
  readonly code?: DeviceErrorCode;
  /** CK_TOKEN_INFO flags after a PIN of the station's own key was refused. */
  readonly flags?: number;
}

/**
 * Host to agent. `pad-waiting` is sent immediately before a C_Login that waits for a person at the reader's own pad (the second one is the context
 * login), `pad-done` when it has returned. `signing-started` is sent immediately before C_Sign: from then on a silent host means that nobody knows the outcome.
 */
export type HostReply =
  | { readonly type: 'loaded'; readonly library: string }
  | { readonly type: 'load-failed'; readonly message: string; readonly ckr?: number }
  | { readonly type: 'listed'; readonly id: number; readonly slots: readonly string[]; readonly tokens: readonly TokenFacts[] }
  | {
      readonly type: 'contents';
      readonly id: number;
      readonly token: TokenFacts;
      readonly mechanisms: readonly number[];
      readonly certificates: readonly StoredCertificate[];
      /** The private keys that are visible without login; most tokens hide them. */
      readonly privateKeys: readonly ShownKey[];
    }
  | { readonly type: 'pad-waiting'; readonly id: number; readonly time: 1 | 2 }
  | { readonly type: 'pad-done'; readonly id: number }
  | { readonly type: 'signing-started'; readonly id: number }
  | { readonly type: 'signed'; readonly id: number; readonly signature: Uint8Array; readonly certificate: Uint8Array }
  /** The Ed25519 public key, 32 bytes. */
  | { readonly type: 'key-opened'; readonly id: number; readonly publicKey: Uint8Array }
  | { readonly type: 'key-signed'; readonly id: number; readonly signature: Uint8Array }
  | { readonly type: 'key-forgotten'; readonly id: number }
  | JobFailure;

const isScheme = oneOf('rsa-pkcs1', 'rsa-pss', 'ecdsa');
const isHash = oneOf('sha256', 'sha384', 'sha512');
const isCode = oneOf(...deviceErrorCodes);
const isTime: Check<1 | 2> = (value): value is 1 | 2 => value === 1 || value === 2;

const isFacts: Check<TokenFacts> = (value): value is TokenFacts =>
  hasFields(value, {
    recognised: isBoolean,
    insertion: isNumber,
    slot: isString,
    label: isString,
    manufacturer: isString,
    model: isString,
    serial: isString,
    flags: isNumber,
    minPinLength: isNumber,
    maxPinLength: isNumber,
  });

const isStored: Check<StoredCertificate> = (value): value is StoredCertificate =>
  hasFields(value, { value: isBytes, ckaId: isBytes, label: isString });

const isShownKey: Check<ShownKey> = (value): value is ShownKey => hasFields(value, { ckaId: isBytes, signs: isBoolean });

const requestFields: Readonly<Record<HostRequest['type'], Fields>> = {
  load: { type: isString, module: isString, path: isString, slotEvents: isBoolean },
  list: { type: isString, id: isNumber },
  read: { type: isString, id: isNumber, tokenId: isString },
  sign: {
    type: isString,
    id: isNumber,
    tokenId: isString,
    certificateSha256: isString,
    scheme: isScheme,
    hash: isHash,
    message: isBytes,
    pinLength: { optional: isNumber },
    padMs: { optional: isNumber },
  },
  'sign-next': { type: isString, id: isNumber, message: isBytes, padMs: { optional: isNumber } },
  'key-open': {
    type: isString,
    id: isNumber,
    tokenId: isString,
    key: isString,
    make: { optional: isString },
    pinLength: { optional: isNumber },
  },
  'key-sign': { type: isString, id: isNumber, message: isBytes },
  'key-forget': { type: isString, id: isNumber },
  end: { type: isString },
};

const replyFields: Readonly<Record<HostReply['type'], Fields>> = {
  loaded: { type: isString, library: isString },
  'load-failed': { type: isString, message: isString, ckr: { optional: isNumber } },
  listed: { type: isString, id: isNumber, slots: listOf(isString), tokens: listOf(isFacts) },
  contents: {
    type: isString,
    id: isNumber,
    token: isFacts,
    mechanisms: listOf(isNumber),
    certificates: listOf(isStored),
    privateKeys: listOf(isShownKey),
  },
  'pad-waiting': { type: isString, id: isNumber, time: isTime },
  'pad-done': { type: isString, id: isNumber },
  'signing-started': { type: isString, id: isNumber },
  signed: { type: isString, id: isNumber, signature: isBytes, certificate: isBytes },
  'key-opened': { type: isString, id: isNumber, publicKey: isBytes },
  'key-signed': { type: isString, id: isNumber, signature: isBytes },
  'key-forgotten': { type: isString, id: isNumber },
  failed: {
    type: isString,
    id: isNumber,
    during: isString,
    message: isString,
    ckr: { optional: isNumber },
    code: { optional: isCode },
    flags: { optional: isNumber },
  },
};

/** The request in `message`, or nothing when it is none. */
export function parseRequest(message: unknown): HostMessage | undefined {
  return isRequest(message) ? message : undefined;
}

/** The reply in `message`, or nothing when it is none. */
export function parseReply(message: unknown): HostReply | undefined {
  return isReply(message) ? message : undefined;
}

const isRequest: Check<HostMessage> = (value): value is HostMessage => fitsOne(value, requestFields);
const isReply: Check<HostReply> = (value): value is HostReply => fitsOne(value, replyFields);

function fitsOne(message: unknown, shapes: Readonly<Record<string, Fields>>): boolean {
  if (typeof message !== 'object' || message === null || !('type' in message) || typeof message.type !== 'string') return false;
  const fields = Object.hasOwn(shapes, message.type) ? shapes[message.type] : undefined;
  return fields !== undefined && hasFields(message, fields);
}
