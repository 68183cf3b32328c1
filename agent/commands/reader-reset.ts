/** A key as it came from the factory, whoever it belonged to: the way out for one whose PIN nobody has. */
import { KeyEnrolment } from '../../drivers/fido/enrolment.ts';
import { type DeviceError, isDeviceError } from '../../drivers/errors.ts';
import type { ReaderHardware } from '../hardware.ts';
import type { LogStore } from '../log/store.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import { deviceWords } from './reader-words.ts';
import { pluggedInAgain } from './reader-plugged-in.ts';

/** What it means, before anybody agrees to it. */
export const meaning =
  'A reset deletes everything on the key: its PIN, all fingers, and all credentials, those for other places too. Whoever signs with it here has to be enrolled anew. It cannot be undone.';

/** Waits for the key to be plugged in again, and for a touch. Throws StartRefused. */
export async function resetKey(
  { readers, keyTransport }: ReaderHardware,
  log: Pick<LogStore, 'append'>,
  io: CommandIo,
  signal: AbortSignal,
): Promise<void> {
  try {
    io.err('Take the key out, plug it in again, and touch it when it blinks, within ten seconds.');
    const { id } = await pluggedInAgain(readers, io, signal);
    const keys = await KeyEnrolment.open(keyTransport, id);
    try {
      const { aaguid } = await keys.info();
      io.err('Touch the key now.');
      await keys.reset({ signal });
      const { seq } = await log.append({ op: 'reader-changed', actor: { id: 'terminal', role: 'clerk' }, action: 'reset', aaguid });
      io.out(`The key is as it came from the factory: entry ${seq} of the log.`);
    } finally {
      await keys.close();
    }
  } catch (error) {
    throw isDeviceError(error) ? new StartRefused(`${words(error)} The key was not reset, as far as it says.`, 1, error) : error;
  }
}

/** CTAP2_ERR_NOT_ALLOWED. */
function words(error: DeviceError): string {
  const late = error.origin?.kind === 'ctap' && error.origin.value === 0x30;
  return late ? 'The key lets itself be reset only in the first seconds after it was plugged in.' : deviceWords(error);
}
