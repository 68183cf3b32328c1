/**
 * Keys of the age format (C2SP age.md) held as bytes that can be wiped: X25519 and passphrase, written against `node:crypto`. The package
 * `age-encryption` makes and reads the file around them; its own keys are JavaScript strings, which nobody can wipe, and its scrypt holds
 * up the whole agent for seconds.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  scrypt,
} from 'node:crypto';
import { Decrypter, Encrypter, type Identity, type Recipient, Stanza } from 'age-encryption';
import { bech32 } from '@scure/base';

export type { Identity, Recipient } from 'age-encryption';

/** Work factor of scrypt for a passphrase, as a power of two: about half a second and 256 MiB. The same as age's own. */
export const workFactor = 18;
/** Highest work factor that is computed for a file that somebody else may have made. */
const highestWorkFactor = 20;

/** A key or file that is none of age's, or that was changed. */
export class AgeRefusal extends Error {
  override readonly name = 'AgeRefusal';
}

/** Encrypts bytes as an age file for the given recipients; a passphrase stands alone. */
export async function wrapFor(recipients: readonly Recipient[], secret: Uint8Array): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(secret);
}

/** Opens an age file. Throws AgeRefusal when it is not for this identity, was changed, or is no age file. */
export async function unwrapWith(identity: Identity, file: Uint8Array): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(file);
  } catch (cause) {
    throw new AgeRefusal('the file does not open with this key', { cause });
  }
}

/** Makes the bytes of a new X25519 identity: 32 random bytes. */
export function makeIdentity(): Uint8Array {
  return randomBytes(32);
}

/** Writes an identity as age writes it, `AGE-SECRET-KEY-1...`: for paper in a safe, never for keeping in memory. */
export function identityText(identity: Uint8Array): string {
  return bech32.encodeFromBytes('age-secret-key-', identity).toUpperCase();
}

/**
 * Reads the one identity of a file as `age-keygen` writes it: lines that are empty or begin with `#` are passed over. Returns its 32 bytes; the
 * caller wipes them and the text. Throws AgeRefusal for a file with none, several, or something else in it.
 */
export function parseIdentity(file: string): Uint8Array {
  const lines = file.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  const [text = ''] = lines;
  try {
    const { prefix, bytes } = bech32.decodeToBytes(text);
    if (lines.length === 1 && prefix === 'age-secret-key-' && bytes.byteLength === 32 && text === text.toUpperCase()) return bytes;
  } catch (cause) {
    throw new AgeRefusal('not a file with one age identity', { cause });
  }
  throw new AgeRefusal('not a file with one age identity');
}

/** The recipient of an identity, `age1...`. Throws RangeError unless the identity has 32 bytes. */
export function recipientOf(identity: Uint8Array): string {
  return bech32.encodeFromBytes('age', rawPublic(createPublicKey(privateKey(identity))));
}

/** Reads `age1...`. Throws AgeRefusal for what is no X25519 recipient. */
export function parseRecipient(text: string): Uint8Array {
  try {
    const { prefix, bytes } = bech32.decodeToBytes(text);
    if (prefix === 'age' && bytes.byteLength === 32 && text === text.toLowerCase()) return bytes;
  } catch (cause) {
    throw new AgeRefusal('not an age recipient', { cause });
  }
  throw new AgeRefusal('not an age recipient');
}

/** Encrypts to an `age1...` (age.md, "The X25519 recipient type"). Throws AgeRefusal for what is none. */
export function x25519Recipient(text: string): Recipient {
  const recipient = parseRecipient(text);
  return {
    wrapFileKey: (fileKey) => {
      const { privateKey: ephemeral, publicKey } = generateKeyPairSync('x25519');
      const share = rawPublic(publicKey);
      const key = x25519WrapKey(ephemeral, share, recipient, recipient);
      return [new Stanza(['X25519', base64(share)], chacha(key, fileKey))];
    },
  };
}

/** Opens what was encrypted to the recipient of these bytes. It keeps no copy of them: once they are wiped, it opens nothing. */
export function x25519Identity(identity: Uint8Array): Identity {
  return {
    unwrapFileKey: (stanzas) => {
      const secret = privateKey(identity);
      const recipient = rawPublic(createPublicKey(secret));
      for (const { args, body } of stanzas) {
        if (args[0] !== 'X25519') continue;
        const share = args.length === 2 ? unbase64(args[1] ?? '', 32) : undefined;
        if (share === undefined || body.byteLength !== 32) throw new AgeRefusal('an X25519 stanza that age does not write');
        const fileKey = unchacha(x25519WrapKey(secret, share, recipient, share), body);
        if (fileKey !== undefined) return fileKey;
      }
      return null;
    },
  };
}

/** Encrypts under a passphrase (age.md, "The scrypt recipient type"). `logN` is lower than usual in tests alone. */
export function passphraseRecipient(passphrase: Uint8Array, logN: number = workFactor): Recipient {
  return {
    wrapFileKey: async (fileKey) => {
      const salt = randomBytes(16);
      const key = await scryptWrapKey(passphrase, salt, logN);
      return [new Stanza(['scrypt', base64(salt), String(logN)], chacha(key, fileKey))];
    },
  };
}

/** Opens what was encrypted under a passphrase. It keeps no copy of the bytes. */
export function passphraseIdentity(passphrase: Uint8Array): Identity {
  return {
    unwrapFileKey: async (stanzas) => {
      const found = stanzas.find(({ args }) => args[0] === 'scrypt');
      if (found === undefined) return null;
      const [, saltText = '', logN = ''] = found.args;
      const salt = unbase64(saltText, 16);
      // age.md: a scrypt stanza stands alone, or who knows the passphrase would not be the only one who could have written the file.
      const sound = stanzas.length === 1 && found.args.length === 3 && found.body.byteLength === 32 && /^[1-9]\d?$/.test(logN);
      if (salt === undefined || !sound || Number(logN) > highestWorkFactor) throw new AgeRefusal('a scrypt stanza that is not taken');
      return unchacha(await scryptWrapKey(passphrase, salt, Number(logN)), found.body) ?? null;
    },
  };
}

const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b656e032100', 'hex');

function privateKey(identity: Uint8Array): KeyObject {
  if (identity.byteLength !== 32) throw new RangeError('an X25519 identity has 32 bytes');
  const der = Buffer.concat([pkcs8Prefix, identity]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

function rawPublic(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.byteLength);
}

/** `share` is the ephemeral key of the file; `other` is whichever of share and recipient is not ours. OpenSSL refuses a point of low order. */
function x25519WrapKey(ours: KeyObject, share: Uint8Array, recipient: Uint8Array, other: Uint8Array): Buffer {
  const theirs = createPublicKey({ key: Buffer.concat([spkiPrefix, other]), format: 'der', type: 'spki' });
  const shared = diffieHellman({ privateKey: ours, publicKey: theirs });
  try {
    return Buffer.from(hkdfSync('sha256', shared, Buffer.concat([share, recipient]), 'age-encryption.org/v1/X25519', 32));
  } finally {
    shared.fill(0);
  }
}

function scryptWrapKey(passphrase: Uint8Array, salt: Uint8Array, logN: number): Promise<Buffer> {
  const N = 2 ** logN;
  const labelled = Buffer.concat([Buffer.from('age-encryption.org/v1/scrypt'), salt]);
  return new Promise((resolve, reject) => {
    scrypt(passphrase, labelled, 32, { N, r: 8, p: 1, maxmem: 128 * 8 * N + 2 ** 20 }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

const noNonce = Buffer.alloc(12);

/** ChaCha20-Poly1305 with a key that is used once; the key is wiped. */
function chacha(key: Buffer, fileKey: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, noNonce, { authTagLength: 16 });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  key.fill(0);
  return body;
}

function unchacha(key: Buffer, body: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv('chacha20-poly1305', key, noNonce, { authTagLength: 16 });
  key.fill(0);
  decipher.setAuthTag(body.subarray(16));
  const fileKey = decipher.update(body.subarray(0, 16));
  try {
    decipher.final();
    return fileKey;
  } catch {
    return undefined;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** Base64 without padding, of this many bytes and in its one form. */
function unbase64(text: string, length: number): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.byteLength === length && base64(bytes) === text ? bytes : undefined;
}
