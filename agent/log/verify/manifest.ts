/** The manifest of a bundle for whoever does not trust the writer: one form, every number in its own place, signed by the log. */
import { createHash } from 'node:crypto';
import { must } from './canonical.ts';
import { type KnownLog, readNoteText, readSignedText, readVerifierKey, type SignedHead } from './checkpoint.ts';

/** A part as the manifest names it: entries from `first` to before `end` stand in it. */
export interface ManifestPart {
  readonly name: string;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  readonly first: number;
  readonly end: number;
}

export interface Manifest extends SignedHead, KnownLog {
  readonly number: number;
  /** The export before it in this epoch: SHA-256 of its manifest (hex), and the head that it stated. */
  readonly previous: (SignedHead & { readonly sha256: string }) | undefined;
  readonly from: number;
  readonly recipient: string;
  readonly parts: readonly ManifestPart[];
  /** SHA-256 of the note, hex. */
  readonly sha256: string;
  /** What the names of its files begin with. */
  readonly prefix: string;
}

const limit = 2 ** 20;
const number = '(0|[1-9]\\d{0,15})';
const shape = new RegExp(
  '^countersign/v1/bundle\\n' +
    'origin ([a-z0-9][a-z0-9.-]{0,99}/e([1-9]\\d{0,8}))\\n' +
    'key (\\S+)\\n' +
    `number ${number}\\n` +
    `previous (?:none|([0-9a-f]{64}) ${number} ([A-Za-z0-9+/]{43}=))\\n` +
    `from ${number}\\n` +
    `size ${number}\\n` +
    'root ([A-Za-z0-9+/]{43}=)\\n' +
    'recipient (age1[0-9a-z]{58})\\n' +
    '((?:part [^\\n]*\\n)+)$',
);
const partShape = new RegExp(`^part (\\S+) ${number} ([0-9a-f]{64}) ${number} ${number}$`);

/**
 * Reads a manifest and checks its signature: by `known`, or by the key that it says itself, and then it shows only that nothing was damaged and not whose it is.
 * Throws Wrong.
 */
export function readManifest(note: Uint8Array, known?: KnownLog): Manifest {
  const unsure = shape.exec(readNoteText(note, 'the manifest', limit));
  must(unsure !== null, 'the manifest is not written in its one form');
  const log = readVerifierKey(unsure[3] ?? '');
  must(log.origin === unsure[1], 'the manifest names the key of another log');
  if (known !== undefined) {
    must(known.origin === log.origin, `the manifest is of ${log.origin}, and not of ${known.origin}`);
    must(Buffer.from(known.publicKey).equals(log.publicKey), 'the manifest is by another key than that of the log');
  }
  const [, origin = '', epoch = '', , count, previous, before, beforeRoot, from, size, root, recipient = '', lines = ''] =
    shape.exec(readSignedText(note, log, 'the manifest', limit)) ?? [];
  const [begin, end] = [numberOf(from), numberOf(size)];
  must(begin < end, 'the manifest states a range that cannot be');
  const prefix = `E${epoch}-${String(numberOf(count)).padStart(5, '0')}`;
  const parts = lines.trimEnd().split('\n').map(readPart);
  let at = Math.floor(begin / 256) * 256;
  for (const [place, part] of parts.entries()) {
    const name = `${prefix}-${String(place + 1).padStart(4, '0')}.AGE`;
    must(part.name === name, `the manifest names ${part.name} where ${name} must stand`);
    must(part.first === at && part.end >= part.first, `${name} does not begin where the part before it ends`);
    at = part.end;
  }
  must(at === end, 'the parts in the manifest do not reach the end of the log');
  const earlier = previous === undefined ? undefined : { sha256: previous, size: numberOf(before), root: hashOf(beforeRoot) };
  must(earlier === undefined || (earlier.size > 0 && earlier.size <= end), 'the export before it was of a larger log');
  const sha256 = createHash('sha256').update(note).digest('hex');
  const facts = {
    origin,
    publicKey: log.publicKey,
    number: numberOf(count),
    previous: earlier,
    from: begin,
    size: end,
    root: hashOf(root),
  };
  return { ...facts, recipient, parts, sha256, prefix };
}

function readPart(line: string): ManifestPart {
  const [, name = '', size, sha256, first, end] = partShape.exec(line) ?? [];
  must(sha256 !== undefined, 'the manifest does not name its parts in their one form');
  return { name, size: numberOf(size), sha256, first: numberOf(first), end: numberOf(end) };
}

function hashOf(base64 = ''): Buffer {
  const hash = Buffer.from(base64, 'base64');
  must(hash.toString('base64') === base64, 'a hash of the manifest can be written in another way');
  return hash;
}

function numberOf(digits: string | undefined): number {
  const value = Number(digits);
  must(digits !== undefined && Number.isSafeInteger(value), 'a number of the manifest is too large');
  return value;
}
