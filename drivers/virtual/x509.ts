/** A small X.509 encoder (RFC 5280) for the certificates and revocation lists of the demo. It makes, it never judges. */
import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto';
import { readOneTlv, readTlvs, tlv } from './ber-tlv.ts';

/** Distinguished names in the order in which they are written. */
export interface DistinguishedName {
  readonly country?: string;
  readonly organisation?: string;
  readonly surname?: string;
  readonly givenName?: string;
  readonly commonName: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Bits of KeyUsage by number (RFC 5280 section 4.2.1.3). */
export const keyUsageBit = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, crlSign: 6 } as const;

/** id-kp-clientAuth (RFC 5280 section 4.2.1.12). */
export const clientAuth = '1.3.6.1.5.5.7.3.2';

const nameOids = {
  country: '2.5.4.6',
  organisation: '2.5.4.10',
  surname: '2.5.4.4',
  givenName: '2.5.4.42',
  commonName: '2.5.4.3',
} as const;

/** A DER object identifier from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const arcs = [first * 40 + second, ...rest].map((arc) => {
    const bytes = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift(0x80 + (left % 128));
    return Uint8Array.from(bytes);
  });
  return tlv(0x06, ...arcs);
}

/** A DER Name. Country is a PrintableString (RFC 5280 appendix A), everything else UTF-8. */
export function name(parts: DistinguishedName): Uint8Array {
  const order = ['country', 'organisation', 'surname', 'givenName', 'commonName'] as const;
  const sets = order.flatMap((key) => {
    const text = parts[key];
    if (text === undefined) return [];
    return [tlv(0x31, tlv(0x30, oid(nameOids[key]), tlv(key === 'country' ? 0x13 : 0x0c, Buffer.from(text, 'utf8'))))];
  });
  return tlv(0x30, ...sets);
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
export function time(date: Date): Uint8Array {
  const digits = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050 ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits));
}

/** A positive INTEGER of 16 random bytes: the serial number of a certificate (RFC 5280 section 4.1.2.2). */
export function randomSerial(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return tlv(0x02, bytes);
}

/** Key identifier of a SubjectPublicKeyInfo: leftmost 160 bits of the SHA-256 of the key bits (RFC 7093 section 2, method 1). */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  const bits = readTlvs(readOneTlv(spki).value)[1];
  if (bits === undefined) throw new Error('not a SubjectPublicKeyInfo');
  return createHash('sha256').update(bits.value.subarray(1)).digest().subarray(0, 20);
}

export const extension = {
  basicConstraints: (ca: boolean): Uint8Array => extensionOf('2.5.29.19', true, tlv(0x30, ...(ca ? [tlv(0x01, Uint8Array.of(0xff))] : []))),
  keyUsage: (...bits: readonly number[]): Uint8Array => {
    const last = Math.max(...bits);
    const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
    return extensionOf('2.5.29.15', true, tlv(0x03, Uint8Array.of(7 - last, byte)));
  },
  extendedKeyUsage: (...purposes: readonly string[]): Uint8Array => extensionOf('2.5.29.37', false, tlv(0x30, ...purposes.map(oid))),
  subjectKeyIdentifier: (id: Uint8Array): Uint8Array => extensionOf('2.5.29.14', false, tlv(0x04, id)),
  authorityKeyIdentifier: (id: Uint8Array): Uint8Array => extensionOf('2.5.29.35', false, tlv(0x30, tlv(0x80, id))),
  crlNumber: (number: number): Uint8Array => extensionOf('2.5.29.20', false, tlv(0x02, Uint8Array.of(number & 0x7f))),
} as const;

export interface CertificateParts {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly validity: Validity;
  readonly spki: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

/** An X.509 v3 certificate, DER, signed by `issuerKey` (RSA with SHA-256, P-256 with SHA-256, P-384 with SHA-384). */
export function certificate(parts: CertificateParts, issuerKey: KeyObject): Uint8Array {
  return signed(issuerKey, (algorithm) =>
    tlv(
      0x30,
      tlv(0xa0, tlv(0x02, Uint8Array.of(2))),
      randomSerial(),
      algorithm,
      parts.issuer,
      tlv(0x30, time(parts.validity.notBefore), time(parts.validity.notAfter)),
      parts.subject,
      parts.spki,
      tlv(0xa3, tlv(0x30, ...parts.extensions)),
    ),
  );
}

/** SEQUENCE { to be signed, algorithm, BIT STRING signature }: the frame of certificates and of revocation lists. */
export function signed(key: KeyObject, toBeSigned: (algorithm: Uint8Array) => Uint8Array): Uint8Array {
  const { hash, algorithm } = algorithmOf(key);
  const body = toBeSigned(algorithm);
  return tlv(0x30, body, algorithm, tlv(0x03, Uint8Array.of(0), sign(hash, body, key)));
}

function algorithmOf(key: KeyObject): { hash: string; algorithm: Uint8Array } {
  if (key.asymmetricKeyType === 'rsa') return { hash: 'sha256', algorithm: tlv(0x30, oid('1.2.840.113549.1.1.11'), tlv(0x05)) };
  if (key.asymmetricKeyDetails?.namedCurve === 'secp384r1') return { hash: 'sha384', algorithm: tlv(0x30, oid('1.2.840.10045.4.3.3')) };
  return { hash: 'sha256', algorithm: tlv(0x30, oid('1.2.840.10045.4.3.2')) };
}

function extensionOf(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return tlv(0x30, oid(id), ...(critical ? [tlv(0x01, Uint8Array.of(0xff))] : []), tlv(0x04, value));
}
