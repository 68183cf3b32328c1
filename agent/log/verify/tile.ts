/** The files of a bundle for whoever does not trust the writer: which must come, in which order, and how large each is (C2SP tlog-tiles). */
import { must } from './canonical.ts';

/** What stands at one place of a bundle. */
export type Expected =
  | { readonly kind: 'entries'; readonly name: string; readonly first: number; readonly count: number }
  | { readonly kind: 'hashes'; readonly name: string; readonly level: number; readonly index: number; readonly count: number }
  /** Checkpoints of seals, sealed fields and attachments of the entries of one tile, any number of files. `place`: the number of the tile as its path writes it. */
  | { readonly kind: 'of-tile'; readonly place: string }
  /** Tables beside the tree, any number of files. */
  | { readonly kind: 'tables' }
  | { readonly kind: 'last'; readonly name: 'station.json' | 'checkpoint' | 'add-checkpoint' };

const wide = 256n;

/** Everything that a bundle of the entries from `from` to before `size` holds, in order. */
export function* expectedFiles(from: number, size: number): Generator<Expected, void, undefined> {
  const end = BigInt(size);
  yield* rightEdge(BigInt(from));
  for (let at = (BigInt(from) / wide) * wide; at < end; at += wide) {
    const count = Number(end - at < wide ? end - at : wide);
    const place = encode(at / wide);
    const part = count < 256 ? `.p/${count}` : '';
    yield { kind: 'entries', name: `tile/entries/${place}${part}`, first: Number(at), count };
    yield { kind: 'hashes', name: `tile/0/${place}${part}`, level: 0, index: Number(at), count };
    yield { kind: 'of-tile', place };
    // The tile of level L is full where 256^(L+1) divides the number of entries.
    let [level, span] = [1, wide * wide];
    for (; count === 256 && (at + wide) % span === 0n; level += 1, span *= wide) {
      const index = (at + wide) / span - 1n;
      yield { kind: 'hashes', name: `tile/${level}/${encode(index)}`, level, index: Number(index * wide), count: 256 };
    }
  }
  yield* rightEdge(end);
  yield { kind: 'tables' };
  for (const name of ['station.json', 'checkpoint', 'add-checkpoint'] as const) yield { kind: 'last', name };
}

/** The partial tiles above level 0 of a tree of this size. */
function* rightEdge(size: bigint): Generator<Expected, void, undefined> {
  let [level, span] = [1, wide];
  for (; span <= size; level += 1, span *= wide) {
    const count = Number((size / span) % wide);
    const index = size / span / wide;
    if (count > 0) yield { kind: 'hashes', name: `tile/${level}/${encode(index)}.p/${count}`, level, index: Number(index * wide), count };
  }
}

function encode(index: bigint): string {
  let path = (index % 1000n).toString().padStart(3, '0');
  for (let rest = index / 1000n; rest > 0n; rest /= 1000n) path = `x${(rest % 1000n).toString().padStart(3, '0')}/${path}`;
  return path;
}

/** The bodies of an entry bundle: each behind its length of 16 bits. Throws Wrong. */
export function readEntryBundle(bytes: Uint8Array, first: number, count: number): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bodies: Uint8Array[] = [];
  let at = 0;
  while (bodies.length < count) {
    const seq = first + bodies.length;
    must(at + 2 <= bytes.byteLength, `entry ${seq} is missing`);
    const length = view.getUint16(at);
    must(at + 2 + length <= bytes.byteLength, `entry ${seq} is cut off`);
    bodies.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  must(at === bytes.byteLength, `there is more behind entry ${first + count - 1} than entries`);
  return bodies;
}

/** The hashes of a tile. Throws Wrong unless it holds exactly so many. */
export function readTile(bytes: Uint8Array, count: number): readonly Uint8Array[] {
  must(bytes.byteLength === count * 32, `it does not hold ${count} hashes`);
  return Array.from({ length: count }, (_, place) => bytes.subarray(place * 32, place * 32 + 32));
}
