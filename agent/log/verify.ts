/**
 * The second implementation of the log's rules, for whoever does not trust the first: it imports nothing but its own rooms beside it
 * (`verify/`). It reads rows in order, keeps no more than what is open, and names the first entry that is wrong.
 */
import { type Beside, BesideTheEntries } from './verify/beside.ts';
import type { Gap } from './verify/cadence.ts';
import { must, Wrong } from './verify/canonical.ts';
import { Chain, type Row } from './verify/chain.ts';
import { WrongBefore } from './verify/late.ts';
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
  /** Times without a seal while the agent ran, the first hundred; absent where there is none. They are remarks: see `verify/cadence.ts`. */
  readonly gaps?: readonly Gap[];
  /** How many there are; absent where there is none. */
  readonly gapCount?: number;
  /** Fingers that no reader signed for: that they matched is the word of the station. Absent where there is none. */
  readonly fingersAsserted?: number;
  /** What reading threw. */
  readonly cause?: unknown;
}

/**
 * Checks a log from its first row to its last, and what is beside it. What `rows` throws becomes `unreadable`; throws Wrong only when the
 * checkpoint that was kept elsewhere is none.
 */
export async function verify(rows: AsyncIterable<Row>, written?: KnownEntry, beside: Beside = {}): Promise<Verification> {
  const chain = new Chain();
  const known = (): Known => ({
    entries: chain.length,
    ...(chain.length === 0 ? {} : { head: chain.head }),
    ...(chain.publicKey === undefined ? {} : { key: chain.publicKey }),
    openIntents: [...chain.signing.intents.keys()],
    ...(chain.cadence.count === 0 ? {} : { gaps: [...chain.cadence.gaps], gapCount: chain.cadence.count }),
    ...(chain.signing.asserted === 0 ? {} : { fingersAsserted: chain.signing.asserted }),
    ...(chain.restore.predecessor === undefined ? {} : { predecessor: chain.restore.predecessor }),
  });
  const held = new BesideTheEntries(beside, known);
  /** The entry that is judged; undefined where the log is judged as a whole. */
  let place: number | undefined;
  try {
    for await (const row of rows) {
      place = Math.min(row.seq, chain.length);
      chain.take(row);
      // Asking whether to wait is faster than waiting for nothing, a million times.
      const waits = held.take(row.leaf, chain);
      if (waits !== undefined) await waits;
      if (chain.sealed !== undefined) held.seal(chain.sealed, place);
      for (const named of chain.confirmations.attachments) await beside.attachment?.(named);
      if (row.seq === written?.seq) must(chain.head === written.leaf, `entry ${row.seq} is not the one that was written down`);
    }
    place = chain.length;
    must(place > 0, 'the log holds no entry');
    place = undefined;
    await held.end(chain);
    if (written !== undefined) place = chain.length;
    must(written === undefined || written.seq < chain.length, `the log ends before entry ${written?.seq ?? 0}, which was written down`);
    return { verdict: 'intact', ...known(), checkpoints: held.checkpoints };
  } catch (cause) {
    // A signature that was still being checked stands before this place, and comes first when it is bad.
    const first: unknown = await held.settle().then(
      () => cause,
      (earlier: unknown) => earlier,
    );
    if (!(first instanceof Wrong)) return { verdict: 'unreadable', ...known(), checkpoints: held.checkpoints, cause: first };
    const before = first instanceof WrongBefore ? (first as WrongBefore<Known>).known : undefined;
    const seq = before === undefined ? (first.seq ?? place) : before.entries - 1;
    const bad = { ...(seq === undefined ? {} : { seq }), sentence: first.message };
    return { verdict: 'broken', ...(before ?? known()), checkpoints: held.checkpoints, bad };
  } finally {
    await held.release();
  }
}

/** What is known of a log at some place in it. */
type Known = Pick<Verification, 'entries' | 'head' | 'key' | 'openIntents' | 'predecessor' | 'gaps' | 'gapCount' | 'fingersAsserted'>;
