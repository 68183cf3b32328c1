/** What an authenticator says of itself (getInfo, CTAP 2.1 section 6.4), read out of its answer. */
import type { CborFields } from './cbor.ts';

/** uvModality bit of a fingerprint sensor inside the authenticator (FIDO registry of predefined values, section 3.1). */
const fingerprintModality = 0x02;

export interface AuthenticatorInfo {
  readonly versions: readonly string[];
  /** 32 hex digits. */
  readonly aaguid: string;
  readonly options: ReadonlyMap<string, boolean>;
  /** In the order that the authenticator prefers. */
  readonly pinUvAuthProtocols: readonly number[];
  /** True when it says in any of the known ways that it has a fingerprint sensor. */
  readonly fingerprint: boolean;
  /** Shortest PIN that it takes, Unicode code points; 4 where it does not say. */
  readonly minPinLength: number;
  /** True when it takes its PIN for nothing but a change of it. */
  readonly forcePinChange: boolean;
  /** Number of its firmware, as its maker counts; absent where it does not say. */
  readonly firmwareVersion?: number;
}

/** Reads the answer to getInfo. Options of the wrong type are passed over, as unknown ones are; any other wrong field throws CborError. */
export function authenticatorInfoOf(answer: CborFields): AuthenticatorInfo {
  const flags = new Map<string, boolean>();
  const given = answer.raw(4);
  for (const [name, value] of given instanceof Map ? (given as ReadonlyMap<unknown, unknown>) : []) {
    if (typeof name === 'string' && typeof value === 'boolean') flags.set(name, value);
  }
  const firmwareVersion = answer.optionalInteger(0x0e);
  return {
    versions: answer.list(1).filter((version) => typeof version === 'string'),
    aaguid: Buffer.from(answer.bytes(3)).toString('hex'),
    options: flags,
    pinUvAuthProtocols: answer.has(6) ? answer.list(6).filter((version) => typeof version === 'number') : [],
    fingerprint:
      flags.has('bioEnroll') ||
      flags.has('userVerificationMgmtPreview') ||
      ((answer.optionalInteger(0x12) ?? 0) & fingerprintModality) !== 0,
    minPinLength: answer.optionalInteger(0x0d) ?? 4,
    forcePinChange: answer.optionalBoolean(0x0c) ?? false,
    ...(firmwareVersion === undefined ? {} : { firmwareVersion }),
  };
}
