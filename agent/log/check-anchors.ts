/**
 * Whether a log is still the one whose head was kept elsewhere: in its anchor file, in the last bundle that was exported, in the memory of an agent that
 * opens it again. Each head costs one read of a leaf and O(log n) reads of nodes.
 */
import { rootOf, readFrontier, MissingNode, type ReadNodes } from './tree.ts';
import { toHex } from './entry.ts';

/** A head of the log that was kept outside of its database: with the leaf of its last entry, its root, or both. */
export interface KnownHead {
  /** As sentences name it, for example `the anchor /mnt/anchor`. */
  readonly name: string;
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** Leaf of the last entry, hex. */
  readonly leaf?: string;
  /** Root of the tree, hex. */
  readonly root?: string;
  /** In which start of the agent the last entry was made. */
  readonly boot?: string;
  /** What to do where the log does not agree with it, whole sentences without the last full stop; where it is left out, what is done about an anchor file. */
  readonly remedy?: string;
}

/** A log whose own chain and tree were found good. */
export interface HeldLog {
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** Leaf of the last entry, hex. */
  readonly leaf: string;
  /** Root of the tree, hex. */
  readonly root: string;
  /** In which start of the agent the last entry was made. */
  readonly boot: string;
  /** An entry says that the log has an anchor. */
  readonly isAnchored: boolean;
  readonly readNodes: ReadNodes;
}

export type AnchorFinding =
  | { readonly kind: 'other-log'; readonly known: KnownHead }
  /** The first entries of the log are not those that were there: it was made anew, or chained again with other content. */
  | { readonly kind: 'changed'; readonly known: KnownHead }
  /** Entries at the end are missing. */
  | {
      readonly kind: 'behind';
      readonly known: KnownHead;
      readonly missing: number;
      /** Number of the first one. */
      readonly from: number;
      /**
       * `older-copy`: nothing of the start of the agent in which the head was kept is there, as in a copy of before. `cut`: the log ends inside that start.
       * Absent where the head does not say its start.
       */
      readonly how?: 'older-copy' | 'cut';
    };

/**
 * Holds a log against heads that were kept elsewhere; undefined when it grew out of all of them. Of several findings the gravest comes back: another log,
 * then a changed one, then the one that misses most.
 */
export async function checkAnchors(held: HeldLog, known: readonly KnownHead[]): Promise<AnchorFinding | undefined> {
  const found = (await Promise.all(known.map((one) => check(held, one)))).filter((one) => one !== undefined);
  return found.sort((one, other) => gravity(one) - gravity(other))[0];
}

const order = ['other-log', 'changed', 'behind'] as const;

function gravity(finding: AnchorFinding): number {
  return order.indexOf(finding.kind) + (finding.kind === 'behind' ? 1 / finding.missing : 0);
}

async function check(held: HeldLog, known: KnownHead): Promise<AnchorFinding | undefined> {
  if (known.origin !== held.origin) return { kind: 'other-log', known };
  if (known.size === 0) return undefined;
  if (known.size <= held.size) return (await isWithin(held, known)) ? undefined : { kind: 'changed', known };
  const missing = { kind: 'behind', known, missing: known.size - held.size, from: held.size } as const;
  // The kept head is the later one, so its start is in the log only as the last one there.
  return known.boot === undefined ? missing : { ...missing, how: known.boot === held.boot ? 'cut' : 'older-copy' };
}

async function isWithin({ readNodes }: HeldLog, { size, leaf, root }: KnownHead): Promise<boolean> {
  if (leaf !== undefined) {
    const [stored] = await readNodes([{ level: 0, index: size - 1 }]);
    if (stored === undefined || toHex(stored) !== leaf) return false;
  }
  if (root === undefined) return leaf !== undefined;
  try {
    return toHex(rootOf(await readFrontier(size, readNodes))) === root;
  } catch (error) {
    if (error instanceof MissingNode) return false;
    throw error;
  }
}
