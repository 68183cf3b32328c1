/**
 * C2SP signed-note: a text, an empty line, and one line for each signature. What is read is refused unless it is written in the one form
 * that the standard allows; what is written is read again before anybody gets it.
 */
import { EvidenceRefused } from './evidence-error.ts';
import { decodeBase64, decodeText, encodeBase64 } from './exact-text.ts';
import { checkSignature, isKeyName, type Signed, type VerifierKey } from './note-key.ts';

/** Longest note, bytes. */
export const noteLimit = 16_384;

/** One signature line. */
export interface NoteSignature {
  readonly name: string;
  /** Four bytes. */
  readonly keyId: Uint8Array;
  /** What follows the id: 64 bytes for Ed25519, 72 for a cosignature, anything for keys that are not known here. */
  readonly signature: Uint8Array;
}

export interface Note {
  /** Ends in a newline. */
  readonly text: string;
  /** At least one. */
  readonly signatures: readonly NoteSignature[];
}

/** Reads a note without checking signatures: its text must not be believed yet. Throws EvidenceRefused `malformed`, also when longer than `limit` bytes. */
export function parseNote(bytes: Uint8Array, limit: number = noteLimit): Note {
  const whole = decodeText(bytes, limit);
  // The text may hold empty lines; the last one is the border.
  const border = whole.lastIndexOf('\n\n');
  if (border < 0 || !whole.endsWith('\n')) throw new EvidenceRefused('malformed', 'not a text, an empty line and signatures');
  const lines = whole
    .slice(border + 2)
    .split('\n')
    .slice(0, -1);
  if (lines.length === 0) throw new EvidenceRefused('malformed', 'a note without a signature');
  return { text: whole.slice(0, border + 1), signatures: lines.map(parseLine) };
}

function parseLine(line: string): NoteSignature {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ');
  if (dash !== '\u2014' || rest.length > 0 || !isKeyName(name)) throw new EvidenceRefused('malformed', 'not a signature line');
  const bytes = decodeBase64(encoded);
  if (bytes.byteLength < 5) throw new EvidenceRefused('malformed', 'a signature without a key id or without bytes');
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/** Writes a note. Throws EvidenceRefused `malformed` for parts that would not read back as they are, also when longer than `limit` bytes. */
export function formatNote({ text, signatures }: Note, limit: number = noteLimit): Uint8Array {
  const lines = signatures.map(({ name, keyId, signature }) => `\u2014 ${name} ${encodeBase64(Buffer.concat([keyId, signature]))}\n`);
  const bytes = Buffer.from(`${text}\n${lines.join('')}`, 'utf8');
  const read = parseNote(bytes, limit);
  const same = read.text === text && read.signatures.length === signatures.length;
  if (!same || !signatures.every((one, place) => one.keyId.byteLength === 4 && read.signatures[place]?.name === one.name))
    throw new EvidenceRefused('malformed', 'parts that would not read back as they are');
  return bytes;
}

/** The note with one more signature line at its end. Throws EvidenceRefused `repeated` when the key has a line there already, or `malformed`. */
export function addSignature(bytes: Uint8Array, signature: NoteSignature): Uint8Array {
  const { text, signatures } = parseNote(bytes);
  if (signatures.some((one) => isOf(one, signature.name, signature.keyId)))
    throw new EvidenceRefused('repeated', 'the note has a signature by this key already');
  return formatNote({ text, signatures: [...signatures, signature] });
}

/** A signature of a known key that was found good. */
export interface GoodSignature extends Signed {
  readonly key: VerifierKey;
}

/** A note with at least one good signature: its text may be believed as far as these keys are. */
export interface OpenedNote {
  readonly text: string;
  /** In the order of their lines. */
  readonly verified: readonly GoodSignature[];
  /** Lines of keys that are not known here, kept as they are. They say nothing. */
  readonly unknown: readonly NoteSignature[];
  /** The very bytes. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a note and checks its signatures. Name and id together tell whose a line is, so a known key may have one line. Throws EvidenceRefused:
 * `malformed`, `forged` (a line of a known key does not verify), `repeated`, or `unsigned` (no known key signed it).
 */
export function openNote(bytes: Uint8Array, keys: readonly VerifierKey[]): OpenedNote {
  const owned = Uint8Array.from(bytes);
  const { text, signatures } = parseNote(owned);
  const verified: GoodSignature[] = [];
  const unknown: NoteSignature[] = [];
  for (const line of signatures) {
    const key = keys.find(({ name, id }) => isOf(line, name, id));
    if (key === undefined) {
      unknown.push(line);
      continue;
    }
    if (verified.some((one) => one.key === key)) throw new EvidenceRefused('repeated', 'two signatures by one key');
    const signed = checkSignature(key, text, line.signature);
    if (signed === undefined) throw new EvidenceRefused('forged', 'a signature that its key did not make over this text');
    verified.push({ key, ...signed });
  }
  if (verified.length === 0) throw new EvidenceRefused('unsigned', 'no signature by a known key');
  return { text, verified, unknown, bytes: owned };
}

function isOf(line: NoteSignature, name: string, keyId: Uint8Array): boolean {
  return line.name === name && Buffer.compare(line.keyId, keyId) === 0;
}
