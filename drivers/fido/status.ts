/** CTAP status bytes (CTAP 2.1 section 8.2) and what each means in the words of the house. */
import { DeviceError, type DeviceErrorCode, type Recover } from '../errors.ts';

export const ctapStatus = {
  ok: 0x00,
  invalidCommand: 0x01,
  invalidParameter: 0x02,
  invalidLength: 0x03,
  invalidSequence: 0x04,
  timeout: 0x05,
  channelBusy: 0x06,
  lockRequired: 0x0a,
  invalidChannel: 0x0b,
  cborUnexpectedType: 0x11,
  invalidCbor: 0x12,
  missingParameter: 0x14,
  limitExceeded: 0x15,
  fingerprintDatabaseFull: 0x17,
  largeBlobStorageFull: 0x18,
  credentialExcluded: 0x19,
  processing: 0x21,
  invalidCredential: 0x22,
  userActionPending: 0x23,
  operationPending: 0x24,
  noOperations: 0x25,
  unsupportedAlgorithm: 0x26,
  operationDenied: 0x27,
  keyStoreFull: 0x28,
  notBusy: 0x29,
  noOperationPending: 0x2a,
  unsupportedOption: 0x2b,
  invalidOption: 0x2c,
  keepaliveCancel: 0x2d,
  noCredentials: 0x2e,
  userActionTimeout: 0x2f,
  notAllowed: 0x30,
  pinInvalid: 0x31,
  pinBlocked: 0x32,
  pinAuthInvalid: 0x33,
  pinAuthBlocked: 0x34,
  pinNotSet: 0x35,
  puatRequired: 0x36,
  pinPolicyViolation: 0x37,
  requestTooLarge: 0x39,
  actionTimeout: 0x3a,
  upRequired: 0x3b,
  uvBlocked: 0x3c,
  integrityFailure: 0x3d,
  invalidSubcommand: 0x3e,
  uvInvalid: 0x3f,
  unauthorizedPermission: 0x40,
  other: 0x7f,
} as const;

interface Meaning {
  readonly code: DeviceErrorCode;
  readonly recover?: Recover;
}

/** Only what differs from "the reader is out of order" stands here. */
const meanings: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [ctapStatus.channelBusy, { code: 'busy' }],
  [ctapStatus.lockRequired, { code: 'busy' }],
  [ctapStatus.processing, { code: 'busy' }],
  [ctapStatus.userActionPending, { code: 'busy' }],
  [ctapStatus.operationPending, { code: 'busy' }],
  [ctapStatus.unsupportedAlgorithm, { code: 'mechanism-unsupported' }],
  [ctapStatus.unsupportedOption, { code: 'mechanism-unsupported' }],
  [ctapStatus.keepaliveCancel, { code: 'cancelled' }],
  [ctapStatus.invalidCredential, { code: 'no-usable-key' }],
  [ctapStatus.noCredentials, { code: 'no-usable-key' }],
  [ctapStatus.userActionTimeout, { code: 'touch-timeout' }],
  [ctapStatus.actionTimeout, { code: 'touch-timeout' }],
  [ctapStatus.uvInvalid, { code: 'not-matched' }],
  [ctapStatus.uvBlocked, { code: 'reader-locked' }],
  // The reader wants its PIN although a finger was asked for: never typed at a station, so an officer has to look.
  [ctapStatus.pinAuthBlocked, { code: 'reader-locked' }],
  [ctapStatus.pinBlocked, { code: 'reader-locked' }],
  [ctapStatus.operationDenied, { code: 'device-error', recover: 'retry' }],
]);

/** The error for a status byte that is not zero; its number is kept in `origin`. */
export function deviceErrorOf(status: number, what: string): DeviceError {
  const meaning = meanings.get(status) ?? { code: 'device-error', recover: 'ask-staff' };
  const name = Object.entries(ctapStatus).find(([, value]) => value === status)?.[0] ?? 'unknown status';
  return new DeviceError(meaning.code, `${what}: ${name} (0x${status.toString(16).padStart(2, '0')})`, {
    origin: { kind: 'ctap', value: status },
    ...(meaning.recover === undefined ? {} : { recover: meaning.recover }),
  });
}
