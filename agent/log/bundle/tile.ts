/**
 * The tiles of C2SP tlog-tiles and the order in which a bundle holds them: pure. A tile is 256 neighbours of one level of the tree; what is
 * left over at the right edge is a partial tile. Level L counts in steps of 256: its hashes stand over 256^L leaves.
 */

/** Hashes in a full tile, and entries in a full entry bundle. */
export const tileWidth = 256;

/** One tile: at level L the hashes from `index` * 256 on, `width` of them. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  /** 1 to 256. */
  readonly width: number;
}

/** An index in groups of three digits, all but the last behind an `x`: 1234067 is `x001/x234/067` (tlog-tiles, "Merkle Tree"). */
export function indexPath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  return groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group)).join('/');
}

/** The name of a tile, or of the entry bundle (`entries`) at its place. */
export function tilePath(level: number | 'entries', { index, width }: Pick<Tile, 'index' | 'width'>): string {
  return `tile/${level}/${indexPath(index)}${width < tileWidth ? `.p/${width}` : ''}`;
}

/** The tiles of level 0 that hold the leaves from `from` to before `size`: the first may begin before `from`. */
export function leafTiles(from: number, size: number): readonly Tile[] {
  const first = Math.floor(from / tileWidth);
  const count = Math.ceil(size / tileWidth) - first;
  return Array.from({ length: Math.max(0, count) }, (_, place) => {
    const index = first + place;
    return { level: 0, index, width: Math.min(tileWidth, size - index * tileWidth) };
  });
}

/** The full tiles above level 0 that end with a full tile of level 0, the lowest first. */
export function tilesAbove({ index, width }: Tile): readonly Tile[] {
  const tiles: Tile[] = [];
  if (width < tileWidth) return tiles;
  for (let level = 1, end = index + 1; end % tileWidth === 0; level += 1) {
    end /= tileWidth;
    tiles.push({ level, index: end - 1, width: tileWidth });
  }
  return tiles;
}

/** The partial tiles above level 0 at the right edge of a tree of this size, the lowest first. */
export function edgeTiles(size: number): readonly Tile[] {
  const tiles: Tile[] = [];
  for (let level = 1, hashes = Math.floor(size / tileWidth); hashes > 0; level += 1, hashes = Math.floor(hashes / tileWidth)) {
    const width = hashes % tileWidth;
    if (width > 0) tiles.push({ level, index: Math.floor(hashes / tileWidth), width });
  }
  return tiles;
}
