/** Whether two checkpoints can be of one history. A log that shows two histories is caught by what it signed itself: both notes are kept. */
import type { OpenedCheckpoint } from './checkpoint.ts';
import { verifyConsistency } from './proof.ts';
import { readFrontier, type ReadNodes, rootOf } from './tree.ts';

/** Two notes that speak against the log that signed them; each can be checked with the log's public key alone. */
export interface ForkEvidence {
  readonly older: OpenedCheckpoint;
  readonly newer: OpenedCheckpoint;
}

export type Comparison =
  /** One head. */
  | { readonly kind: 'same' }
  /** The newer head may have grown out of the older one; `settle` takes the proof. */
  | { readonly kind: 'needs-proof'; readonly older: OpenedCheckpoint; readonly newer: OpenedCheckpoint }
  /** Equal size, different root: no proof can ever join them. */
  | { readonly kind: 'fork'; readonly evidence: ForkEvidence };

/** Compares two opened checkpoints of one log. Throws RangeError when they are of different origins, which says nothing of either. */
export function compareCheckpoints(one: OpenedCheckpoint, other: OpenedCheckpoint): Comparison {
  if (one.origin !== other.origin) throw new RangeError('checkpoints of different logs cannot be compared');
  const [older, newer] = one.size <= other.size ? [one, other] : [other, one];
  if (older.size < newer.size) return { kind: 'needs-proof', older, newer };
  return Buffer.compare(older.root, newer.root) === 0 ? { kind: 'same' } : { kind: 'fork', evidence: { older, newer } };
}

/**
 * What a consistency proof makes of two checkpoints. `unproven` holds both notes: they become evidence when the log, asked for a proof,
 * has none that holds. Without a proof give `undefined`; the empty tree needs none.
 */
export function settle(
  { older, newer }: ForkEvidence,
  proof: readonly Uint8Array[] | undefined,
): { readonly kind: 'consistent' } | { readonly kind: 'unproven'; readonly evidence: ForkEvidence } {
  const joined = older.size === 0 || (proof !== undefined && verifyConsistency(older.size, older.root, newer.size, newer.root, proof));
  return joined ? { kind: 'consistent' } : { kind: 'unproven', evidence: { older, newer } };
}

/**
 * Whether a log as it is stored, with `size` entries, still holds what a checkpoint says: `holds`; `cut` when it has fewer entries, as after an
 * older copy was put back or a tail was cut off; `changed` when its first entries have another root. One read of stored nodes, which the
 * caller has to have checked against the entries. Throws MissingNode.
 */
export async function compareWithStored(
  checkpoint: OpenedCheckpoint,
  size: number,
  readNodes: ReadNodes,
): Promise<'holds' | 'cut' | 'changed'> {
  if (size < checkpoint.size) return 'cut';
  const root = rootOf(await readFrontier(checkpoint.size, readNodes));
  return Buffer.compare(root, checkpoint.root) === 0 ? 'holds' : 'changed';
}
