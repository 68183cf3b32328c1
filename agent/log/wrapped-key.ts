/**
 * An Ed25519 private key as PKCS#8 in PEM, wrapped by a passphrase (RFC 5958 EncryptedPrivateKeyInfo; PBES2 of RFC 8018 with scrypt, RFC 7914
 * section 7, and AES-256-CBC). `openssl pkey` opens it. Node writes PBKDF2 with few rounds only, so the frame is written here; it reads both.
 */
import { createCipheriv, type KeyObject, randomBytes, scryptSync } from 'node:crypto';

/** 16 MiB and about a quarter of a second; OpenSSL opens nothing that needs more than 32 MiB. */
const cost = { N: 16_384, r: 8, p: 5 } as const;

/** What the PEM of a key that is wrapped, or is not, begins with. */
export const pemLabels = { passphrase: '-----BEGIN ENCRYPTED PRIVATE KEY-----', none: '-----BEGIN PRIVATE KEY-----' } as const;
/** Whether a passphrase guards the key. */
export type Wrapping = keyof typeof pemLabels;

/** The PEM of a key that is wrapped. The passphrase is not wiped here. */
export function wrapKey(key: KeyObject, passphrase: Uint8Array): string {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const wrapping = scryptSync(passphrase, salt, 32, cost);
  const plain = key.export({ format: 'der', type: 'pkcs8' });
  try {
    const cipher = createCipheriv('aes-256-cbc', wrapping, iv);
    const wrapped = Buffer.concat([cipher.update(plain), cipher.final()]);
    const parameters = der(0x30, der(0x04, salt), integer(cost.N), integer(cost.r), integer(cost.p), integer(wrapping.length));
    const scheme = der(0x30, der(0x30, oids.scrypt, parameters), der(0x30, oids.aes256Cbc, der(0x04, iv)));
    return pem(der(0x30, der(0x30, oids.pbes2, scheme), der(0x04, wrapped)));
  } finally {
    wrapping.fill(0);
    plain.fill(0);
  }
}

const oids = {
  pbes2: Buffer.from('06092a864886f70d01050d', 'hex'),
  scrypt: Buffer.from('06092b06010401da47040b', 'hex'),
  aes256Cbc: Buffer.from('060960864801650304012a', 'hex'),
} as const;

/** Everything here is shorter than 256 bytes. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(content.length < 128 ? [tag, content.length] : [tag, 0x81, content.length]), content]);
}

function integer(value: number): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return der(0x02, (bytes[0] ?? 0) < 128 ? bytes : Buffer.from([0, ...bytes]));
}

function pem(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [pemLabels.passphrase, ...lines, pemLabels.passphrase.replace('BEGIN', 'END'), ''].join('\n');
}
