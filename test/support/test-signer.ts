/** Signs documents as a station would, with keys and a chain of certificates of its own: root, issuer, and one holder for each kind of key. */
import type { Hash, SignatureScheme } from '../../agent/documents/algorithms.ts';
import { type PadesRequest, chooseHash, preparePades } from '../../agent/documents/pades.ts';
import { type Trust, makeTrust } from '../../agent/documents/trust.ts';
import { type Issued, type KeyChoice, KeyRing, authority, endEntity, signWith } from './signing-keys.ts';

export interface HowToSign {
  /** P-256 unless told. */
  readonly choice?: KeyChoice;
  /** ecdsa for curves and rsa-pkcs1 for RSA unless told. */
  readonly scheme?: SignatureScheme;
  /** The one that fits the key unless told. */
  readonly hash?: Hash;
  /** What else the request says. */
  readonly request?: Partial<PadesRequest>;
}

export class TestSigner {
  readonly ring = new KeyRing();
  readonly root = this.ring.issue('/CN=Test Root/O=Northwind', 'P-256', authority);
  readonly issuer = this.ring.issue('/CN=Test Issuer/O=Northwind', 'P-256', authority, this.root);
  readonly trust: Trust = makeTrust([this.root.certificate, this.issuer.certificate]);
  readonly #holders = new Map<KeyChoice, Issued>();

  end(): void {
    this.ring.end();
  }

  holder(choice: KeyChoice): Issued {
    const known =
      this.#holders.get(choice) ?? this.ring.issue(`/C=GE/O=Northwind/CN=ნინო Müller ${choice}`, choice, endEntity, this.issuer);
    this.#holders.set(choice, known);
    return known;
  }

  /** The signed document. Throws whatever the preparation or the end of a signature throws. */
  sign(document: Uint8Array, { choice = 'P-256', scheme, hash, request }: HowToSign = {}): Uint8Array {
    const { certificate, key } = this.holder(choice);
    const usedHash = hash ?? chooseHash(certificate);
    const usedScheme = scheme ?? (choice === 'rsa-2048' ? 'rsa-pkcs1' : 'ecdsa');
    const prepared = preparePades(document, {
      certificate,
      chain: [this.issuer.certificate],
      hash: usedHash,
      scheme: usedScheme,
      signedAt: new Date(),
      operation: '0191-0001',
      station: 'branch-12.example.org',
      ...request,
    });
    return prepared.finish(signWith(key, usedScheme, usedHash, prepared.message));
  }
}
