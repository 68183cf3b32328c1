/** The signature of a member of staff under a statement, checked with the public key that the entry says: the statement is written again from the entry. */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isHash, must, writeAgain } from './canonical.ts';
import type { Entry } from './chain.ts';
import { Fields } from './fields.ts';

const staff: ReadonlySet<unknown> = new Set(['clerk', 'supervisor', 'auditor', 'administrator']);
const hashes: ReadonlySet<unknown> = new Set(['sha256', 'sha384', 'sha512']);
/** Bytes of the one encoding of a public key (SPKI, point not compressed) for the curves that are signed with. */
const curveLengths: ReadonlyMap<unknown, number> = new Map([
  ['prime256v1', 91],
  ['secp384r1', 120],
  ['secp521r1', 158],
]);
const ways: ReadonlyMap<unknown, object> = new Map([
  ['rsa-pkcs1', { padding: constants.RSA_PKCS1_PADDING }],
  ['rsa-pss', { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }],
  ['ecdsa', { dsaEncoding: 'der' }],
]);

/** Who signed. */
export interface Signed {
  /** Pseudonym. */
  readonly id: string;
  /** SHA-256 of the certificate, hex. */
  readonly certificate: string;
  /** The public key: the same for the same key, however its encoding names the algorithm. */
  readonly key: string;
}

/** Checks the signature of a statement. Throws Wrong. */
export function checkSigned({ seq, op, operation, origin, actor, fields, body }: Entry): Signed {
  const [id, certificate, publicKey, signature] = [
    actor.get('id'),
    ...['certificate_sha256', 'public_key', 'signature'].map((name) => fields.get(name)),
  ];
  const [scheme, hash] = [fields.get('scheme'), fields.get('hash')];
  must(staff.has(actor.get('role')), `entry ${seq}: it was not made by a member of staff`);
  const named = isHash(certificate) && isHex(publicKey) && isHex(signature) && hashes.has(hash);
  must(named && typeof id === 'string', `entry ${seq}: it does not say who signed it`);
  const key = readKey(publicKey as string);
  const way = ways.get(scheme);
  const fits = key !== undefined && way !== undefined && (scheme === 'ecdsa') === (key.asymmetricKeyType === 'ec');
  must(
    fits && (key.asymmetricKeyType !== 'rsa-pss' || scheme === 'rsa-pss'),
    `entry ${seq}: it was signed with a key that is not accepted`,
  );
  const own = fields.without('signature');
  const ofVisit = operation === undefined ? [] : [operation];
  const said = new Fields(
    ['actor', 'fields', 'op', ...ofVisit.map(() => 'operation'), 'origin', 'v'],
    [body.get('actor'), own, op, ...ofVisit, origin, 1],
  );
  const statement = Buffer.from(`countersign/v1/${String(op)}\n${writeAgain(said)}`);
  must(holds(key, hash as string, statement, way, signature as string), `entry ${seq}: the signature is not one over what the entry says`);
  return { id: id, certificate: certificate as string, key: identityOf(key, publicKey as string) };
}

function holds(key: KeyObject, hash: string, statement: Uint8Array, way: object, signature: string): boolean {
  try {
    return verify(hash, statement, { key, ...way }, Buffer.from(signature, 'hex'));
  } catch {
    // A key that forbids this hash or padding.
    return false;
  }
}

/** A public key in its one encoding, strong enough and of a kind that is signed with; undefined for every other. */
function readKey(hex: string): KeyObject | undefined {
  const der = Buffer.from(hex, 'hex');
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    if (!key.export({ format: 'der', type: 'spki' }).equals(der)) return undefined;
    const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
    if (key.asymmetricKeyType === 'ec') return curveLengths.get(namedCurve) === der.length ? key : undefined;
    const isRsa = key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss';
    return isRsa && modulusLength >= 2048 ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The same for the same key, however its encoding (SPKI, DER, hex) names the algorithm; undefined for what is no key that is accepted. */
export function keyIdentity(hex: unknown): string | undefined {
  const key = isHex(hex) ? readKey(hex as string) : undefined;
  return key === undefined ? undefined : identityOf(key, hex as string);
}

/** An RSA key can be named with or without PSS; the modulus and the exponent stand at the end of both encodings. */
function identityOf(key: KeyObject, hex: string): string {
  const { modulusLength } = key.asymmetricKeyDetails ?? {};
  return modulusLength === undefined ? hex : hex.slice(-modulusLength / 4);
}

function isHex(value: unknown): boolean {
  return typeof value === 'string' && /^([0-9a-f]{2})+$/.test(value);
}
