/** What a fingerprint reader said, for the enrolment officer at the terminal. */
import type { DeviceError, DeviceErrorCode } from '../../drivers/errors.ts';

/** CTAP status bytes (CTAP 2.1 section 8.2) of which an officer needs to know more than that something went wrong. */
const natives: ReadonlyMap<unknown, string> = new Map([
  [0x17, 'The key has no room for another finger. Remove one first.'],
  [0x31, 'The key did not take the PIN.'],
  [0x32, 'The key takes no PIN any more, because a wrong one was tried too often. It has to be reset, and its holder enrolled anew.'],
  [0x34, 'The key takes no PIN before it was taken out and plugged in again.'],
]);

/** One sentence, or two with the tries that are left. */
export function deviceWords(error: DeviceError): string {
  const left = error.triesLeft === undefined ? '' : ` Tries left: ${error.triesLeft}.`;
  const native = error.origin?.kind === 'ctap' ? natives.get(error.origin.value) : undefined;
  return `${native ?? codes[error.code] ?? `The reader does not do it: ${error.message}.`}${left}`;
}

const codes: Partial<Readonly<Record<DeviceErrorCode, string>>> = {
  cancelled: 'Stopped.',
  'touch-timeout': 'Nobody touched the reader in time.',
  'reader-lost': 'The reader was taken out.',
  busy: 'Another program uses the reader.',
  'not-matched': 'The finger was not recognised.',
  'reader-locked':
    'The key has locked itself, because a wrong finger was tried too often. Its tries are given back by: countersign reader unlock.',
};
