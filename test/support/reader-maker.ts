/** A maker of fingerprint readers for tests, made with openssl: a root, perhaps a certificate between, and attestation certificates for its models. */
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attested } from '../../agent/people/attestation.ts';
import { type CborValue, encodeCbor } from '../../drivers/fido/cbor.ts';
import { coseAlgorithm, coseOfPublicKey } from '../../drivers/fido/cose.ts';

export interface Issued {
  readonly key: KeyObject;
  /** DER. */
  readonly certificate: Uint8Array;
}

export interface CertificateWishes {
  readonly subject?: string;
  readonly issuer?: Issued;
  readonly days?: number;
  /** Lines of an openssl extension section. */
  readonly extensions?: readonly string[];
  readonly curve?: string;
}

const attestationSubject = '/C=XX/O=Maker of readers/OU=Authenticator Attestation/CN=Reader 1';

/** Makes one certificate with openssl; without an issuer it signs itself. */
export function issue(wishes: CertificateWishes): Issued {
  const { subject = attestationSubject, issuer, days = 3650, extensions = [], curve = 'prime256v1' } = wishes;
  const folder = mkdtempSync(join(tmpdir(), 'maker-'));
  try {
    const at = (name: string): string => join(folder, name);
    const openssl = (...call: readonly string[]): Buffer => execFileSync('openssl', call, { stdio: ['ignore', 'pipe', 'pipe'] });
    const pem = (der: Uint8Array): string =>
      `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
    writeFileSync(at('conf'), ['[req]', 'distinguished_name=dn', '[dn]', '[ext]', ...extensions, ''].join('\n'));
    openssl('ecparam', '-name', curve, '-genkey', '-noout', '-out', at('key'));
    openssl('req', '-new', '-config', at('conf'), '-key', at('key'), '-subj', subject, '-out', at('request'));
    const signed = [
      'x509',
      '-req',
      '-in',
      at('request'),
      '-days',
      String(days),
      '-extfile',
      at('conf'),
      '-extensions',
      'ext',
      '-outform',
      'DER',
    ];
    if (issuer === undefined) openssl(...signed, '-signkey', at('key'), '-out', at('certificate'));
    else {
      writeFileSync(at('issuer'), pem(issuer.certificate));
      writeFileSync(at('issuer-key'), issuer.key.export({ type: 'pkcs8', format: 'pem' }));
      openssl(...signed, '-CA', at('issuer'), '-CAkey', at('issuer-key'), '-CAcreateserial', '-out', at('certificate'));
    }
    return { key: createPrivateKey(readFileSync(at('key'))), certificate: readFileSync(at('certificate')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The extension that names the model (WebAuthn section 8.2.1). `aaguid`: 32 hex digits. */
export function modelExtension(aaguid: string): string {
  return `1.3.6.1.4.1.45724.1.1.4=DER:0410${aaguid}`;
}

export interface CredentialWishes {
  readonly aaguid: string;
  readonly signer: KeyObject;
  /** Absent: the credential's own key signs, and no certificate is there. */
  readonly chain?: readonly Uint8Array[];
  readonly format?: string;
  readonly algorithm?: number;
}

/** A new credential as a reader gives it out: authenticator data, and a `packed` statement over it and the hash. */
export function newCredential(wishes: CredentialWishes): Attested {
  const { aaguid, signer, chain, format = 'packed', algorithm = coseAlgorithm.es256 } = wishes;
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const clientDataHash = createHash('sha256').update('an enrolment').digest();
  const id = Buffer.alloc(16, 7);
  const head = Buffer.concat([createHash('sha256').update('example.org').digest(), Buffer.from('4500000001', 'hex')]);
  const cose = encodeCbor(coseOfPublicKey(publicKey, coseAlgorithm.es256));
  const authenticatorData = Buffer.concat([head, Buffer.from(aaguid, 'hex'), Buffer.from([0, id.length]), id, cose]);
  const signature = sign('sha256', Buffer.concat([authenticatorData, clientDataHash]), signer);
  const fields: [string, CborValue][] = [
    ['alg', algorithm],
    ['sig', signature],
    ...(chain === undefined ? [] : ([['x5c', chain]] as [string, CborValue][])),
  ];
  return { aaguid, authenticatorData, clientDataHash, attestationFormat: format, attestationStatement: encodeCbor(new Map(fields)) };
}
