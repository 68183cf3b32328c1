/** A tree by the words of RFC 6962 section 2.1, with no thought of speed, and a table of stored nodes in memory. */
import { createHash } from 'node:crypto';
import { appendLeaves, emptyFrontier, type NodeId, type ReadNodes, type TreeNode } from '../../../agent/log/tree.ts';

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The leaf hash of some bytes. */
export function plainLeaf(data: Uint8Array | string): Uint8Array {
  return sha256(Uint8Array.of(0), Buffer.from(data));
}

/** MTH: the hash of the empty list, of one leaf, or of both parts around the largest power of two below the length. */
export function plainRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return sha256(Uint8Array.of(1), plainRoot(leaves.slice(0, k)), plainRoot(leaves.slice(k)));
}

/** Leaf hashes of the numbers from 0 on; `salt` makes another history. */
export function someLeaves(count: number, salt = ''): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => plainLeaf(`${salt}${index}`));
}

/** A log's leaves and stored nodes, as its database holds them. */
export class MemoryTree {
  readonly leaves: Uint8Array[] = [];
  /** In the order in which they became complete. */
  readonly rows: TreeNode[] = [];
  frontier = emptyFrontier;
  /** How many nodes each read asked for. */
  readonly reads: number[] = [];
  readonly #hashes = new Map<string, Uint8Array>();

  constructor(leaves: readonly Uint8Array[] = []) {
    this.append(leaves);
  }

  append(leaves: readonly Uint8Array[]): void {
    const { frontier, nodes } = appendLeaves(this.frontier, leaves);
    this.frontier = frontier;
    this.leaves.push(...leaves);
    this.rows.push(...nodes);
    for (const node of nodes) this.#hashes.set(keyOf(node), node.hash);
  }

  /** What the tables answer. */
  readonly readNodes: ReadNodes = (wanted) => {
    this.reads.push(wanted.length);
    return Promise.resolve(wanted.map((id) => (id.level === 0 ? this.leaves[id.index] : this.#hashes.get(keyOf(id)))));
  };

  /** Takes a stored node away. */
  forget(id: NodeId): void {
    this.#hashes.delete(keyOf(id));
  }
}

function keyOf({ level, index }: NodeId): string {
  return `${level}/${index}`;
}
