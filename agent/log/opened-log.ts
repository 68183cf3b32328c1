/**
 * Opens the database of a log, checks all of it, and enters that it was opened: when the agent starts, and again after an I/O error, with a new handle. Nothing
 * is appended before the whole chain, the tree and every head that was kept elsewhere were found good.
 */
import { type LogAnchor, mustHold } from './anchor.ts';
import type { AnchoredHead } from './anchor-slot.ts';
import { Appender, stationActor } from './appender.ts';
import { checkChain, checkTree, type CheckedChain } from './check-chain.ts';
import type { HeldLog, KnownHead } from './check-anchors.ts';
import { Checkpoints } from './checkpoints.ts';
import type { Clock } from './clock.ts';
import { type Database, DatabaseError, unreadable } from './database.ts';
import { type LogEntry, toHex } from './entry.ts';
import { LogRefusal, type LogUnavailable } from './errors.ts';
import { layout } from './layout.ts';
import { openWithWal } from './log-folder.ts';
import { checkTables, nodeReader, readRows } from './schema.ts';
import { SideTables } from './side-tables.ts';
import { type Frontier, rootOf } from './tree.ts';
import { upgrade } from './upgrade.ts';

export interface OpenOptions {
  /** Name and version of the software, for every entry. */
  readonly software: string;
  /** SHA-256 of the configuration, hex, for every entry. */
  readonly configDigest: string;
  readonly clock?: Clock;
  /** Where the head of the log is kept outside of its database. */
  readonly anchor?: LogAnchor;
  /** Further heads that the log must have grown out of, for example that of the last bundle. */
  readonly known?: readonly KnownHead[];
}

/** A database that is open, and what writes into it. */
export interface Opened {
  readonly database: Database;
  readonly appender: Appender;
  readonly checkpoints: Checkpoints;
  readonly tables: SideTables;
}

/** What the one who opens hears of: the writer takes nothing more. */
type OnFailure = (failure: LogUnavailable) => void;

/**
 * Opens the log in a file. `before` is the last entry that was acknowledged on a handle that failed. Throws LogRefusal `missing`, `unreadable`, `settings`,
 * `broken`, `anchor` or `no-anchor`, DatabaseError, and LogUnavailable when `boot` cannot be committed. Nothing stays open when it throws.
 */
export async function openLog(file: string, options: OpenOptions, onFailure: OnFailure, before?: LogEntry): Promise<Opened> {
  let database: Database | undefined;
  try {
    database = await openWithWal(file);
    const tables = await checkTables(database, file);
    if (before !== undefined) await settleFile(database);
    const chain = await checkChain(readRows(database, file), tables.origin);
    if (tables.layout < layout) await upgrade(database, tables.layout);
    await checkTree(database, chain.frontier);
    const held = heldLog(database, chain);
    await mustHold(held, [...(before === undefined ? [] : [acknowledged(before)]), ...(options.known ?? [])]);
    const noted = (await options.anchor?.check(held)) ?? [];
    const { tip, boot, frontier } = chain;
    const appender = new Appender(database, tip, frontier, { software: options.software, config: options.configDigest }, options.clock);
    const previous = boot === undefined ? {} : { previous: boot };
    await appender.write([{ op: 'boot', actor: stationActor, ...previous, ...(before === undefined ? {} : { reopened: true }) }, ...noted]);
    await follow(appender, options.anchor, onFailure);
    return { database, appender, checkpoints: new Checkpoints(database, appender), tables: new SideTables(database, appender) };
  } catch (error) {
    await database?.close();
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

/**
 * After a sync that failed the kernel may hold pages that it takes for written and that the disk never got. Everything that is still in the write-ahead log
 * is written into the database and synced anew, so that the next commit does not stand on such pages.
 */
async function settleFile(database: Database): Promise<void> {
  const [row] = await database.all('PRAGMA wal_checkpoint(TRUNCATE)');
  if (row?.['busy'] !== 0) throw new LogRefusal('in-use', 'the operation log is being read by another process and cannot be settled');
}

function heldLog(database: Database, { tip, frontier, isAnchored }: CheckedChain): HeldLog {
  return { ...headOf(tip, frontier), isAnchored, readNodes: nodeReader(database) };
}

/** The head of a log with this last entry. */
export function headOf({ origin, leaf, at }: LogEntry, frontier: Frontier): AnchoredHead {
  return { origin, size: frontier.size, leaf, root: toHex(rootOf(frontier)), boot: at.boot };
}

function acknowledged({ origin, seq, leaf, at }: LogEntry): KnownHead {
  return { name: 'the last entry that this agent has written', origin, size: seq + 1, leaf, boot: at.boot };
}

/** From here on the anchor follows the log. One that cannot be written ends it: first an entry says so, then nothing is taken any more. */
async function follow(appender: Appender, anchor: LogAnchor | undefined, onFailure: OnFailure): Promise<void> {
  const head = (): AnchoredHead => headOf(appender.tip, appender.frontier);
  appender.listen({ committed: () => anchor?.told(head), failed: onFailure });
  await anchor?.follow(head(), (fault) => {
    const failed = { op: 'anchor', actor: stationActor, action: 'failed', problem: fault.code } as const;
    void appender
      .write([failed])
      .catch(() => undefined)
      .then(() => appender.fail(fault.message, fault));
  });
}
