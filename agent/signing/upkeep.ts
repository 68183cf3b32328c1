/** What a running station does for its log besides appending: it seals it, and opens it again after a commit that failed. */
import { LogUnavailable } from '../log/errors.ts';
import type { NoteSigner } from '../log/note-key.ts';
import { Intents, type OpenIntent, reconcileOps } from '../log/reconcile.ts';
import { type SealClock, startSealing } from '../log/seal.ts';
import type { LogStore } from '../log/store.ts';
import type { Enrolments } from '../people/enrolment.ts';
import type { Vouches } from '../people/vouches.ts';
import type { Desk } from './desk.ts';
import { LateSeal } from './late-seal.ts';
import type { Recovered } from './recovery.ts';
import { rescueLog } from './rescue.ts';
import type { Visit } from './visit.ts';

export interface UpkeepParts {
  readonly log: LogStore;
  /** Absent where the log has no key, or it was not opened: then nothing is sealed. */
  readonly signer: NoteSigner | undefined;
  readonly visit: Visit;
  readonly desk: Pick<Desk, 'knows'>;
  readonly enrolments: Pick<Enrolments, 'take'>;
  readonly vouches: Pick<Vouches, 'take'>;
  /** Ends what was open, as at a start. */
  readonly recover: (open: readonly OpenIntent[]) => Promise<Recovered>;
  readonly sealMs: number;
  /** When the log was sealed last: RFC 3339. */
  readonly sealedAt: string | undefined;
  readonly sealClock: SealClock;
  /** Told, in a sentence for staff, that the log is not sealed, and when it is again. */
  readonly onSeal: (sentence: string) => void;
  /** The station cannot go on. */
  readonly onFault: (error: unknown) => void;
  /** How long to wait before a log that has failed is opened again; a time of its own where it is left out. */
  readonly reopenMs: number | undefined;
}

/** Gives the way to stop, which waits for what is going on. */
export function keepLog(parts: UpkeepParts): () => Promise<void> {
  const { log, visit, desk, enrolments, vouches, onFault } = parts;
  let stopSealing = keepSealed(parts);
  const stopRescue = rescueLog(
    {
      log,
      visit,
      take: (entry) => {
        const { event } = entry;
        enrolments.take(event);
        vouches.take(entry);
        if (event.op === 'document-in') desk.knows(event.document_sha256);
      },
      recover: async () => {
        const intents = new Intents();
        for await (const entry of log.scan({ op: reconcileOps })) intents.take(entry);
        return parts.recover(intents.open());
      },
      onMended: () => {
        void stopSealing();
        stopSealing = keepSealed(parts);
      },
      onFault,
    },
    parts.reopenMs,
  );
  return async () => {
    await stopRescue();
    await stopSealing();
  };
}

/** Seals the log at intervals, and sees to it that no visit is begun while it cannot be. */
function keepSealed({ log, signer, visit, sealMs, sealedAt, sealClock, onSeal, onFault }: UpkeepParts): () => Promise<void> {
  if (signer === undefined) return () => Promise.resolve();
  const late = new LateSeal({ visit, tell: onSeal, stop: onFault, clock: sealClock });
  const onSealFault = (error: unknown): void => {
    // A log that takes nothing more is opened anew, and sealed again then.
    if (!(error instanceof LogUnavailable)) onFault(error);
  };
  const stop = startSealing(log, signer, sealMs, sealedAt, onSealFault, sealClock, late.take.bind(late));
  return async () => {
    await stop();
    late.close();
  };
}
