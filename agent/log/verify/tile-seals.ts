/**
 * Seals in a bundle for whoever does not trust the writer: each names a checkpoint, whose note comes with the tile that the seal stands in. The note is signed by the key of
 * the log, states what the seal says, and has the root of the entries before it. Tiles that were read are kept as far back as a seal may name.
 */
import { createHash } from 'node:crypto';
import type { TileEntry } from './beside-tile.ts';
import type { TileTree } from './bundle-tree.ts';
import { map, must } from './canonical.ts';
import { type KnownLog, readSignedHead } from './checkpoint.ts';

/** Tiles that are kept. A seal names the newest checkpoint but for those of appends that were under way meanwhile. */
const mostTiles = 4;

/** Roots of the tree over the entries that were read last. */
export class RecentRoots {
  readonly #tiles: { readonly first: number; readonly tree: TileTree; readonly leaves: readonly Uint8Array[] }[] = [];

  #begin: number | undefined;

  /** Takes the leaves of a tile, before `tree` does. */
  take(first: number, tree: TileTree, leaves: readonly Uint8Array[]): void {
    this.#begin ??= first;
    this.#tiles.push({ first, tree: tree.copy(), leaves });
    if (this.#tiles.length > mostTiles) this.#tiles.shift();
  }

  /** The root over so many entries; undefined where they end before the bundle begins. Throws Wrong where they end too far back or behind what was read. */
  at(size: number): Uint8Array | undefined {
    if (size <= (this.#begin ?? 0)) return undefined;
    const tile = this.#tiles.findLast(({ first }) => first < size);
    must(
      tile !== undefined && size <= tile.first + tile.leaves.length,
      `the checkpoint of ${size} entries is not one that a seal here can name`,
    );
    const tree = tile.tree.copy();
    tree.takeLeaves(tile.leaves.slice(0, size - tile.first));
    return tree.root();
  }
}

/** The seals of one tile. */
export class TileSeals {
  readonly #log: KnownLog;
  readonly #roots: RecentRoots;
  readonly #seals: readonly { readonly seq: number; readonly size: unknown; readonly root: unknown; readonly note: unknown }[];
  readonly #notes = new Set<unknown>();

  constructor(entries: readonly TileEntry[], log: KnownLog, roots: RecentRoots) {
    this.#log = log;
    this.#roots = roots;
    const seals = entries.filter(({ body }) => body.get('op') === 'seal');
    this.#seals = seals.map(({ seq, body }) => {
      const fields = map(body.get('fields'), seq);
      return { seq, size: fields.get('size'), root: fields.get('root'), note: fields.get('checkpoint_sha256') };
    });
  }

  /** Takes the note of a checkpoint. Throws Wrong when it is not the one that a seal names, or not of these entries. */
  take(size: unknown, note: Uint8Array): void {
    const named = this.#seals.filter((seal) => seal.size === size);
    must(
      named.length > 0 && !this.#notes.has(size),
      `a checkpoint of ${String(size)} entries came, and no seal beside it names that, or it came twice`,
    );
    const head = readSignedHead(note, this.#log);
    must(head.size === size, `the checkpoint that came as one of ${String(size)} entries is of ${head.size}`);
    const root = this.#roots.at(head.size);
    must(root === undefined || Buffer.compare(root, head.root) === 0, `the checkpoint of ${head.size} entries is not of these entries`);
    const digest = createHash('sha256').update(note).digest('hex');
    for (const seal of named) {
      const same = seal.note === digest && seal.root === Buffer.from(head.root).toString('hex');
      must(same, `entry ${seal.seq}: the checkpoint that it was sealed with is not the one that came`);
    }
    this.#notes.add(size);
  }

  /** Throws Wrong for a seal whose checkpoint did not come. */
  end(): void {
    for (const { seq, size } of this.#seals)
      must(this.#notes.has(size), `entry ${seq}: the checkpoint that it was sealed with did not come`);
  }
}
