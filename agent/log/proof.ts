/** Whether a Merkle proof holds (RFC 9162 sections 2.1.3.2 and 2.1.4.2): pure, throws nothing, and takes numbers and hashes from anybody. */
import { nodeHash } from './tree.ts';

/** True when `proof` leads from the leaf hash at `index` to the root of a tree of `size` leaves. */
export function verifyInclusion(leaf: Uint8Array, index: number, size: number, proof: readonly Uint8Array[], root: Uint8Array): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || ![leaf, root, ...proof].every(isHash)) return false;
  let [node, last] = [index, size - 1];
  let hash = leaf;
  for (const other of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(other, hash);
      // A node without a neighbour on its right goes up unchanged until it has one on its left.
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, other);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(hash, root);
}

/**
 * True when `proof` shows that the tree of `to` leaves with `toRoot` begins with the tree of `from` leaves with `fromRoot`. Never true from
 * the empty tree: its root says nothing of what comes.
 */
export function verifyConsistency(
  from: number,
  fromRoot: Uint8Array,
  to: number,
  toRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isCount(from) || !isCount(to) || from === 0 || from > to) return false;
  // Nothing is hashed here: two statements of one size are the same or not.
  if (from === to) return proof.length === 0 && isSame(fromRoot, toRoot);
  if (![fromRoot, toRoot, ...proof].every(isHash)) return false;
  let [node, last] = [from - 1, to - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // A tree of 2^k leaves is one complete node, and its hash is known: the proof leaves it out.
  const [first, ...rest] = node === 0 ? [fromRoot, ...proof] : proof;
  if (first === undefined || proof.length === 0) return false;
  let [older, newer] = [first, first];
  for (const other of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      [older, newer] = [nodeHash(other, older), nodeHash(other, newer)];
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newer = nodeHash(newer, other);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(older, fromRoot) && isSame(newer, toRoot);
}

/** Sizes go to 2^53-1, where shifts of 32 bits would be wrong. */
function half(number: number): number {
  return Math.floor(number / 2);
}

function isOdd(number: number): boolean {
  return number % 2 === 1;
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.byteLength === 32;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
