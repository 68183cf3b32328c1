/**
 * What a station does when a commit of its log has failed. What is on the disk is unknown then: nothing is tried again on the handle that failed. The station
 * goes out of service, the file is opened with a new handle and checked from its first entry, what was open gets the end that the log allows, as at a start,
 * and the visit shows what the log says. When that does not succeed, the caller is told of the fault and decides about leaving.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from '../log/database.ts';
import type { LogEntry } from '../log/entry.ts';
import { LogRefusal, LogUnavailable } from '../log/errors.ts';
import { signatureName } from '../log/reconcile.ts';
import type { LogStore } from '../log/store.ts';
import type { LogEnds } from './model.ts';
import { SigningProblem } from './problem.ts';
import type { Recovered } from './recovery.ts';
import type { Visit } from './visit.ts';

export interface RescueParts {
  readonly log: Pick<LogStore, 'entries' | 'onFailure' | 'reopen'>;
  readonly visit: Pick<Visit, 'logLost' | 'logMended' | 'operation'>;
  /** Hears of each entry that is in the log although whoever appended it was told that nobody knows. */
  readonly take: (entry: LogEntry) => void;
  /** Ends what was open, as at a start. */
  readonly recover: () => Promise<Recovered>;
  /** The station goes on. */
  readonly onMended: () => void;
  readonly onFault: (error: unknown) => void;
}

/** How often the log is opened anew before the station gives up, and the pause before each time: what was wrong may pass, and the screen can be read. */
const tries = 5;
const betweenMs = 2000;

/** Waits for the log to fail; gives the way to stop, which waits for what is going on. */
export function rescueLog(parts: RescueParts, pauseMs = betweenMs): () => Promise<void> {
  const stopped = new AbortController();
  let rescuing: Promise<void> | undefined;
  const forget = parts.log.onFailure((failure) => {
    // What fails while the log is being opened is seen there.
    rescuing ??= rescue(parts, failure, pauseMs, stopped.signal)
      .catch((error: unknown) => parts.onFault(error))
      .finally(() => (rescuing = undefined));
  });
  return async () => {
    forget();
    stopped.abort();
    await rescuing;
  };
}

async function rescue(parts: RescueParts, failure: LogUnavailable, pauseMs: number, stopped: AbortSignal): Promise<void> {
  const { log, visit } = parts;
  await visit.logLost();
  let last: unknown = failure;
  // A bug of ours, or an anchor that cannot be written, is not mended by opening the same file again.
  let isWorthIt = failure.cause instanceof DatabaseError;
  for (let attempt = 0; isWorthIt && attempt < tries; attempt += 1) {
    await sleep(pauseMs, undefined, { signal: stopped }).catch(() => undefined);
    if (stopped.aborted) return;
    try {
      for (const entry of await log.reopen()) parts.take(entry);
      const recovered = await parts.recover();
      visit.logMended(await endsOf(log, visit.operation, recovered));
      parts.onMended();
      return;
    } catch (error) {
      last = error;
      isWorthIt = mayPass(error);
    }
  }
  parts.onFault(last);
}

/** The disk may be full only for a while, and whoever reads the log goes; a log that does not hold stays so. */
function mayPass(error: unknown): boolean {
  if (error instanceof LogUnavailable) return error.cause instanceof DatabaseError;
  if (error instanceof SigningProblem) return error.problem.code === 'log-unavailable';
  return error instanceof LogRefusal && (error.code === 'unreadable' || error.code === 'in-use');
}

async function endsOf(log: RescueParts['log'], operation: string, { waiting }: Recovered): Promise<LogEnds> {
  const entries = operation === '' ? [] : await log.entries({ operation, op: ['sign.done', 'sign.outcome-unknown', 'token-out'] });
  return {
    unknown: entries.some(({ event }) => event.op === 'sign.outcome-unknown'),
    left: entries.some(({ event }) => event.op === 'token-out'),
    signed: entries.flatMap(({ seq, at, event }) =>
      event.op === 'sign.done'
        ? [
            {
              entry: seq,
              at: at.time,
              outputDigest: event.output_sha256,
              delivered: !waiting.includes(signatureName(operation, event.intent)),
            },
          ]
        : [],
    ),
  };
}
