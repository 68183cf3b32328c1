/**
 * What stands behind a new credential: a reader of a model with a fingerprint sensor, attested by its maker (WebAuthn section 8.2, format `packed`
 * with a certificate chain to a pinned root). Without that a program could have made the credential, and nobody could tell. Pure: no device, no disk.
 */
import { createHash, timingSafeEqual, verify, X509Certificate } from 'node:crypto';
import { CborError, CborFields, decodeCbor } from '../../drivers/fido/cbor.ts';
import { coseAlgorithm } from '../../drivers/fido/cose.ts';
import type { Enrolment } from '../../drivers/fingerprint.ts';
import { demoAaguid, demoRootCertificate } from '../../drivers/virtual/bio-key-identity.ts';
import { extensionOf } from '../documents/certificate-extension.ts';
import { DerRefused, expectTag, readDer } from '../documents/der-reader.ts';
import { tags } from '../documents/der.ts';

/** Why a reader may not be enrolled on. */
export type AttestationFault =
  /** A virtual reader, or one whose chain leads to the demo root, at a station that is no demo. */
  | 'virtual'
  | 'not-attested'
  /** Its own key signed the statement, or a format that is not `packed`. */
  | 'not-attested-by-maker'
  | 'malformed'
  | 'bad-signature'
  /** The attestation certificate is not one by WebAuthn section 8.2.1, or is for another model than the reader says. */
  | 'wrong-certificate'
  | 'not-valid-now'
  /** No pinned root of a maker stands behind it. */
  | 'unknown-maker'
  | 'model-not-allowed';

/** What this station accepts. */
export interface AttestationPolicy {
  /** Roots of makers, DER. */
  readonly roots: readonly Uint8Array[];
  /** Names of the models that are allowed, by AAGUID, 32 hex digits. */
  readonly models: ReadonlyMap<string, string>;
  /** Only a demo takes virtual readers, and it takes them by their attestation all the same. */
  readonly demo: boolean;
}

export type AttestationVerdict = { readonly ok: true; readonly model: string } | { readonly ok: false; readonly why: AttestationFault };

/** What was attested: the credential as it came out of the reader, and the 32 bytes that the station asked it to sign. */
export interface Attested extends Pick<Enrolment, 'aaguid' | 'authenticatorData' | 'attestationFormat' | 'attestationStatement'> {
  readonly clientDataHash: Uint8Array;
}

/** id-fido-gen-ce-aaguid (WebAuthn section 8.2.1). */
const aaguidExtension = '1.3.6.1.4.1.45724.1.1.4';
const mostCertificates = 5;

/** Judges the attestation of a new credential at a moment. Never throws for what a reader sent. */
export function judgeAttestation(made: Attested, policy: AttestationPolicy, at: Date): AttestationVerdict {
  const refused = (why: AttestationFault): AttestationVerdict => ({ ok: false, why });
  if (made.aaguid === demoAaguid && !policy.demo) return refused('virtual');
  if (made.attestationFormat === 'none') return refused('not-attested');
  if (made.attestationFormat !== 'packed') return refused('not-attested-by-maker');
  const statement = readStatement(made.attestationStatement);
  if (statement === undefined) return refused('malformed');
  const [leaf, ...rest] = statement.chain;
  if (leaf === undefined) return refused('not-attested-by-maker');
  const signed = Buffer.concat([made.authenticatorData, made.clientDataHash]);
  if (!isP256(leaf) || statement.algorithm !== coseAlgorithm.es256) return refused('wrong-certificate');
  if (!verify('sha256', signed, { key: leaf.publicKey, dsaEncoding: 'der' }, statement.signature)) return refused('bad-signature');
  // What the reader says of itself stands in the signed bytes as well, and there it counts.
  const model = Buffer.from(made.authenticatorData).toString('hex', 37, 53);
  if (model !== made.aaguid || !isAttestationCertificate(leaf, model)) return refused('wrong-certificate');
  const roots = [...policy.roots, ...(policy.demo ? [demoRootCertificate] : [])]
    .map((der) => new X509Certificate(der))
    .filter((root) => policy.demo || !isDemoRoot(root));
  const chain = pathTo(roots, leaf, rest);
  if (chain === undefined) return refused(leadsToDemo(leaf, rest) && !policy.demo ? 'virtual' : 'unknown-maker');
  if (!chain.every((one) => isValid(one, at))) return refused('not-valid-now');
  return judgeModel(model, policy);
}

/**
 * Judges what a reader says of itself, by its AAGUID (32 hex digits), before anything is done to it. A no is final; a yes is worth something only together
 * with the attestation of a credential.
 */
export function judgeModel(aaguid: string, policy: Pick<AttestationPolicy, 'models' | 'demo'>): AttestationVerdict {
  if (aaguid === demoAaguid && !policy.demo) return { ok: false, why: 'virtual' };
  const name = policy.models.get(aaguid) ?? (aaguid === demoAaguid ? 'virtual bio key' : undefined);
  return name === undefined ? { ok: false, why: 'model-not-allowed' } : { ok: true, model: name };
}

interface Statement {
  readonly algorithm: number;
  readonly signature: Uint8Array;
  /** Empty for an attestation by the credential's own key. */
  readonly chain: readonly X509Certificate[];
}

function readStatement(bytes: Uint8Array): Statement | undefined {
  try {
    const fields = new CborFields(decodeCbor(bytes), 'attestation statement');
    const listed = fields.has('x5c') ? fields.list('x5c') : [];
    if (listed.length > mostCertificates) return undefined;
    const chain = listed.map((one) => {
      if (!(one instanceof Uint8Array)) throw new CborError('a certificate is not bytes');
      return new X509Certificate(one);
    });
    return { algorithm: fields.integer('alg'), signature: fields.bytes('sig'), chain };
  } catch {
    // Bad CBOR, or bytes that are no certificate.
    return undefined;
  }
}

/** The certificates from the leaf to a pinned root, each signed by the next; undefined where they do not lead to one. */
function pathTo(
  roots: readonly X509Certificate[],
  leaf: X509Certificate,
  rest: readonly X509Certificate[],
): readonly X509Certificate[] | undefined {
  const path = [leaf];
  for (const next of rest) {
    const last = path.at(-1) ?? leaf;
    if (!isIssuedBy(last, next)) return undefined;
    path.push(next);
  }
  const last = path.at(-1) ?? leaf;
  // The root may stand in the list itself, where it is only looked up.
  if (path.length > 1 && roots.some((root) => root.raw.equals(last.raw))) return path;
  const root = roots.find((one) => isIssuedBy(last, one));
  return root === undefined ? undefined : [...path, root];
}

function isIssuedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function leadsToDemo(leaf: X509Certificate, rest: readonly X509Certificate[]): boolean {
  return pathTo([new X509Certificate(demoRootCertificate)], leaf, rest) !== undefined;
}

/** Its private key is public: by its key, so that no other certificate over the same key gets in. */
function isDemoRoot(root: X509Certificate): boolean {
  const spki = (certificate: X509Certificate): Buffer => certificate.publicKey.export({ type: 'spki', format: 'der' });
  return spki(root).equals(spki(new X509Certificate(demoRootCertificate)));
}

function isP256({ publicKey }: X509Certificate): boolean {
  return publicKey.asymmetricKeyType === 'ec' && publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

/** WebAuthn section 8.2.1: no CA, made for attestation, for this model. The model has to be named: a maker's root stands behind others as well. */
function isAttestationCertificate(leaf: X509Certificate, model: string): boolean {
  if (leaf.ca || !/^OU=Authenticator Attestation$/m.test(leaf.subject)) return false;
  try {
    const extension = extensionOf(leaf.raw, aaguidExtension);
    if (extension === undefined || extension.critical) return false;
    const named = expectTag(readDer(extension.value), tags.octetString).content;
    return named.length === 16 && timingSafeEqual(named, Buffer.from(model, 'hex'));
  } catch (error) {
    if (error instanceof DerRefused) return false;
    throw error;
  }
}

function isValid(certificate: X509Certificate, at: Date): boolean {
  return new Date(certificate.validFrom) <= at && at <= new Date(certificate.validTo);
}

/** SHA-256 of a certificate in DER, hex: how a root is pinned. */
export function fingerprintOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}
