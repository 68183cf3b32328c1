/**
 * Reads a bundle for whoever does not trust the writer: decrypts its parts, takes only the files that a bundle has, in their one order, and holds the entries against the
 * tiles, the tiles against the root, the root against the checkpoint, and that against the one before. It gives what it read as it goes; only when it has come to its end
 * may any of it be believed. A file is in memory at a time.
 */
import { createHash } from 'node:crypto';
import { openAge, recipientOf } from './age.ts';
import { BesideTile, BesideTree, type TileEntry } from './beside-tile.ts';
import { type FoundBundle, readPart, Unreadable } from './bundle-folder.ts';
import { TileTree } from './bundle-tree.ts';
import { must, readCanonical, Wrong } from './canonical.ts';
import type { Row } from './chain.ts';
import { readSignedHead } from './checkpoint.ts';
import type { Manifest, ManifestPart } from './manifest.ts';
import { checkConsistency } from './proof.ts';
import { readTar } from './tar.ts';
import { RecentRoots, TileSeals } from './tile-seals.ts';
import { type Expected, expectedFiles, readEntryBundle, readTile } from './tile.ts';

/** What comes out of a bundle, in its order: entries, and files as they are. */
export type BundleItem =
  { readonly kind: 'row'; readonly row: Row } | { readonly kind: 'file'; readonly name: string; readonly bytes: Uint8Array };

/** Reads a whole bundle with the identity that it is encrypted to. Throws Wrong, with the name of the part, and Unreadable when none of the identities is. */
export async function* readBundle(found: FoundBundle, identities: readonly Uint8Array[]): AsyncGenerator<BundleItem, void, undefined> {
  const { manifest } = found;
  const identity = identities.find((one) => recipientOf(one) === manifest.recipient);
  if (identity === undefined) throw new Unreadable(`${found.name} is encrypted to ${manifest.recipient}, and that identity was not given`);
  const reader = new Reader(manifest);
  for (const part of manifest.parts) {
    try {
      for await (const { name, bytes } of readTar(openAge(identity, hashed(found.folder, part)))) {
        yield* reader.take(part, name, bytes);
        yield { kind: 'file', name, bytes };
      }
      if (part === manifest.parts.at(-1)) reader.end();
    } catch (error) {
      if (error instanceof Wrong) throw new Wrong(error.message.startsWith(part.name) ? error.message : `${part.name}: ${error.message}`);
      throw error;
    }
  }
}

/** The bytes of a part. Whatever comes out of them is believed only when they had the hash of the manifest to their end. */
async function* hashed(folder: string, part: ManifestPart): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  for await (const piece of readPart(folder, part)) {
    hash.update(piece);
    yield piece;
  }
  must(hash.digest('hex') === part.sha256, `${part.name} was changed: it does not have the hash that the manifest names`);
}

class Reader {
  readonly #manifest: Manifest;
  readonly #expected: Iterator<Expected, void>;
  #next: Expected | undefined;
  readonly #tree = new TileTree();
  readonly #besideTree = new BesideTree();
  readonly #roots = new RecentRoots();
  #besideTile: BesideTile;
  #bodies: readonly Uint8Array[] | undefined;
  #entries: readonly TileEntry[] = [];
  /** Leaf of the last entry, hex. */
  #head: string | undefined;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.#besideTile = this.#beside('');
    this.#expected = expectedFiles(manifest.from, manifest.size);
    this.#step();
  }

  /** Takes the next file. Gives the entries that are whole with it. */
  *take(part: ManifestPart, name: string, bytes: Uint8Array): Generator<BundleItem, void, undefined> {
    for (let expected = this.#next; ; expected = this.#next) {
      must(expected !== undefined, `${name} stands behind the end of the bundle`);
      if (expected.kind === 'of-tile' || expected.kind === 'tables') {
        const beside = expected.kind === 'tables' ? this.#besideTree : this.#besideTile;
        if (beside.take(name, bytes)) return;
        if (expected.kind === 'of-tile') this.#besideTile.end();
        this.#step();
        continue;
      }
      must(name === expected.name, `${JSON.stringify(name)} stands where ${expected.name} must stand`);
      try {
        if (expected.kind === 'entries') this.#takeBodies(expected, part, bytes);
        else if (expected.kind === 'last') this.#takeLast(expected.name, bytes);
        else if (expected.level === 0) yield* this.#takeLeaves(expected.index, readTile(bytes, expected.count));
        else if (this.#head === undefined) this.#tree.takeLeft(expected.level, readTile(bytes, expected.count));
        else this.#tree.check(expected.level, readTile(bytes, expected.count));
      } catch (error) {
        throw error instanceof Wrong ? new Wrong(`${name}: ${error.message}`) : error;
      }
      this.#step();
      return;
    }
  }

  end(): void {
    must(
      this.#next === undefined,
      `the bundle ends before ${this.#next !== undefined && 'name' in this.#next ? this.#next.name : 'its end'}`,
    );
  }

  #step(): void {
    const { done, value } = this.#expected.next();
    this.#next = done === true ? undefined : value;
    if (this.#next?.kind === 'of-tile') this.#besideTile = this.#beside(this.#next.place);
  }

  #beside(place: string): BesideTile {
    return new BesideTile(this.#entries, place, new TileSeals(this.#entries, this.#manifest, this.#roots));
  }

  #takeBodies({ first, count }: { first: number; count: number }, part: ManifestPart, bytes: Uint8Array): void {
    must(first >= part.first && first + count <= part.end, 'the manifest says that these entries stand in another part');
    this.#bodies = readEntryBundle(bytes, first, count);
  }

  *#takeLeaves(first: number, leaves: readonly Uint8Array[]): Generator<BundleItem, void, undefined> {
    const entries: TileEntry[] = [];
    for (const [place, leaf] of leaves.entries()) {
      const seq = first + place;
      const bytes = this.#bodies?.[place] ?? new Uint8Array();
      const hash = createHash('sha256').update('\0').update(bytes).digest();
      must(hash.equals(leaf), `entry ${seq} was changed: its bytes do not have the hash that stands beside them`);
      const body = readCanonical(bytes, seq);
      const prev = body.get('prev');
      const follows = this.#head === undefined || prev === this.#head;
      must(follows && typeof prev === 'string' && /^[0-9a-f]{64}$/.test(prev), `entry ${seq} does not follow the entry before it`);
      must(body.get('seq') === seq && body.get('origin') === this.#manifest.origin, `entry ${seq} belongs to another place or log`);
      entries.push({ seq, body });
      this.#head = hash.toString('hex');
      yield { kind: 'row', row: { seq, body: bytes, leaf, prev: Buffer.from(prev, 'hex') } };
    }
    this.#entries = entries;
    this.#roots.take(first, this.#tree, leaves);
    this.#tree.takeLeaves(leaves);
  }

  #takeLast(name: string, bytes: Uint8Array): void {
    if (name === 'station.json') return;
    const note = name === 'checkpoint' ? bytes : this.#checkProof(bytes);
    const { size, root } = readSignedHead(note, this.#manifest);
    const { size: stated, root: statedRoot } = this.#manifest;
    must(size === stated && same(root, statedRoot), 'the checkpoint is not of the head that the manifest states');
    must(same(this.#tree.root(), root), 'the entries and tiles do not have the root that the checkpoint signs');
  }

  /** C2SP tlog-witness, `add-checkpoint`: the old size, the proof, an empty line, the checkpoint. Returns the checkpoint. */
  #checkProof(bytes: Uint8Array): Uint8Array {
    const shape = /^old (0|[1-9]\d{0,15})\n((?:[A-Za-z0-9+/]{43}=\n){0,63})\n([^]+)$/;
    const [, old, lines = '', note = ''] = shape.exec(Buffer.from(bytes).toString('utf8')) ?? [];
    must(old !== undefined, 'it is not a proof that is written in its one form');
    const hashes = lines.split('\n').slice(0, -1);
    const proof = hashes.map((line) => Buffer.from(line, 'base64'));
    must(
      proof.every((hash, place) => hash.toString('base64') === hashes[place]),
      'a hash that can be written in another way',
    );
    const { previous, size, root } = this.#manifest;
    must(Number(old) === (previous?.size ?? 0), 'the proof is not from the export before');
    if (previous === undefined) must(proof.length === 0, 'a proof from nothing');
    else checkConsistency(previous.size, previous.root, size, root, proof);
    return Buffer.from(note, 'utf8');
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
