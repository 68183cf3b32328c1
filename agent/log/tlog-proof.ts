/** C2SP tlog-proof: an entry's number, its inclusion proof and a checkpoint as one text, which is checked with the log's public key alone. */
import { type CheckpointTrust, openCheckpoint, type OpenedCheckpoint, parseHead } from './checkpoint.ts';
import { EvidenceRefused } from './evidence-error.ts';
import { decodeBase64, decodeDecimal, decodeHash, decodeText, encodeBase64 } from './exact-text.ts';
import { noteLimit, parseNote } from './note.ts';
import { verifyInclusion } from './proof.ts';
import { leafHash } from './record.ts';

export interface TlogProof {
  /** Number of the entry, from 0. */
  readonly index: number;
  /** Inclusion proof, hashes of 32 bytes, lowest first. */
  readonly hashes: readonly Uint8Array[];
  /** A signed note, verbatim. */
  readonly checkpoint: Uint8Array;
  /** Nobody signed it: it must not be believed. */
  readonly extra?: Uint8Array;
}

/** Longest text, bytes: a note, 53 hashes and some extra data. */
export const tlogProofLimit = noteLimit + 8192;
const header = 'c2sp.org/tlog-proof@v1';

/** Writes the text. Throws EvidenceRefused `malformed` for parts that would not read back. */
export function formatTlogProof({ index, hashes, checkpoint, extra }: TlogProof): Uint8Array {
  const extraLine = extra === undefined ? [] : [`extra ${encodeBase64(extra)}`];
  const lines = [header, ...extraLine, `index ${index}`, ...hashes.map(encodeBase64), ''];
  const bytes = Buffer.concat([Buffer.from(`${lines.join('\n')}\n`, 'utf8'), checkpoint]);
  parseTlogProof(bytes);
  return bytes;
}

/** Reads the text; believes nothing of it yet. Throws EvidenceRefused `malformed`, also for more hashes than a tree of that size can have. */
export function parseTlogProof(bytes: Uint8Array): TlogProof {
  const whole = decodeText(bytes, tlogProofLimit);
  // No line before the checkpoint is empty, so the first empty one is the border.
  const border = whole.indexOf('\n\n');
  const [first, ...lines] = whole.slice(0, Math.max(border, 0)).split('\n');
  if (border < 0 || first !== header) throw new EvidenceRefused('malformed', 'not a proof of a transparency log');
  const extra = lines[0]?.startsWith('extra ') === true ? decodeBase64(lines.shift()?.slice(6) ?? '') : undefined;
  if (extra?.byteLength === 0) throw new EvidenceRefused('malformed', 'an empty line of extra data');
  const indexLine = lines.shift();
  if (indexLine?.startsWith('index ') !== true) throw new EvidenceRefused('malformed', 'a proof without the number of its entry');
  const index = decodeDecimal(indexLine.slice(6));
  const hashes = lines.map(decodeHash);
  const checkpoint = Buffer.from(whole.slice(border + 2), 'utf8');
  const { size } = parseHead(parseNote(checkpoint).text);
  // At most ceil(log2 size) hashes, so 2^(hashes - 1) < size.
  if (index >= size || (hashes.length > 0 && 2 ** (hashes.length - 1) >= size))
    throw new EvidenceRefused('malformed', 'a proof that no tree of this size has');
  return { index, hashes, checkpoint, ...(extra === undefined ? {} : { extra }) };
}

/** An entry that is proven to be in the log, under a checkpoint that the log signed. */
export interface ProvenEntry {
  readonly index: number;
  readonly checkpoint: OpenedCheckpoint;
}

/** Checks that these bytes of an entry's body are in the log. Throws EvidenceRefused: `not-included`, and as `openCheckpoint`. */
export function verifyTlogProof(text: Uint8Array, body: Uint8Array, trust: CheckpointTrust): ProvenEntry {
  const { index, hashes, checkpoint } = parseTlogProof(text);
  const opened = openCheckpoint(checkpoint, trust);
  if (!verifyInclusion(leafHash(body), index, opened.size, hashes, opened.root))
    throw new EvidenceRefused('not-included', 'the entry is not in the log in this place with these bytes');
  return { index, checkpoint: opened };
}
