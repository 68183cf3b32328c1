/** Whoever signs documents in tests: holders with every kind of key, certified through an intermediate issuer, and a request as the station makes it. */
import type { Hash, SignatureScheme } from '../../agent/documents/algorithms.ts';
import { type PadesRequest, chooseHash, preparePades } from '../../agent/documents/pades.ts';
import { type Trust, judgeCertificate, makeTrust } from '../../agent/documents/trust.ts';
import { type Issued, type KeyChoice, KeyRing, authority, endEntity, signWith } from './signing-keys.ts';

export interface Visit {
  readonly choice?: KeyChoice;
  readonly scheme?: SignatureScheme;
  readonly hash?: Hash;
  /** What is asked for beside that. */
  readonly more?: Partial<PadesRequest>;
}

export class DocumentSigner {
  readonly ring = new KeyRing();
  readonly root = this.ring.issue('/CN=Test Root/O=Northwind', 'P-256', authority);
  readonly issuer = this.ring.issue('/CN=Test Issuer/O=Northwind', 'P-256', authority, this.root);
  readonly trust: Trust = makeTrust([this.root.certificate, this.issuer.certificate]);
  readonly #holders = new Map<KeyChoice, Issued>();

  /** Made when it is first asked for. */
  holder(choice: KeyChoice): Issued {
    const found =
      this.#holders.get(choice) ?? this.ring.issue(`/C=GE/O=Northwind/CN=ნინო Müller ${choice}`, choice, endEntity, this.issuer);
    this.#holders.set(choice, found);
    return found;
  }

  request(signer: Issued, scheme: SignatureScheme, hash: Hash): PadesRequest {
    const judged = judgeCertificate(signer.certificate, this.trust, new Date());
    if (!judged.ok) throw new Error(judged.problem);
    return {
      certificate: signer.certificate,
      chain: judged.chain,
      hash,
      scheme,
      signedAt: new Date(),
      operation: '0191-0001',
      station: 'branch-12.example.org',
    };
  }

  /** The signed document. Throws what preparing and finishing throw. */
  sign(document: Uint8Array, { choice = 'P-256', scheme = 'ecdsa', hash, more = {} }: Visit = {}): Uint8Array {
    const signer = this.holder(choice);
    const used = hash ?? chooseHash(signer.certificate);
    const prepared = preparePades(document, { ...this.request(signer, scheme, used), ...more });
    return prepared.finish(signWith(signer.key, scheme, used, prepared.message));
  }

  end(): void {
    this.ring.end();
  }
}
