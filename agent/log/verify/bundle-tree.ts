/**
 * The tree of a bundle for whoever does not trust the writer: the tiles above the leaves are made again from the leaves and have to be the ones that came, and the root is
 * made from what is left. What stands left of the range comes from tiles that nothing else proves; the root binds them. Memory grows with the logarithm of the size.
 */
import { must } from './canonical.ts';
import { parentHash } from './hash.ts';

export class TileTree {
  /** Of each level, the hashes that are not part of a full tile yet. */
  readonly #open: Uint8Array[][] = [];
  /** Full tiles above level 0 that were made and not seen yet, the lowest first. */
  #made: { readonly level: number; readonly hashes: readonly Uint8Array[] }[] = [];

  /** The same tree, which grows by itself; tiles to be seen are not in it. */
  copy(): TileTree {
    const copy = new TileTree();
    copy.#open.push(...this.#open.map((hashes) => [...hashes]));
    return copy;
  }

  /** Takes the hashes left of the range: the partial tile of a level above 0. */
  takeLeft(level: number, hashes: readonly Uint8Array[]): void {
    this.#level(level).push(...hashes);
  }

  /** Takes the leaf hashes of a tile. */
  takeLeaves(hashes: readonly Uint8Array[]): void {
    this.#level(0).push(...hashes);
    for (let level = 0; this.#level(level).length === 256; level += 1) {
      const full = this.#level(level).splice(0);
      if (level > 0) this.#made.push({ level, hashes: full });
      this.#level(level + 1).push(treeHash(full));
    }
  }

  /** Checks a tile above level 0 that came behind the leaves. Throws Wrong. */
  check(level: number, hashes: readonly Uint8Array[]): void {
    const full = this.#made[0];
    if (hashes.length === 256) this.#made = this.#made.slice(1);
    const own = hashes.length === 256 ? (full?.level === level ? full.hashes : []) : this.#level(level);
    const same = own.length === hashes.length && own.every((hash, place) => Buffer.compare(hash, hashes[place] ?? new Uint8Array()) === 0);
    must(same, 'the tile is not that of the entries below it');
  }

  /** The root over everything so far. */
  root(): Uint8Array {
    let rest: Uint8Array | undefined;
    for (const hashes of this.#open) {
      const list = rest === undefined ? hashes : [...hashes, rest];
      if (list.length > 0) rest = treeHash(list);
    }
    must(rest !== undefined, 'there is nothing in the tree');
    return rest;
  }

  #level(level: number): Uint8Array[] {
    return (this.#open[level] ??= []);
  }
}

/** RFC 6962 section 2.1 over hashes of subtrees; all are equally large, but for the last one, which may be smaller. */
function treeHash(hashes: readonly Uint8Array[]): Uint8Array {
  const [first] = hashes;
  must(first !== undefined, 'there is nothing in the tree');
  if (hashes.length === 1) return first;
  const left = 2 ** (31 - Math.clz32(hashes.length - 1));
  return parentHash(treeHash(hashes.slice(0, left)), treeHash(hashes.slice(left)));
}
