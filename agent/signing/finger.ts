/** Which fingerprint reader is asked: the one that can hold the credential, never a guess between several of a kind. */
import { DeviceError } from '../../drivers/errors.ts';
import type { FingerprintReader, ReaderSource } from '../../drivers/fingerprint.ts';
import type { EnrolledCredential } from '../people/enrolment.ts';

/** Opens the reader of the credential's model; with one reader plugged in, that one. Throws DeviceError reader-lost when there is none. */
export async function chooseReader(source: ReaderSource, credential: EnrolledCredential): Promise<FingerprintReader> {
  const readers = source.readers();
  const chosen = readers.find(({ aaguid }) => aaguid === credential.aaguid) ?? readers[0];
  if (chosen === undefined) throw new DeviceError('reader-lost', 'no fingerprint reader is plugged in');
  return source.open(chosen.id);
}
