/**
 * The tree of the log for whoever does not trust the writer: its root from leaves that stream by, and the writer's stored nodes against it.
 * Memory grows with the logarithm of the size. Hashes as in RFC 6962 section 2.1; the arithmetic is not the writer's.
 */
import { createHash } from 'node:crypto';
import { must, Wrong } from './canonical.ts';
import { parentHash } from './hash.ts';

/** A stored node as a row: complete, level 1 and above. */
export interface NodeRow {
  readonly level: number;
  readonly idx: number;
  readonly hash: Uint8Array;
}

/** A complete subtree at the right edge, and how many of its kind stand before it. */
interface Edge {
  readonly level: number;
  readonly idx: number;
  readonly hash: Uint8Array;
}

/** Reads leaf hashes one after the other. */
export class StreamedTree {
  /** Complete subtrees that are not part of a larger one yet: right after left, each smaller than the one before. */
  readonly #edges: Edge[] = [];
  #size = 0;

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** Takes the next leaf hash, 32 bytes. Returns the nodes of level 1 and above that are complete with it, lowest first. */
  take(leaf: Uint8Array): readonly NodeRow[] {
    const completed: NodeRow[] = [];
    let edge: Edge = { level: 0, idx: this.#size, hash: leaf };
    for (let before = this.#edges.at(-1); before?.level === edge.level; before = this.#edges.at(-1)) {
      this.#edges.pop();
      edge = { level: edge.level + 1, idx: before.idx / 2, hash: parentHash(before.hash, edge.hash) };
      completed.push(edge);
    }
    this.#edges.push(edge);
    this.#size += 1;
    return completed;
  }

  /** The root over the leaves so far, 32 bytes; SHA-256 of nothing before the first. */
  root(): Uint8Array {
    let root = this.#edges.at(-1)?.hash;
    if (root === undefined) return createHash('sha256').digest();
    for (const { hash } of this.#edges.slice(0, -1).reverse()) root = parentHash(hash, root);
    return root;
  }
}

/**
 * The writer's stored nodes beside a streamed tree. Rows come in the order in which nodes become complete: by (idx + 1) * 2^level, then by
 * level, which is the order in which the writer stores them.
 */
export class StoredNodes {
  readonly #rows: AsyncIterator<NodeRow>;

  constructor(rows: AsyncIterable<NodeRow>) {
    this.#rows = rows[Symbol.asyncIterator]();
  }

  /** Checks the rows of the nodes that entry `seq` completes. Throws Wrong. */
  async match(completed: readonly NodeRow[], seq: number): Promise<void> {
    for (const { level, idx, hash } of completed) {
      const next = await this.#rows.next();
      const there = next.done !== true && next.value.level === level && next.value.idx === idx;
      // Sentences are written only where they are needed: there are as many nodes as entries.
      if (there && Buffer.compare(hash, next.value.hash) === 0) continue;
      const place = `node ${idx} of level ${level}, which entry ${seq} completes,`;
      throw new Wrong(there ? `${place} is not the hash of what lies under it` : `${place} is missing or not in its place`);
    }
  }

  /** Checks that no row is left once the entries have ended. Throws Wrong. */
  async end(): Promise<void> {
    must((await this.#rows.next()).done === true, 'there are nodes of the tree that no entry completes');
  }

  /** Gives up the rows before their end, so that their source can be closed. */
  async release(): Promise<void> {
    await this.#rows.return?.();
  }
}
