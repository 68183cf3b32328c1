/** authenticatorReset (CTAP 2.1 section 6.6): everything that a key knows of people is gone, its PIN and its credentials too. For enrolment officers alone. */
import type { CallOptions } from './channel.ts';
import type { Ctap2 } from './ctap.ts';

const resetCommand = 0x07;

/**
 * Waits for a touch, then the key is as it came from the factory. Throws DeviceError: device-error with 0x30 when it was plugged in too long ago (most
 * keys want it within ten seconds), touch-timeout, cancelled.
 */
export async function factoryReset(ctap: Ctap2, options: CallOptions): Promise<void> {
  await ctap.command('reset', resetCommand, undefined, options);
}
