/** What is asked of a log at every start, before anything is appended: that its entries follow each other, and that the tree beside them is theirs. */
import type { Database } from './database.ts';
import { checkLink, isUnreadable, type LogEntry, type RawEntry, readEntry, toHex } from './entry.ts';
import { LogRefusal } from './errors.ts';
import { noPrev } from './record.ts';
import { nodeReader } from './schema.ts';
import { appendLeaves, emptyFrontier, type Frontier, MissingNode, readFrontier } from './tree.ts';

export interface CheckedChain {
  readonly tip: LogEntry;
  /** The number of the last `boot`. */
  readonly boot?: number;
  /** An entry says that the log has an anchor outside of its database. */
  readonly isAnchored: boolean;
  /** Of the tree over all leaves. */
  readonly frontier: Frontier;
}

/** Follows the chain from the first row to the last. Throws LogRefusal `broken` with the number of the first bad entry. */
export async function checkChain(rows: AsyncIterable<RawEntry>, origin: string): Promise<CheckedChain> {
  let last: RawEntry | undefined;
  let prev = noPrev;
  let boot: number | undefined;
  let isAnchored = false;
  let frontier = emptyFrontier;
  for await (const raw of rows) {
    const link = checkLink(raw, { seq: last === undefined ? 0 : last.seq + 1, prev, origin });
    if ('problem' in link) throw new LogRefusal('broken', `the operation log is broken: ${link.problem}`, { seq: link.seq });
    if (link.op === 'boot') boot = raw.seq;
    if (link.op === 'anchor') isAnchored = true;
    frontier = appendLeaves(frontier, [raw.leaf]).frontier;
    last = raw;
    prev = link.leaf;
  }
  if (last === undefined) throw new LogRefusal('broken', 'the operation log is broken: entry 0 is missing', { seq: 0 });
  try {
    return { tip: readEntry(last), frontier, isAnchored, ...(boot === undefined ? {} : { boot }) };
  } catch (cause) {
    if (!isUnreadable(cause)) throw cause;
    throw new LogRefusal('broken', `the operation log is broken: entry ${last.seq} cannot be read`, { seq: last.seq, cause });
  }
}

/** The stored nodes that stand for the whole tree must be those of the entries. `log verify` looks at each of them. Throws LogRefusal `broken`. */
export async function checkTree(database: Database, { size, peaks }: Frontier): Promise<void> {
  const stored = await readFrontier(size, nodeReader(database)).catch((error: unknown) => {
    if (error instanceof MissingNode) return undefined;
    throw error;
  });
  const same = stored?.peaks.every((hash, place) => toHex(hash) === toHex(peaks[place] ?? new Uint8Array())) === true;
  if (!same) throw new LogRefusal('broken', 'the operation log is broken: the tree that is stored is not that of its entries');
}
