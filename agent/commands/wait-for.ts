/** Waits until something is plugged in. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StartRefused } from '../refusals.ts';

/** How long a device is waited for, milliseconds. */
const waitMs = 60_000;

/** The first list that has something in it. Throws StartRefused with `otherwise` when there was none in a minute, or the wait was called off. */
export async function waitFor<T>(look: () => readonly T[], otherwise: string, signal?: AbortSignal): Promise<readonly T[]> {
  const end = Date.now() + waitMs;
  while (Date.now() < end) {
    const found = look();
    if (found.length > 0) return found;
    if (signal?.aborted === true) throw new StartRefused('Stopped.', 1);
    await sleep(50, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
  throw new StartRefused(otherwise, 1);
}
