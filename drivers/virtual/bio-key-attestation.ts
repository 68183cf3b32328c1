/** How a virtual bio key attests: a demo root whose private key everybody can compute, and one certificate for each key (WebAuthn section 8.2.1). */
import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { demoAaguid } from './bio-key-identity.ts';

const oid = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  country: '0603550406',
  organization: '060355040a',
  unit: '060355040b',
  commonName: '0603550403',
  basicConstraints: '0603551d13',
  keyUsage: '0603551d0f',
  subjectKeyIdentifier: '0603551d0e',
  authorityKeyIdentifier: '0603551d23',
  /** id-fido-gen-ce-aaguid, 1.3.6.1.4.1.45724.1.1.4. */
  aaguid: '060b2b0601040182e51c010104',
} as const;

/** One DER element (X.690). Contents in hex or bytes. */
function der(tag: number, ...contents: readonly (Uint8Array | string)[]): Buffer {
  const body = Buffer.concat(contents.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));
  if (body.length < 0x80) return Buffer.concat([Uint8Array.of(tag, body.length), body]);
  const length = body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

const sequence = (...contents: readonly (Uint8Array | string)[]): Buffer => der(0x30, ...contents);

function name(unit: string, commonName: string): Buffer {
  const attribute = (type: string, tag: number, value: string): Buffer => der(0x31, sequence(type, der(tag, Buffer.from(value))));
  return sequence(
    attribute(oid.country, 0x13, 'XX'),
    attribute(oid.organization, 0x0c, 'Countersign demo, not a real device'),
    attribute(oid.unit, 0x0c, unit),
    attribute(oid.commonName, 0x0c, commonName),
  );
}

const rootName = name('Demo root', 'Countersign demo root');
const critical = der(0x01, 'ff');

/** The private key of the demo root: no secret, so that nobody can take it for one. */
export function demoRootKey(): KeyObject {
  const scalar = createHash('sha256').update('The key of the Countersign demo root is public.').digest();
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const base64url = (bytes: Buffer): string => bytes.toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: base64url(scalar), x: base64url(point.subarray(1, 33)), y: base64url(point.subarray(33)) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** RFC 5280 section 4.2.1.2, method 1: SHA-1 of the public point, which is the last 65 bytes of the SPKI. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest();
}

function certificate(subject: Buffer, publicKey: KeyObject, ...own: readonly Buffer[]): Uint8Array {
  const issuerKey = createPublicKey(demoRootKey());
  const subjectId = sequence(oid.subjectKeyIdentifier, der(0x04, der(0x04, keyIdentifier(publicKey))));
  const authorityId = sequence(oid.authorityKeyIdentifier, der(0x04, sequence(der(0x80, keyIdentifier(issuerKey)))));
  const extensions = sequence(...own, subjectId, authorityId);
  const algorithm = sequence(oid.ecdsaWithSha256);
  const validity = sequence(der(0x17, Buffer.from('250101000000Z')), der(0x18, Buffer.from('20741231235959Z')));
  const serial = der(0x02, '01', randomBytes(15));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const body = sequence(der(0xa0, der(0x02, '02')), serial, algorithm, rootName, validity, subject, spki, der(0xa3, extensions));
  return new Uint8Array(sequence(body, algorithm, der(0x03, '00', sign('sha256', body, demoRootKey()))));
}

/** Makes the root certificate anew: how `demoRootCertificate` came to be. */
export function makeDemoRootCertificate(): Uint8Array {
  const basicConstraints = sequence(oid.basicConstraints, critical, der(0x04, sequence(critical)));
  const keyUsage = sequence(oid.keyUsage, critical, der(0x04, der(0x03, '0106')));
  return certificate(rootName, createPublicKey(demoRootKey()), basicConstraints, keyUsage);
}

/** The attestation certificate of one virtual key, DER: version 3, no CA, with the AAGUID extension, not critical. */
export function makeAttestationCertificate(publicKey: KeyObject): Uint8Array {
  const basicConstraints = sequence(oid.basicConstraints, critical, der(0x04, sequence()));
  const aaguid = sequence(oid.aaguid, der(0x04, der(0x04, demoAaguid)));
  return certificate(name('Authenticator Attestation', 'Countersign virtual bio key'), publicKey, basicConstraints, aaguid);
}
