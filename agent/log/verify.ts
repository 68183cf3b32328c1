/**
 * The second implementation of the log's rules, for whoever does not trust the first: it imports nothing but its own rooms beside it
 * (`verify/`). It reads rows in order, keeps no more than what is open, and names the first entry that is wrong.
 */
import { type Beside, BesideTheEntries } from './verify/beside.ts';
import { Wrong } from './verify/canonical.ts';
import { Chain, type Row } from './verify/chain.ts';
import type { Predecessor } from './verify/restore.ts';

export type { Row };

/** An entry that was written down elsewhere: its number and leaf (hex). Only this finds a tail that was cut off or made anew. */
export interface KnownEntry {
  readonly seq: number;
  readonly leaf: string;
}

export interface Verification {
  /** `unreadable`: the rows could not be read to their end, so nothing is said about the rest. */
  readonly verdict: 'intact' | 'broken' | 'unreadable';
  /** Entries that were found good, from 0 on. */
  readonly entries: number;
  /** Leaf of the last of these, hex. */
  readonly head?: string;
  /** Absent where the log says none. */
  readonly key?: string;
  /** Stored checkpoints that were found good. */
  readonly checkpoints: number;
  /** The log of the epoch before, where this one carries it on after a loss. */
  readonly predecessor?: Predecessor;
  /** Without a number it is said of the log as a whole. */
  readonly bad?: { readonly seq?: number; readonly sentence: string };
  /** Intents without an outcome, by number: a signature is under way, or the agent ended and has not started again. */
  readonly openIntents: readonly number[];
  /** What reading threw. */
  readonly cause?: unknown;
}

/**
 * Checks a log from its first row to its last, and what is beside it. What `rows` throws becomes `unreadable`; throws Wrong only when the
 * checkpoint that was kept elsewhere is none.
 */
export async function verify(rows: AsyncIterable<Row>, known?: KnownEntry, beside: Beside = {}): Promise<Verification> {
  const chain = new Chain();
  const held = new BesideTheEntries(beside);
  const result = () => ({
    entries: chain.length,
    ...(chain.length === 0 ? {} : { head: chain.head }),
    ...(chain.publicKey === undefined ? {} : { key: chain.publicKey }),
    checkpoints: held.checkpoints,
    openIntents: [...chain.signing.intents.keys()],
    ...(chain.restore.predecessor === undefined ? {} : { predecessor: chain.restore.predecessor }),
  });
  const broken = (seq: number | undefined, sentence: string): Verification => {
    return { verdict: 'broken', ...result(), bad: { ...(seq === undefined ? {} : { seq }), sentence } };
  };
  try {
    for await (const row of rows) {
      const place = chain.length;
      try {
        chain.take(row);
        await held.take(row.leaf, chain);
        if (chain.sealed !== undefined) held.seal(chain.sealed, place);
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        return broken(error.seq ?? Math.min(row.seq, place), error.message);
      }
      if (row.seq === known?.seq && chain.head !== known.leaf)
        return broken(row.seq, `entry ${row.seq} is not the one that was written down`);
    }
    if (chain.length === 0) return broken(0, 'the log holds no entry');
    await held.end(chain);
  } catch (cause) {
    if (cause instanceof Wrong) return broken(cause.seq, cause.message);
    return { verdict: 'unreadable', ...result(), cause };
  } finally {
    await held.release();
  }
  if (known !== undefined && known.seq >= chain.length)
    return broken(chain.length, `the log ends before entry ${known.seq}, which was written down`);
  return { verdict: 'intact', ...result() };
}
