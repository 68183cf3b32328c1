/**
 * Seals the personal fields of one entry and tier, and opens them: pure but for the random salt, no I/O, no key management. What is opened
 * was authenticated, stands where it was sealed, and is what the entry committed to; anything else is refused and nothing of it returned.
 *
 * - key = HKDF-SHA-256(data key, salt, `countersign/v1/seal-key\n`), 32 bytes (RFC 5869). The salt is random for each sealing, so that each key
 *   encrypts once; that is why the nonce may be twelve zero bytes (NIST SP 800-38D section 8: a nonce never repeats under one key).
 * - ciphertext = AES-256-GCM(key, JCS || 0x80 || zeros to a multiple of 256), tag of 16 bytes at the end (padding: ISO/IEC 7816-4).
 * - The commitment's salt is HKDF-SHA-256(data key, salt, `countersign/v1/commit-salt\n`) and not the stored one: names can be guessed, and
 *   with a salt beside it that anybody can read a commitment confirms each guess, for ever, in every copy. This one goes with the data key.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { type JsonObject, parseBody, bodyLimit, separatedHash, serialise } from './record.ts';
import { kidSchema, padTo, type SealedField, tagLength, type Tier, tiers } from './sealed-field.ts';

/** Where sealed fields stand, and the key that they are sealed under. A ciphertext opens nowhere else. */
export interface Place {
  readonly origin: string;
  readonly seq: number;
  readonly tier: Tier;
  readonly kid: string;
}

/** A row of the table `sealed`. `salt` (32 bytes) and `ciphertext` are empty once the person was erased. */
export interface SealedRow {
  readonly seq: number;
  readonly tier: Tier;
  readonly kid: string;
  readonly salt: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** What goes into the entry, and what goes into the table, in the same commit. */
export interface Sealed {
  readonly field: SealedField;
  readonly row: SealedRow;
}

/** Fields that were opened. SHA-256 of `evidence` is the `cm` of the entry: the bytes that are shown to a court, without any key. */
export interface Opened {
  readonly value: JsonObject;
  readonly evidence: Uint8Array;
}

/**
 * Why sealed fields do not open. `erased`: they are gone on purpose; `missing`: the entry has none, or their row or key is lost; `moved`: the
 * row is of another entry, tier or key.
 */
export type SealRefusalCode = 'erased' | 'missing' | 'moved' | 'ciphertext-changed' | 'not-authentic' | 'padding' | 'not-committed';

/** Sealed fields do not open; nothing of them was returned. */
export class SealRefusal extends Error {
  override readonly name = 'SealRefusal';
  readonly code: SealRefusalCode;

  constructor(code: SealRefusalCode, place: Pick<Place, 'seq' | 'tier'>, cause?: unknown) {
    super(`sealed fields of entry ${place.seq}, ${place.tier}, do not open: ${code}`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Bytes of a data key and of a salt. */
export const keyLength = 32;

/**
 * Seals fields at a place. `salt` is given by tests alone. Throws NotCanonical for a value that the log cannot hold, and RangeError for a
 * place or key that cannot be one, or for more than 65,535 bytes.
 */
export function seal(place: Place, dataKey: Uint8Array, value: JsonObject, salt: Uint8Array = randomBytes(keyLength)): Sealed {
  const { seq, tier, kid } = place;
  checkKey(dataKey, salt);
  const plaintext = Buffer.from(serialise(value), 'utf8');
  if (plaintext.byteLength > bodyLimit) throw new RangeError(`fields of more than ${bodyLimit} bytes`);
  const padded = pad(plaintext);
  const keys = derive(dataKey, salt);
  try {
    const cipher = createCipheriv('aes-256-gcm', keys.seal, nonce, { authTagLength: tagLength });
    cipher.setAAD(associatedData(place));
    const ciphertext = Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
    const cm = commitment(place, keys.commit, plaintext).toString('hex');
    const field = { tier, kid, cm, ct: hash(ciphertext).toString('hex'), len: ciphertext.byteLength };
    return { field, row: { seq, tier, kid, salt, ciphertext } };
  } finally {
    for (const secret of [keys.seal, keys.commit, plaintext, padded]) secret.fill(0);
  }
}

/**
 * Opens the fields that entry `seq` of log `origin` says `field` about, from the row that was found for it. Throws SealRefusal, and
 * RangeError for a key that cannot be one.
 */
export function open(origin: string, seq: number, field: SealedField, row: SealedRow, dataKey: Uint8Array): Opened {
  const { tier, kid, cm, ct, len } = field;
  const place: Place = { origin, seq, tier, kid };
  if (row.seq !== seq || row.tier !== tier || row.kid !== kid) throw new SealRefusal('moved', place);
  if (isBlank(row)) throw new SealRefusal('erased', place);
  if (row.ciphertext.byteLength !== len || !same(hash(row.ciphertext), ct)) throw new SealRefusal('ciphertext-changed', place);
  if (row.salt.byteLength !== keyLength) throw new SealRefusal('not-authentic', place);
  checkKey(dataKey, row.salt);
  const keys = derive(dataKey, row.salt);
  let padded: Buffer | undefined;
  try {
    padded = decrypt(place, keys.seal, row.ciphertext);
    const plaintext = unpad(padded);
    if (plaintext === undefined) throw new SealRefusal('padding', place);
    const evidence = commitmentInput(place, keys.commit, plaintext);
    if (!same(hash(evidence), cm)) throw new SealRefusal('not-committed', place);
    return { value: parseBody(plaintext), evidence };
  } finally {
    for (const secret of [keys.seal, keys.commit, padded]) secret?.fill(0);
  }
}

/** How a row stands to what its entry says, for who has no key. A row that is blank needs an `erase` entry that names its key. */
export function rowState(field: SealedField, row: SealedRow | undefined): 'present' | 'erased' | 'missing' | 'changed' {
  if (row === undefined) return 'missing';
  if (row.tier !== field.tier || row.kid !== field.kid) return 'changed';
  if (isBlank(row)) return 'erased';
  return row.ciphertext.byteLength === field.len && same(hash(row.ciphertext), field.ct) ? 'present' : 'changed';
}

/**
 * What is hashed into `cm`: `countersign/v1/commit\n`, origin `\n`, seq in decimal `\n`, tier `\n`, salt (32 bytes), JCS to the end. An
 * origin has no line break, a number and a tier have none, the salt has one length and the JCS comes last: it reads in one way only, and
 * `printf` and `sha256sum` make it. Throws RangeError for a place that cannot be one.
 */
export function commitmentInput(place: Place, salt: Uint8Array, plaintext: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`countersign/v1/commit\n${line(place)}`, 'utf8'), salt, plaintext]);
}

function commitment(place: Place, salt: Uint8Array, plaintext: Uint8Array): Buffer {
  return Buffer.from(separatedHash('commit', Buffer.concat([Buffer.from(line(place), 'utf8'), salt, plaintext])));
}

/** What the ciphertext is bound to: the place as in the commitment, and the key id as one line more. */
function associatedData(place: Place): Buffer {
  if (!kidSchema.safeParse(place.kid).success) throw new RangeError('not the id of a data key');
  return Buffer.from(`countersign/v1/seal\n${line(place)}${place.kid}\n`, 'utf8');
}

function line({ origin, seq, tier }: Place): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(origin)) throw new RangeError('not an origin');
  if (!Number.isSafeInteger(seq) || seq < 0) throw new RangeError('not the number of an entry');
  if (!tiers.includes(tier)) throw new RangeError('not a tier');
  return `${origin}\n${seq}\n${tier}\n`;
}

const nonce = Buffer.alloc(12);

function derive(dataKey: Uint8Array, salt: Uint8Array): { readonly seal: Buffer; readonly commit: Buffer } {
  const from = (what: string) => Buffer.from(hkdfSync('sha256', dataKey, salt, `countersign/v1/${what}\n`, keyLength));
  return { seal: from('seal-key'), commit: from('commit-salt') };
}

function decrypt(place: Place, key: Uint8Array, ciphertext: Uint8Array): Buffer {
  const end = ciphertext.byteLength - tagLength;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
  decipher.setAAD(associatedData(place));
  decipher.setAuthTag(ciphertext.subarray(end));
  const unproven = decipher.update(ciphertext.subarray(0, end));
  try {
    decipher.final();
    return unproven;
  } catch (cause) {
    unproven.fill(0);
    throw new SealRefusal('not-authentic', place, cause);
  }
}

function pad(plaintext: Uint8Array): Buffer {
  const padded = Buffer.alloc(Math.floor(plaintext.byteLength / padTo + 1) * padTo);
  padded.set(plaintext);
  padded[plaintext.byteLength] = 0x80;
  return padded;
}

/** The bytes before the padding, or undefined when it is not exactly the padding that `pad` writes. */
function unpad(padded: Uint8Array): Uint8Array | undefined {
  let end = padded.byteLength - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (end < 0 || padded[end] !== 0x80 || padded.byteLength - end > padTo) return undefined;
  return padded.subarray(0, end);
}

function isBlank({ salt, ciphertext }: SealedRow): boolean {
  return salt.byteLength === 0 && ciphertext.byteLength === 0;
}

function hash(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function same(digest: Uint8Array, hex: string): boolean {
  const expected = Buffer.from(hex, 'hex');
  return expected.byteLength === digest.byteLength && timingSafeEqual(expected, digest);
}

function checkKey(dataKey: Uint8Array, salt: Uint8Array): void {
  if (dataKey.byteLength !== keyLength || salt.byteLength !== keyLength)
    throw new RangeError(`a data key and a salt have ${keyLength} bytes`);
}
