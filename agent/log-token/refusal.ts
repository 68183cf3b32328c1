/** What a token that holds the key of the log did not do, as a sentence for staff, and whether trying again can be of any use. */
import { isDeviceError, type DeviceError, type DeviceErrorCode } from '../../drivers/errors.ts';
import { LogKeyRefused } from '../log/log-key.ts';

/** Where the key of the log is, as station.json says it. */
export interface LogKeySettings {
  /** Name of the module. */
  readonly module: string;
  /** Serial number of the token, or its label. */
  readonly token: string;
  /** CKA_ID, hex. */
  readonly key: string;
}

/** The token does not give the use of the key. The message is a sentence without its full stop. */
export class TokenRefused extends LogKeyRefused {
  /** False where a second try would spend a try of the PIN, or changes nothing. */
  readonly again: boolean;

  constructor(message: string, again: boolean, cause?: unknown) {
    super('token', message, cause);
    this.again = again;
  }
}

/** What may pass by itself: a token that is put back, a module that is loaded anew. */
const passing: ReadonlySet<DeviceErrorCode> = new Set([
  'no-token',
  'token-removed',
  'token-changed',
  'reader-lost',
  'busy',
  'module-crashed',
  'module-timeout',
  'device-error',
]);

/** The refusal for what a driver threw. Throws what is a bug of ours. */
export function refusalOf(error: unknown, settings: Omit<LogKeySettings, 'key'>): TokenRefused {
  if (error instanceof TokenRefused) return error;
  if (!isDeviceError(error)) throw error;
  return new TokenRefused(sentence(error, settings), passing.has(error.code), error);
}

function sentence(error: DeviceError, { module, token }: Omit<LogKeySettings, 'key'>): string {
  const it = `the token ${JSON.stringify(token)}`;
  switch (error.code) {
    case 'no-token':
      return `${it}, which holds the key of the log, is not there (module ${module})`;
    case 'token-removed':
    case 'token-changed':
    case 'reader-lost':
      return `${it}, which holds the key of the log, was taken away`;
    case 'unsupported-token':
      return `${it} cannot hold the key of the log: ${error.message}`;
    case 'pin-wrong':
      return `${it} says that the PIN is wrong${tries(error.triesLeft)}; it is not tried again by itself`;
    case 'pin-locked':
      return `the PIN of ${it} is locked`;
    case 'pin-length':
      return `the PIN for ${it} has a length that it does not take`;
    case 'pin-expired':
      return `${it} says that its PIN has expired and must be changed`;
    case 'no-usable-key':
      return `${it} has no key that could sign the log: ${error.message}`;
    case 'mechanism-unsupported':
      return `${it} does not make Ed25519 signatures (CKM_EDDSA of PKCS#11 3.0)`;
    case 'module-crashed':
      return `the module ${module}, behind which the key of the log is, failed: ${error.message}`;
    case 'module-timeout':
      return `the module ${module}, behind which the key of the log is, did not answer in time and was ended`;
    case 'busy':
    case 'pin-timeout':
    case 'not-matched':
    case 'reader-locked':
    case 'touch-timeout':
    case 'cancelled':
    case 'certificate-unusable':
    case 'outcome-unknown':
    case 'device-error':
      return `${it}, which holds the key of the log, failed: ${error.message}`;
  }
}

function tries(left: number | undefined): string {
  if (left === undefined) return '';
  return left === 1 ? ', and has one try left before it locks' : `, and has ${left} tries left`;
}
