/** What a virtual bio key keeps when it has no power: fingers, tries, counter, credentials, attestation key. It can be written to a file and read back. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { makeAttestationCertificate } from './bio-key-attestation.ts';

/** A virtual key as JSON; binary is base64, private keys are PKCS #8. It protects nothing: the fingers are names and the keys lie open. */
export interface BioKeyJson {
  readonly kind: 'countersign-virtual-bio-key';
  readonly version: 1;
  readonly serial: string;
  readonly fingers: readonly string[];
  readonly maxTries: number;
  readonly uvRetries: number;
  readonly signCount: number;
  readonly attestationKey: string;
  readonly attestationCertificate: string;
  readonly credentials: readonly { readonly id: string; readonly rpId: string; readonly privateKey: string }[];
}

export interface StoredCredential {
  readonly id: Uint8Array;
  readonly rpId: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function privateKeyOf(text: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
}

function textOf(key: KeyObject): string {
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

export class BioKeyStore {
  readonly serial: string;
  /** Names of the fingers that it knows. */
  readonly fingers: Set<string>;
  readonly maxTries: number;
  readonly attestationCertificate: Uint8Array;
  readonly #attestationKey: KeyObject;
  readonly #credentials: StoredCredential[];
  /** Called after every change. */
  onChange: () => void = () => undefined;
  #uvRetries: number;
  #signCount: number;

  private constructor(json: BioKeyJson) {
    this.serial = json.serial;
    this.fingers = new Set(json.fingers);
    this.maxTries = json.maxTries;
    this.#uvRetries = json.uvRetries;
    this.#signCount = json.signCount;
    this.#attestationKey = privateKeyOf(json.attestationKey);
    this.attestationCertificate = Buffer.from(json.attestationCertificate, 'base64');
    this.#credentials = json.credentials.map(({ id, rpId, privateKey }) => {
      const key = privateKeyOf(privateKey);
      return { id: Buffer.from(id, 'base64'), rpId, privateKey: key, publicKey: createPublicKey(key) };
    });
  }

  /** A new key with its own attestation key and certificate. */
  static make(fingers: Iterable<string>, maxTries: number): BioKeyStore {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return new BioKeyStore({
      kind: 'countersign-virtual-bio-key',
      version: 1,
      serial: randomBytes(4).toString('hex'),
      fingers: [...fingers],
      maxTries,
      uvRetries: maxTries,
      signCount: 0,
      attestationKey: textOf(privateKey),
      attestationCertificate: Buffer.from(makeAttestationCertificate(publicKey)).toString('base64'),
      credentials: [],
    });
  }

  /** Reads what `toJSON` gave. Throws Error when it is something else. */
  static fromJSON(json: BioKeyJson): BioKeyStore {
    const { kind, version } = json as { readonly kind: unknown; readonly version: unknown };
    if (kind !== 'countersign-virtual-bio-key' || version !== 1) throw new Error('this is not a virtual bio key');
    return new BioKeyStore(json);
  }

  toJSON(): BioKeyJson {
    return {
      kind: 'countersign-virtual-bio-key',
      version: 1,
      serial: this.serial,
      fingers: [...this.fingers],
      maxTries: this.maxTries,
      uvRetries: this.#uvRetries,
      signCount: this.#signCount,
      attestationKey: textOf(this.#attestationKey),
      attestationCertificate: Buffer.from(this.attestationCertificate).toString('base64'),
      credentials: this.#credentials.map(({ id, rpId, privateKey }) => ({
        id: Buffer.from(id).toString('base64'),
        rpId,
        privateKey: textOf(privateKey),
      })),
    };
  }

  get uvRetries(): number {
    return this.#uvRetries;
  }

  /** A try counts before the finger is compared, so that pulling the plug in between gains nothing. */
  countTry(): void {
    this.#uvRetries -= 1;
    this.onChange();
  }

  resetTries(): void {
    this.#uvRetries = this.maxTries;
    this.onChange();
  }

  create(rpId: string): StoredCredential {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const credential = { id: randomBytes(32), rpId, privateKey, publicKey };
    this.#credentials.push(credential);
    this.onChange();
    return credential;
  }

  find(id: Uint8Array, rpId: string): StoredCredential | undefined {
    return this.#credentials.find((credential) => credential.rpId === rpId && Buffer.compare(credential.id, id) === 0);
  }

  /** WebAuthn section 6.1; every call counts the signature counter of the key up by one. */
  authenticatorData(rpId: string, flags: number, attested: Uint8Array): Uint8Array {
    this.#signCount += 1;
    this.onChange();
    const head = Buffer.alloc(5);
    head.writeUInt8(flags);
    head.writeUInt32BE(this.#signCount, 1);
    return Buffer.concat([createHash('sha256').update(rpId).digest(), head, attested]);
  }

  /** ECDSA with SHA-256, DER. */
  sign(credential: StoredCredential, data: Uint8Array): Uint8Array {
    return sign('sha256', data, credential.privateKey);
  }

  attest(data: Uint8Array): Uint8Array {
    return sign('sha256', data, this.#attestationKey);
  }
}
