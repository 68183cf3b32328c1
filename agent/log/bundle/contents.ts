/**
 * The files of a bundle in their one order (tlog-tiles, and what stands beside the tree). What never changes comes first and what a later export
 * writes anew comes last, so that the first parts of an export that is resumed are the same bytes as before. A page of entries is held at a time.
 */
import type { Database } from '../database.ts';
import { nodeReader } from '../schema.ts';
import { MissingNode } from '../tree.ts';
import { attachmentsOf, readAttachment } from './attachments.ts';
import { sealedSizes } from './seals.ts';
import { checkpointLines, hasTable, sealedLines, tableLines, wholeTables } from './tables.ts';
import { edgeTiles, indexPath, leafTiles, type Tile, tilePath, tilesAbove, tileWidth } from './tile.ts';

export interface BundleFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Which entries stand in it, from `first` to before `end`. */
  readonly entries?: { readonly first: number; readonly end: number };
}

export interface Contents {
  /** A log with nodes, in a transaction that sees `size` entries. */
  readonly database: Database;
  readonly from: number;
  readonly size: number;
  /** Where attachments lie. */
  readonly attachments: string;
  /** What comes last: the configuration, the checkpoint, the proof. */
  readonly last: readonly BundleFile[];
}

/** A place between two files: so many steps, and so many files of the next one. */
export interface Cursor {
  readonly step: number;
  readonly skip: number;
}

type Step = () => AsyncIterable<BundleFile> | Iterable<BundleFile>;

/** The files from a place on, each with the place behind it. Throws DatabaseError, LogRefusal, MissingNode or ExportRefused. */
export async function* filesFrom(
  contents: Contents,
  { step: first, skip }: Cursor,
): AsyncGenerator<{ readonly file: BundleFile; readonly next: Cursor }, void, undefined> {
  const count = 3 + leafTiles(contents.from, contents.size).length;
  for (let step = first; step < count; step += 1) {
    let done = 0;
    for await (const file of stepOf(contents, step, count)()) {
      done += 1;
      if (step > first || done > skip) yield { file, next: { step, skip: done } };
    }
  }
}

function stepOf(contents: Contents, step: number, count: number): Step {
  const { database, from, size, last } = contents;
  // What stands left of the range, so that its root can be made without the entries before it.
  if (step === 0) return () => hashTiles(database, edgeTiles(from));
  if (step === count - 1) return () => last;
  if (step === count - 2) return () => besideTheTree(contents);
  const tile = leafTiles(from, size)[step - 1];
  return () => (tile === undefined ? [] : leafTile(contents, tile));
}

async function* leafTile(contents: Contents, tile: Tile): AsyncGenerator<BundleFile, void, undefined> {
  const { database, attachments } = contents;
  const first = tile.index * tileWidth;
  const end = first + tile.width;
  const rows = await database.all('SELECT body FROM entry WHERE seq >= ? AND seq < ? ORDER BY seq', [first, end]);
  const bodies = rows.map(({ body }) => body as Uint8Array);
  yield { name: tilePath('entries', tile), bytes: entryBundle(bodies), entries: { first, end } };
  yield* hashTiles(database, [tile]);
  yield* numbered(`seals/${indexPath(tile.index)}`, checkpointLines(database, sealedSizes(bodies)));
  if (await hasTable(database, 'sealed')) yield* numbered(`sealed/${indexPath(tile.index)}`, sealedLines(database, first, end));
  for (const sha256 of attachmentsOf(bodies)) yield* numbered(`attachments/${sha256}`, readAttachment(attachments, sha256));
  yield* hashTiles(database, tilesAbove(tile));
}

async function* besideTheTree({ database, size }: Contents): AsyncGenerator<BundleFile, void, undefined> {
  yield* hashTiles(database, edgeTiles(size));
  for (const table of wholeTables)
    if (await hasTable(database, table[0])) yield* numbered(`tables/${table[0]}`, tableLines(database, table));
}

/** Entries behind their lengths of 16 bits, the high byte first (tlog-tiles, "Log entries"). */
function entryBundle(bodies: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    bodies.flatMap((body) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(body.byteLength);
      return [length, body];
    }),
  );
}

/** Level L of the tiles is level 8 * L of the tree. */
async function* hashTiles(database: Database, tiles: readonly Tile[]): AsyncGenerator<BundleFile, void, undefined> {
  for (const tile of tiles) {
    const wanted = Array.from({ length: tile.width }, (_, place) => ({ level: tile.level * 8, index: tile.index * tileWidth + place }));
    const hashes = await nodeReader(database)(wanted);
    const bytes = wanted.map((id, place) => {
      const hash = hashes[place];
      if (hash === undefined) throw new MissingNode(id);
      return hash;
    });
    yield { name: tilePath(tile.level, tile), bytes: Buffer.concat(bytes) };
  }
}

async function* numbered(folder: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<BundleFile, void, undefined> {
  let number = 0;
  for await (const bytes of pieces) {
    yield { name: `${folder}/${String(number).padStart(3, '0')}`, bytes };
    number += 1;
  }
}
