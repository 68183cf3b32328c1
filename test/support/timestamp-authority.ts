/** A real RFC 3161 authority, `openssl ts`, with keys that the test made; and tokens put together by hand, which a sound authority would never give. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Hash, digestAlgorithm, digestOf, signatureAlgorithm } from '../../agent/documents/algorithms.ts';
import { readCertificate } from '../../agent/documents/certificate.ts';
import {
  boolean,
  concat,
  context,
  element,
  generalizedTime,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  tags,
  unsignedInteger,
} from '../../agent/documents/der.ts';
import { ecdsaToDer } from '../../agent/documents/algorithms.ts';
import { type Issued, type KeyRing, signWith } from './signing-keys.ts';

/** What a certificate for timestamps bears: the one purpose, critical. */
export const timestampsOnly = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=critical,timeStamping',
];

export interface AuthorityOptions {
  /** Digest for naming the certificate: sha1 gives the old form of the attribute. */
  readonly names?: 'sha1' | 'sha256';
  /** Digests that it takes. */
  readonly digests?: string;
}

/** An authority that answers requests by `openssl ts -reply`; all its files lie in the ring's folder. */
export class TimestampAuthority {
  readonly #config: string;
  #count = 0;

  constructor(ring: KeyRing, name: string, tsa: Issued, chain: readonly Issued[], options: AuthorityOptions = {}) {
    this.#config = ring.path(`${name}.cnf`);
    const chainPath = ring.path(`${name}-chain.pem`);
    writeFileSync(chainPath, Buffer.concat(chain.map(({ certificatePath }) => readFileSync(certificatePath))));
    const lines = [
      '[tsa]\ndefault_tsa=it\n[it]',
      `serial=${ring.path(`${name}-serial`)}\ncrypto_device=builtin`,
      `signer_cert=${tsa.certificatePath}\nsigner_key=${tsa.keyPath}\ncerts=${chainPath}`,
      `signer_digest=sha256\ndefault_policy=1.2.3.4.1\nother_policies=1.2.3.4.5\ndigests=${options.digests ?? 'sha256,sha384,sha512'}`,
      'accuracy=secs:1,millisecs:500\nordering=yes\ntsa_name=yes\ness_cert_id_chain=no',
      `ess_cert_id_alg=${options.names ?? 'sha256'}`,
    ];
    writeFileSync(this.#config, `${lines.join('\n')}\n`);
  }

  #path(ending: string): string {
    this.#count += 1;
    return `${this.#config}.${this.#count}.${ending}`;
  }

  /** The TimeStampResp to a TimeStampReq, DER both. */
  answer(request: Uint8Array, ...more: readonly string[]): Uint8Array {
    const [query, reply] = [this.#path('tsq'), this.#path('tsr')];
    writeFileSync(query, request);
    // It exits with 1 when it refuses, and writes its refusal all the same.
    spawnSync('openssl', ['ts', '-reply', '-config', this.#config, '-queryfile', query, '-out', reply, ...more]);
    return new Uint8Array(readFileSync(reply));
  }

  /** What openssl reads out of a request. */
  read(request: Uint8Array): string {
    const query = this.#path('tsq');
    writeFileSync(query, request);
    return execFileSync('openssl', ['ts', '-query', '-in', query, '-text'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Whether openssl accepts this token over these bytes, as coming from an authority below `root`. */
  accepts(token: Uint8Array, data: Uint8Array, root: Issued): boolean {
    const [tokenPath, dataPath] = [this.#path('token'), this.#path('data')];
    writeFileSync(tokenPath, token);
    writeFileSync(dataPath, data);
    const words = ['ts', '-verify', '-token_in', '-in', tokenPath, '-data', dataPath, '-CAfile', root.certificatePath];
    return spawnSync('openssl', words).status === 0;
  }
}

export interface ForgedToken {
  readonly hash?: Hash;
  readonly digest: Uint8Array;
  readonly nonce?: Uint8Array;
  readonly time?: Date;
  readonly tsa: Issued;
  /** The certificate that the token names, where it is another than the one it shows. */
  readonly named?: Issued;
  /** How the certificate is named: not at all, in the old form, in the new one. */
  readonly names?: 'none' | 'sha1' | 'sha256';
  readonly version?: number;
  /** Elements behind the nonce. */
  readonly more?: readonly Uint8Array[];
  /** Left out of the token. */
  readonly withoutCertificate?: boolean;
}

const attribute = (type: string, value: Uint8Array): Uint8Array => sequence(oid(type), setOf([value]));
const tstInfo = '1.2.840.113549.1.9.16.1.4';

/** A token by an EC key of the test, by hand, with the time, the certificate and the nonce that a test likes. */
export function forgedToken(wish: ForgedToken): Uint8Array {
  const { hash = 'sha256', digest, nonce, time = new Date(), tsa, named = tsa, names = 'sha256', version = 1, more = [] } = wish;
  const content = sequence(
    integer(version),
    oid('1.2.3.4.1'),
    sequence(digestAlgorithm(hash), octetString(digest)),
    integer(7),
    generalizedTime(time),
    ...(nonce === undefined ? [] : [unsignedInteger(nonce)]),
    ...more,
  );
  const sha1 = new Uint8Array(createHash('sha1').update(named.certificate).digest());
  const naming = {
    none: [],
    sha1: [attribute('1.2.840.113549.1.9.16.2.12', sequence(sequence(sequence(octetString(sha1)))))],
    sha256: [attribute('1.2.840.113549.1.9.16.2.47', sequence(sequence(sequence(octetString(digestOf('sha256', named.certificate))))))],
  }[names];
  const attributes = setOf([
    attribute('1.2.840.113549.1.9.3', oid(tstInfo)),
    attribute('1.2.840.113549.1.9.4', octetString(digestOf('sha256', content))),
    ...naming,
  ]);
  const { issuerElement, serialElement } = readCertificate(tsa.certificate);
  const signature = ecdsaToDer(signWith(tsa.key, 'ecdsa', 'sha256', attributes), 32);
  const signer = sequence(
    integer(1),
    sequence(issuerElement, serialElement),
    digestAlgorithm('sha256'),
    concat([Uint8Array.of(0xa0), attributes.subarray(1)]),
    signatureAlgorithm('ecdsa', 'sha256'),
    octetString(signature),
  );
  const signedData = sequence(
    integer(3),
    setOf([digestAlgorithm('sha256')]),
    sequence(oid(tstInfo), context(0, true, octetString(content))),
    ...(wish.withoutCertificate === true ? [] : [setOf([tsa.certificate], 0xa0)]),
    setOf([signer]),
  );
  return sequence(oid('1.2.840.113549.1.7.2'), context(0, true, signedData));
}

/** A TimeStampResp that grants this token. */
export function granted(token: Uint8Array): Uint8Array {
  return sequence(sequence(integer(0)), token);
}

/** Optional parts of TSTInfo: ordering, and an extension that is critical. */
export const ordering = boolean(true);
export const criticalExtension = element(0xa1, sequence(oid('1.2.3.4.9'), boolean(true), octetString(element(tags.null))));
