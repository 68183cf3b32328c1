/** Seals of the log: a checkpoint and the entry that names it, at intervals and also when nothing happens, so that a log that was cut and carried on shows a gap. */
import { createHash } from 'node:crypto';
import { stationActor } from './appender.ts';
import type { OpenedCheckpoint } from './checkpoint.ts';
import { toHex } from './entry.ts';
import { type NoteSigner, NotSigned } from './note-key.ts';
import type { LogStore } from './store.ts';

/**
 * Signs the head of the log and enters what was signed, and in how many minutes the next seal is due, where one is. Throws as `LogStore.checkpoint` and
 * `LogStore.append`; after NotSigned the log is as it was.
 */
export async function seal(log: Pick<LogStore, 'checkpoint' | 'append'>, signer: NoteSigner, minutes?: number): Promise<OpenedCheckpoint> {
  const checkpoint = await log.checkpoint(signer);
  const checkpoint_sha256 = createHash('sha256').update(checkpoint.note).digest('hex');
  const { size, root } = checkpoint;
  const next = minutes === undefined ? {} : { minutes };
  await log.append({ op: 'seal', actor: stationActor, size, root: toHex(root), checkpoint_sha256, ...next });
  return checkpoint;
}

/** Where time comes from; replaced in tests. */
export interface SealClock {
  /** Milliseconds since 1970, as the station's clock says. */
  wall(): number;
  /** Calls once after so many milliseconds; gives the way to call it off. */
  after(ms: number, call: () => void): () => void;
}

/** The clock of this computer. */
export const systemClock: SealClock = {
  wall: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** How soon a seal is tried again that the key did not sign: a device that was put back or a module that was loaded anew is noticed within a minute. */
export const retryMs = 60_000;

/** What became of the last seal: made, or not signed. */
export type OnSeal = (missed: NotSigned | undefined) => void;

/**
 * Seals the log every `everyMs`, by a timer that stands still while the machine sleeps, as the monotonic clock of the entries does; a verifier counts by
 * that clock. The first seal is due so long after the last one (`sealedAt`, RFC 3339), at once where that time has passed or
 * lies ahead, so that a station that is stopped often is sealed too. The first failure is told to `onFault`, and nothing is sealed after it. A seal that
 * the key did not sign is told to `onSeal`, where there is one, and tried again every minute as long as that is of any use: no entry depends on it, and
 * the next seal covers them all. Gives the way to stop, which waits for a seal under way.
 */
export function startSealing(
  log: Pick<LogStore, 'checkpoint' | 'append'>,
  signer: NoteSigner,
  everyMs: number,
  sealedAt: string | undefined,
  onFault: (error: unknown) => void,
  clock: SealClock = systemClock,
  onSeal?: OnSeal,
): () => Promise<void> {
  let isStopped = false;
  let sealing: Promise<void> = Promise.resolve();
  let callOff: () => void = () => undefined;
  const wait = (ms: number): void => {
    callOff = clock.after(ms, () => {
      sealing = seal(log, signer, Math.ceil(everyMs / 60_000)).then(
        () => {
          if (isStopped) return;
          onSeal?.(undefined);
          wait(everyMs);
        },
        (error: unknown) => {
          if (isStopped) return;
          if (onSeal === undefined || !(error instanceof NotSigned)) {
            onFault(error);
            return;
          }
          onSeal(error);
          if (error.again) wait(Math.min(retryMs, everyMs));
        },
      );
    });
  };
  const passed = sealedAt === undefined ? everyMs : clock.wall() - Date.parse(sealedAt);
  // After a clock was set nobody knows how long ago the last seal was.
  wait(passed < 0 ? 0 : Math.max(0, everyMs - passed));
  return async () => {
    isStopped = true;
    callOff();
    await sealing;
  };
}
