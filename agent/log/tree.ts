/**
 * The Merkle tree over the leaf hashes of the log (RFC 6962 section 2.1, RFC 9162 section 2.1): pure, no I/O. Only complete nodes are kept,
 * because only these never change: node (level, index) stands over the leaves from index * 2^level to (index + 1) * 2^level - 1. Level 0 is
 * the leaf hashes, which stand beside the entries already; what is to be stored begins at level 1.
 */
import { createHash } from 'node:crypto';

/** The place of a complete node. */
export interface NodeId {
  readonly level: number;
  readonly index: number;
}

/** A complete node and its hash, 32 bytes. */
export interface TreeNode extends NodeId {
  readonly hash: Uint8Array;
}

/** Reads complete nodes, each in the place in which it was asked for; level 0 is the leaf hashes. Undefined where one is not stored. */
export type ReadNodes = (wanted: readonly NodeId[]) => Promise<readonly (Uint8Array | undefined)[]>;

/** All that is needed of a tree to grow it and to know its root: its size and the hashes of its largest complete nodes, left to right. */
export interface Frontier {
  readonly size: number;
  readonly peaks: readonly Uint8Array[];
}

/** The tree without a leaf. */
export const emptyFrontier: Frontier = { size: 0, peaks: [] };

const nodePrefix = Buffer.from([1]);

/** SHA-256(0x01 || left || right): no leaf has such a hash, because a leaf is hashed behind 0x00 (RFC 6962 section 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/** The root of the tree without a leaf: SHA-256 of nothing, 32 bytes. */
export function emptyRoot(): Uint8Array {
  return createHash('sha256').digest();
}

/** The nodes whose hashes are the peaks of a tree of this size, left to right: one for each bit of the size. */
export function peaksOf(size: number): readonly NodeId[] {
  mustBeSize(size);
  return cover({ begin: 0, end: size });
}

/**
 * Puts leaf hashes at the end. `nodes` are the complete nodes of level 1 and above that came to be, in the order in which they did: after the
 * leaf that completes them, lower levels first. All of them belong into the commit of the leaves. Throws RangeError for a hash that is not
 * 32 bytes or a frontier that cannot be.
 */
export function appendLeaves(
  frontier: Frontier,
  leaves: readonly Uint8Array[],
): { readonly frontier: Frontier; readonly nodes: readonly TreeNode[] } {
  mustBeSize(frontier.size + leaves.length);
  if (frontier.peaks.length !== peaksOf(frontier.size).length) throw new RangeError(`not the peaks of a tree of ${frontier.size} leaves`);
  const peaks = [...frontier.peaks];
  const nodes: TreeNode[] = [];
  let size = frontier.size;
  for (const leaf of leaves) {
    if (leaf.byteLength !== 32) throw new RangeError('a leaf hash is 32 bytes');
    let hash = leaf;
    // Every bit that is set at the low end of the size is a peak that this leaf closes.
    for (let level = 1, index = size; index % 2 === 1; level += 1) {
      const left = peaks.pop();
      if (left === undefined) throw new RangeError(`not the peaks of a tree of ${size} leaves`);
      index = (index - 1) / 2;
      hash = nodeHash(left, hash);
      nodes.push({ level, index, hash });
    }
    peaks.push(hash);
    size += 1;
  }
  return { frontier: { size, peaks }, nodes };
}

/** The root of a tree, 32 bytes. */
export function rootOf(frontier: Frontier): Uint8Array {
  return frontier.size === 0 ? emptyRoot() : fold(frontier.peaks);
}

/** The frontier of the tree of the first `size` leaves, from stored nodes, in one read. Throws MissingNode. */
export async function readFrontier(size: number, readNodes: ReadNodes): Promise<Frontier> {
  return { size, peaks: size === 0 ? [] : await readAll(peaksOf(size), readNodes) };
}

/** A stored node that a proof needs is not there or is not a hash: the table of nodes is damaged, and is made anew from the leaves. */
export class MissingNode extends Error {
  override readonly name = 'MissingNode';
  readonly level: number;
  readonly index: number;

  constructor({ level, index }: NodeId) {
    super(`node ${index} of level ${level} is not stored`);
    this.level = level;
    this.index = index;
  }
}

/**
 * The hashes that lead from leaf `index` to the root of the first `size` leaves, lowest first, at most ceil(log2 size) of them (RFC 9162
 * section 2.1.3.1). One read. Throws RangeError unless index < size, and MissingNode.
 */
export function inclusionProof(index: number, size: number, readNodes: ReadNodes): Promise<readonly Uint8Array[]> {
  mustBeSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const path: Range[] = [];
  let rest: Range = { begin: 0, end: size };
  while (rest.end - rest.begin > 1) {
    const [left, right] = split(rest);
    path.push(index < left.end ? right : left);
    rest = index < left.end ? left : right;
  }
  return hashesOf(path.reverse(), readNodes);
}

/**
 * The hashes that show that the first `from` of the first `to` leaves are the tree that once had only these (RFC 9162 section 2.1.4.1). One
 * read. Throws RangeError unless 0 < from <= to (nothing can be shown of the empty tree, and nothing has to be), and MissingNode.
 */
export function consistencyProof(from: number, to: number, readNodes: ReadNodes): Promise<readonly Uint8Array[]> {
  mustBeSize(to);
  if (!Number.isSafeInteger(from) || from < 1 || from > to) throw new RangeError(`no proof from size ${from} to size ${to}`);
  const path: Range[] = [];
  let rest: Range = { begin: 0, end: to };
  // Down to the node that ends where the smaller tree ends.
  while (rest.end !== from) {
    const [left, right] = split(rest);
    path.push(from <= left.end ? right : left);
    rest = from <= left.end ? left : right;
  }
  // Where that node is the whole smaller tree, the verifier has its hash already.
  if (rest.begin !== 0) path.push(rest);
  return hashesOf(path.reverse(), readNodes);
}

/** Leaves from `begin` to before `end`. */
interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Both sides of a tree: the left one has the largest power of two of leaves that leaves something for the right one. */
function split({ begin, end }: Range): readonly [Range, Range] {
  let width = 1;
  while (width * 2 < end - begin) width *= 2;
  return [
    { begin, end: begin + width },
    { begin: begin + width, end },
  ];
}

/** The complete nodes over the leaves of a range of this tree, left to right, the largest first. */
function cover({ begin, end }: Range): readonly NodeId[] {
  const nodes: NodeId[] = [];
  for (let at = begin; at < end;) {
    let level = 0;
    while (2 ** (level + 1) <= end - at) level += 1;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** The hash over neighbours, the largest of them left (RFC 6962 section 2.1: a tree that is not complete hangs to the right). */
function fold(peaks: readonly Uint8Array[]): Uint8Array {
  return peaks.reduceRight((right, left) => nodeHash(left, right));
}

async function hashesOf(ranges: readonly Range[], readNodes: ReadNodes): Promise<readonly Uint8Array[]> {
  const covers = ranges.map(cover);
  const hashes = await readAll(covers.flat(), readNodes);
  let used = 0;
  return covers.map(({ length }) => fold(hashes.slice(used, (used += length))));
}

async function readAll(wanted: readonly NodeId[], readNodes: ReadNodes): Promise<readonly Uint8Array[]> {
  if (wanted.length === 0) return [];
  const found = await readNodes(wanted);
  return wanted.map((id, place) => {
    const hash = found[place];
    if (hash?.byteLength !== 32) throw new MissingNode(id);
    return hash;
  });
}

function mustBeSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`not the size of a tree: ${size}`);
}
