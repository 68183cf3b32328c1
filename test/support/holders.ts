/** Holders with a key of every kind below one root and one issuer, and what a request for a signature says of each of them. */
import { type Hash, type SignatureScheme } from '../../agent/documents/algorithms.ts';
import type { CadesRequest } from '../../agent/documents/cades.ts';
import { chooseHash } from '../../agent/documents/pades.ts';
import type { PreparedSignature } from '../../agent/documents/prepared.ts';
import { type Trust, makeTrust } from '../../agent/documents/trust.ts';
import { type Issued, type KeyChoice, KeyRing, authority, endEntity, signWith } from './signing-keys.ts';

export interface KeyUse {
  readonly choice: KeyChoice;
  readonly scheme: SignatureScheme;
}

/** Every kind of key that a station signs with. */
export const keyUses: readonly KeyUse[] = [
  { choice: 'rsa-2048', scheme: 'rsa-pkcs1' },
  { choice: 'rsa-2048', scheme: 'rsa-pss' },
  { choice: 'P-256', scheme: 'ecdsa' },
  { choice: 'P-384', scheme: 'ecdsa' },
  { choice: 'P-521', scheme: 'ecdsa' },
];
const elliptic: KeyUse = { choice: 'P-256', scheme: 'ecdsa' };

export class Holders {
  readonly ring = new KeyRing();
  readonly root = this.ring.issue('/CN=Test Root/O=Northwind', 'P-256', authority);
  readonly issuer = this.ring.issue('/CN=Test Issuer/O=Northwind', 'P-256', authority, this.root);
  readonly trust: Trust = makeTrust([this.root.certificate, this.issuer.certificate]);
  readonly #holders = new Map<KeyChoice, Issued>();

  end(): void {
    this.ring.end();
  }

  /** The holder with this kind of key; made when it is asked for the first time. */
  holder(choice: KeyChoice): Issued {
    const found =
      this.#holders.get(choice) ?? this.ring.issue(`/C=GE/O=Northwind/CN=ნინო Müller ${choice}`, choice, endEntity, this.issuer);
    this.#holders.set(choice, found);
    return found;
  }

  hash({ choice }: KeyUse = elliptic): Hash {
    return chooseHash(this.holder(choice).certificate);
  }

  request(use: KeyUse = elliptic): CadesRequest {
    const { certificate } = this.holder(use.choice);
    return {
      certificate,
      chain: [certificate, this.issuer.certificate],
      hash: this.hash(use),
      scheme: use.scheme,
      signedAt: new Date(),
    };
  }

  /** Signs as the token would, and finishes. */
  finish(prepared: PreparedSignature, use: KeyUse = elliptic): Uint8Array {
    return prepared.finish(signWith(this.holder(use.choice).key, use.scheme, this.hash(use), prepared.message));
  }
}
