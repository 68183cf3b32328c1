/**
 * Merkle proofs for whoever does not trust the writer: by recursion over the definitions of RFC 6962 sections 2.1.1 and 2.1.2 from the root
 * down, where the writer's own check climbs from the leaf up. It throws Wrong where a proof does not hold.
 */
import { must } from './canonical.ts';
import { parentHash } from './hash.ts';

type Hash = Uint8Array;

/** Checks that the leaf hash stands at `index` of the tree of `size` leaves with this root. */
export function checkInclusion(leaf: Hash, index: number, size: number, proof: readonly Hash[], root: Hash): void {
  mustBeNumbers(index, size);
  must(index < size, `there is no entry ${index} in a log of ${size} entries`);
  mustBeHashes([leaf, root, ...proof]);
  const climb = (place: number, width: number, path: readonly Hash[]): Hash => {
    if (width === 1) {
      must(path.length === 0, 'the proof is too long');
      return leaf;
    }
    const beside = path.at(-1);
    must(beside !== undefined, 'the proof is too short');
    const [left, rest] = [leftWidth(width), path.slice(0, -1)];
    if (place < left) return parentHash(climb(place, left, rest), beside);
    return parentHash(beside, climb(place - left, width - left, rest));
  };
  must(equal(climb(index, size, proof), root), 'the proof leads to another root');
}

/** Checks that the tree of `to` leaves begins with the tree of `from` leaves. From nothing there is nothing to check, and it is refused. */
export function checkConsistency(from: number, fromRoot: Hash, to: number, toRoot: Hash, proof: readonly Hash[]): void {
  mustBeNumbers(from, to);
  must(from > 0 && from <= to, `there is no proof from ${from} entries to ${to}`);
  if (from < to) mustBeHashes([fromRoot, toRoot, ...proof]);
  // The roots over the old leaves and over all leaves of one part of the tree. `whole`: this part begins where the tree begins.
  const both = (old: number, width: number, path: readonly Hash[], whole: boolean): readonly [Hash, Hash] => {
    const last = path.at(-1);
    if (old === width) {
      must(path.length === (whole ? 0 : 1), 'the proof is too long or too short');
      const known = whole ? fromRoot : last;
      must(known !== undefined, 'the proof is too short');
      return [known, known];
    }
    must(last !== undefined, 'the proof is too short');
    const [left, rest] = [leftWidth(width), path.slice(0, -1)];
    if (old <= left) {
      const [before, after] = both(old, left, rest, whole);
      return [before, parentHash(after, last)];
    }
    const [before, after] = both(old - left, width - left, rest, false);
    return [parentHash(last, before), parentHash(last, after)];
  };
  const [before, after] = both(from, to, proof, true);
  must(equal(before, fromRoot), 'the proof leads to another older root');
  must(equal(after, toRoot), 'the proof leads to another newer root');
}

/** The largest power of two below `width`. */
function leftWidth(width: number): number {
  return 2 ** ((width - 1).toString(2).length - 1);
}

function mustBeNumbers(...numbers: readonly number[]): void {
  must(
    numbers.every((number) => Number.isSafeInteger(number) && number >= 0),
    'not the number of an entry or the size of a log',
  );
}

function mustBeHashes(hashes: readonly Hash[]): void {
  must(
    hashes.every(({ byteLength }) => byteLength === 32),
    'a hash that is not 32 bytes long',
  );
}

function equal(one: Hash, other: Hash): boolean {
  return Buffer.from(one).equals(other);
}
