/** Keys of signed notes (C2SP signed-note, tlog-cosignature): their names and ids, their text form, and what is signed with them. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { EvidenceRefused } from './evidence-error.ts';
import { decodeBase64, encodeBase64 } from './exact-text.ts';
import type { NoteSignature } from './note.ts';

/** `ed25519` signs the text of a note; `cosignature` signs a checkpoint's text together with a time (cosignature/v1). */
export type NoteKeyType = 'ed25519' | 'cosignature';

/** The signature type identifier bytes that C2SP signed-note assigns. */
const typeBytes: Readonly<Record<NoteKeyType, number>> = { ed25519: 0x01, cosignature: 0x04 };

/** A key that signatures are checked with. */
export interface VerifierKey {
  readonly name: string;
  readonly type: NoteKeyType;
  /** Four bytes: together with the name they tell which line is of this key. */
  readonly id: Uint8Array;
  /** The Ed25519 public key, 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array;
  readonly key: KeyObject;
}

/** A key that signs notes with Ed25519. One that is kept in a device answers later, and may fail with NotSigned. */
export interface NoteSigner {
  readonly verifier: VerifierKey;
  sign(text: string): NoteSignature | Promise<NoteSignature>;
}

/** A key in this process: it signs at once. */
export interface LocalSigner extends NoteSigner {
  sign(text: string): NoteSignature;
}

/** The key did not sign: nothing was stored, and the log goes on. The message is a sentence for staff, without its full stop. */
export class NotSigned extends Error {
  override readonly name = 'NotSigned';
  /** False where trying again is of no use, or would spend a try of a PIN. */
  readonly again: boolean;

  constructor(message: string, again: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.again = again;
  }
}

/** A witness's key: it signs checkpoints that it has seen to be consistent, with the time in whole seconds since 1970. */
export interface NoteCosigner {
  readonly verifier: VerifierKey;
  cosign(text: string, seconds: number): NoteSignature;
}

const namePattern = /^[^\p{White_Space}+]+$/u;

/** True for a key name: not empty, without Unicode spaces or plus. */
export function isKeyName(name: string): boolean {
  return namePattern.test(name);
}

/** What an Ed25519 key in DER begins with (RFC 8410 sections 4 and 7); the 32 bytes of the key follow. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A verifier key from its parts. Throws EvidenceRefused `malformed` for a bad name or a key that is not 32 bytes. */
export function makeVerifierKey(name: string, type: NoteKeyType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new EvidenceRefused('malformed', 'not the name of a key');
  if (publicKey.byteLength !== 32) throw new EvidenceRefused('malformed', 'not an Ed25519 public key of 32 bytes');
  const owned = Uint8Array.from(publicKey);
  const key = createPublicKey({ key: Buffer.concat([spkiPrefix, owned]), format: 'der', type: 'spki' });
  const encoded = Buffer.from([typeBytes[type], ...owned]);
  const id = createHash('sha256').update(`${name}\n`).update(encoded).digest().subarray(0, 4);
  return { name, type, id, publicKey: owned, key };
}

/** The text form `name+id+base64(type || key)`, the id in lower-case hex. */
export function formatVerifierKey({ name, type, id, publicKey }: VerifierKey): string {
  return `${name}+${Buffer.from(id).toString('hex')}+${encodeBase64(Buffer.from([typeBytes[type], ...publicKey]))}`;
}

/** Reads the text form. Throws EvidenceRefused `malformed`, also for an id that is not the key's own and for other types of signature. */
export function parseVerifierKey(text: string): VerifierKey {
  // Neither a name nor an id holds a plus; base64 may.
  const [, name = '', id = '', material = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text) ?? [];
  const [byte, ...publicKey] = decodeBase64(material);
  const type = (['ed25519', 'cosignature'] as const).find((one) => typeBytes[one] === byte);
  if (type === undefined) throw new EvidenceRefused('malformed', 'not a verifier key of a known type');
  const key = makeVerifierKey(name, type, Uint8Array.from(publicKey));
  if (Buffer.from(key.id).toString('hex') !== id) throw new EvidenceRefused('malformed', 'the id of the key is not its own');
  return key;
}

/** The private key of an Ed25519 seed of 32 bytes (RFC 8032 section 5.1.5). The caller wipes the seed. Throws RangeError for another length. */
export function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  if (seed.byteLength !== 32) throw new RangeError('an Ed25519 seed is 32 bytes');
  const der = Buffer.concat([pkcs8Prefix, seed]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** A signer of notes. Throws EvidenceRefused for a bad name and RangeError for a key that is not Ed25519. */
export function makeSigner(name: string, privateKey: KeyObject): LocalSigner {
  const verifier = verifierOf(name, 'ed25519', privateKey);
  const text = (message: string): Uint8Array => sign(null, Buffer.from(message, 'utf8'), privateKey);
  return { verifier, sign: (message) => ({ name, keyId: verifier.id, signature: text(message) }) };
}

/** A signer of cosignatures. Throws as `makeSigner`; `cosign` throws RangeError for a time that is not whole seconds from 0 on. */
export function makeCosigner(name: string, privateKey: KeyObject): NoteCosigner {
  const verifier = verifierOf(name, 'cosignature', privateKey);
  const cosign = (text: string, seconds: number): NoteSignature => {
    if (!Number.isSafeInteger(seconds) || seconds < 0) throw new RangeError(`not a time in whole seconds: ${seconds}`);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(seconds));
    return { name, keyId: verifier.id, signature: Buffer.concat([time, sign(null, cosignedMessage(text, seconds), privateKey)]) };
  };
  return { verifier, cosign };
}

function verifierOf(name: string, type: NoteKeyType, privateKey: KeyObject): VerifierKey {
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519') throw new RangeError('not an Ed25519 private key');
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return makeVerifierKey(name, type, spki.subarray(spkiPrefix.byteLength));
}

/** What a cosignature/v1 signs: a header line, a line with the time, the whole text of the checkpoint. */
function cosignedMessage(text: string, seconds: number): Uint8Array {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`, 'utf8');
}

/** What a good signature says beside the text: a cosignature its time, in seconds. */
export interface Signed {
  readonly seconds?: number;
}

/** Checks a signature (without the key id) of this key over a text. Undefined when it does not verify. */
export function checkSignature(verifier: VerifierKey, text: string, signature: Uint8Array): Signed | undefined {
  if (verifier.type === 'ed25519')
    return signature.byteLength === 64 && verify(null, Buffer.from(text, 'utf8'), verifier.key, signature) ? {} : undefined;
  if (signature.byteLength !== 72) return undefined;
  const time = Buffer.from(signature.subarray(0, 8)).readBigUInt64BE();
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const seconds = Number(time);
  return verify(null, cosignedMessage(text, seconds), verifier.key, signature.subarray(8)) ? { seconds } : undefined;
}
