/**
 * A certificate authority for demo cards. Every name it writes says that it is not for real use; its key lies in plain PEM, so nothing
 * it signed may ever be trusted outside a demo or a test.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { readOneTlv, readTlvs, tlv } from './ber-tlv.ts';
import { certificate, clientAuth, extension, keyIdentifier, keyUsageBit, name, signed, time, type Validity } from './x509.ts';

/** Organisation in every subject and issuer that the demo writes. */
export const demoOrganisation = 'Countersign demo, not for real use';

/** A root certificate and its private key. Plain data, so that it can be kept in a file. */
export interface DemoCa {
  readonly certificate: string;
  readonly key: string;
}

export interface Holder {
  readonly commonName: string;
  readonly givenName: string;
  readonly surname: string;
  /** ISO 3166 alpha-2. */
  readonly country: string;
}

/** What a key on a card is for: logging in (digitalSignature, clientAuth) or signing documents (nonRepudiation alone). */
export type CardKeyUsage = 'authentication' | 'signature';

export interface CardCertificateRequest extends Validity {
  readonly holder: Holder;
  readonly usage: CardKeyUsage;
  /** Key of the card, SPKI DER. */
  readonly publicKey: Uint8Array;
}

const dayMs = 86_400_000;

/** A new root, P-256, valid from a month ago for twenty years. `commonName` is what a person sees as the issuer. */
export function createDemoCa(commonName: string, options: Partial<Validity> = {}): DemoCa {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = name({ organisation: demoOrganisation, commonName });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const id = keyIdentifier(spki);
  const der = certificate(
    {
      issuer: subject,
      subject,
      spki,
      validity: {
        notBefore: options.notBefore ?? new Date(Date.now() - 30 * dayMs),
        notAfter: options.notAfter ?? new Date(Date.now() + 20 * 365 * dayMs),
      },
      extensions: [
        extension.basicConstraints(true),
        extension.keyUsage(keyUsageBit.keyCertSign, keyUsageBit.crlSign),
        extension.subjectKeyIdentifier(id),
        extension.authorityKeyIdentifier(id),
      ],
    },
    privateKey,
  );
  return { certificate: new X509Certificate(der).toString(), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** A certificate for a key on a card, DER. Throws when `ca` is not what `createDemoCa` made. */
export function issueCardCertificate(ca: DemoCa, request: CardCertificateRequest): Uint8Array {
  const issuer = openCa(ca);
  const usage =
    request.usage === 'signature'
      ? [extension.keyUsage(keyUsageBit.nonRepudiation)]
      : [extension.keyUsage(keyUsageBit.digitalSignature), extension.extendedKeyUsage(clientAuth)];
  const subject = name({ ...request.holder, organisation: demoOrganisation });
  return certificate(
    {
      issuer: issuer.subject,
      subject,
      validity: request,
      spki: request.publicKey,
      extensions: [
        extension.basicConstraints(false),
        ...usage,
        extension.subjectKeyIdentifier(keyIdentifier(request.publicKey)),
        extension.authorityKeyIdentifier(issuer.keyId),
      ],
    },
    issuer.key,
  );
}

export interface RevocationListRequest {
  /** Certificates to revoke, DER. */
  readonly revoked: readonly Uint8Array[];
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Date of each revocation; `thisUpdate` when absent. */
  readonly revokedAt?: Date;
  /** crlNumber, 1 to 127. */
  readonly number?: number;
}

/** A revocation list, DER (RFC 5280 section 5). */
export function issueRevocationList(ca: DemoCa, request: RevocationListRequest): Uint8Array {
  const issuer = openCa(ca);
  const when = time(request.revokedAt ?? request.thisUpdate);
  const entries = request.revoked.map((der) => tlv(0x30, tbsField(der, 1), when));
  return signed(issuer.key, (algorithm) =>
    tlv(
      0x30,
      tlv(0x02, Uint8Array.of(1)),
      algorithm,
      issuer.subject,
      time(request.thisUpdate),
      time(request.nextUpdate),
      ...(entries.length > 0 ? [tlv(0x30, ...entries)] : []),
      tlv(0xa0, tlv(0x30, extension.authorityKeyIdentifier(issuer.keyId), extension.crlNumber(request.number ?? 1))),
    ),
  );
}

function openCa(ca: DemoCa): { key: KeyObject; subject: Uint8Array; keyId: Uint8Array } {
  const root = new X509Certificate(ca.certificate);
  const key = createPrivateKey(ca.key);
  if (!root.ca || !root.checkPrivateKey(key)) throw new Error('the certificate authority of the demo does not fit its key');
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return { key, subject: tbsField(root.raw, 5), keyId: keyIdentifier(spki) };
}

/** Field of a v3 TBSCertificate by position: 0 version, 1 serial, 2 algorithm, 3 issuer, 4 validity, 5 subject. */
function tbsField(der: Uint8Array, position: number): Uint8Array {
  const tbs = readTlvs(readOneTlv(der).value)[0];
  const field = tbs === undefined ? undefined : readTlvs(tbs.value)[position];
  if (field === undefined) throw new Error('not an X.509 v3 certificate');
  return field.raw;
}
