/** The one fingerprint reader that is plugged in; and one that was just plugged in again. */
import type { ReaderInfo, ReaderSource } from '../../drivers/fingerprint.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import { waitFor } from './wait-for.ts';

/** The first look at what is plugged in takes a moment, milliseconds. */
const firstLookMs = 1500;

/** Waits for it, and says so. Throws StartRefused when there is none in a minute, or there are two. */
export async function oneReader(
  readers: Pick<ReaderSource, 'readers'>,
  io: Pick<CommandIo, 'err'>,
  signal?: AbortSignal,
): Promise<ReaderInfo> {
  const asking = setTimeout(() => io.err('Plug the fingerprint reader in.'), firstLookMs);
  const found = waitFor(() => readers.readers(), 'There is no fingerprint reader.', signal);
  const [first, second] = await found.finally(() => clearTimeout(asking));
  if (first === undefined || second !== undefined) throw new StartRefused('Two fingerprint readers are plugged in. Leave one.', 1);
  return first;
}

/** Waits until there is none, and then for the one that comes. Throws StartRefused as `oneReader`. */
export async function pluggedInAgain(readers: ReaderSource, io: Pick<CommandIo, 'err'>, signal: AbortSignal): Promise<ReaderInfo> {
  await waitFor(() => (readers.readers().length === 0 ? [true] : []), 'The key was not taken out. Nothing was done to it.', signal);
  return oneReader(readers, io, signal);
}
