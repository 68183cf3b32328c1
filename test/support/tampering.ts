/** What can be done to a signed PDF afterwards: bits that are flipped, signatures that are exchanged, ranges that are moved. */
import { seeded } from './seeded.ts';

export interface SignedPlaces {
  /** Offset of "<", and the one after ">", of the newest signature's /Contents. */
  readonly start: number;
  readonly end: number;
  readonly cms: Uint8Array;
}

/** Where the newest signature of a PDF of ours stands. Throws when there is none. */
export function newestSignature(pdf: Uint8Array): SignedPlaces {
  const text = Buffer.from(pdf).toString('latin1');
  const found = [...text.matchAll(/\/ByteRange \[0 (\d+) (\d+) \d+\]/g)].at(-1);
  if (found === undefined) throw new Error('no signature in this PDF');
  const [start, end] = [Number(found[1]), Number(found[2])];
  return { start, end, cms: Uint8Array.from(Buffer.from(text.slice(start + 1, end - 1), 'hex')) };
}

/** The PDF with another CMS in the place of its newest one; throws when it does not fit. */
export function withCms(pdf: Uint8Array, cms: Uint8Array): Uint8Array {
  const { start, end } = newestSignature(pdf);
  const room = end - start - 2;
  const digits = Buffer.from(cms).toString('hex').toUpperCase();
  if (digits.slice(room).replace(/0/g, '') !== '') throw new Error('the CMS is too long');
  const copy = Buffer.from(pdf);
  copy.write(digits.slice(0, room).padEnd(room, '0'), start + 1, 'latin1');
  return Uint8Array.from(copy);
}

export function withBitFlipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  if (at < 0 || at >= bytes.length) throw new RangeError('no such byte');
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

/** `count` copies, each with one bit flipped between two offsets, at places that the seed chooses. */
export function bitFlips(
  bytes: Uint8Array,
  from: number,
  to: number,
  count: number,
  seed: number,
): readonly (readonly [string, Uint8Array])[] {
  const next = seeded(seed);
  return Array.from({ length: count }, () => {
    const [at, bit] = [from + next(to - from), next(8)];
    return [`bit ${bit} of byte ${at}`, withBitFlipped(bytes, at, bit)] as const;
  });
}

/** The PDF with another byte range, written in the room of the old one. */
export function withRange(pdf: Uint8Array, change: (range: readonly number[]) => readonly number[]): Uint8Array {
  const text = Buffer.from(pdf).toString('latin1');
  const found = [...text.matchAll(/\/ByteRange \[([\d ]+)\] */g)].at(-1);
  if (found === undefined) throw new Error('no byte range in this PDF');
  const range = change((found[1] ?? '').trim().split(' ').map(Number));
  const written = `/ByteRange [${range.join(' ')}]`.padEnd(found[0].length);
  if (written.length !== found[0].length) throw new Error('the byte range is too long');
  const copy = Buffer.from(pdf);
  copy.write(written, found.index, 'latin1');
  return Uint8Array.from(copy);
}
