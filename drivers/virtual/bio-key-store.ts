/** What a virtual bio key keeps when it has no power: fingers, PIN, tries, counter, credentials, attestation key. It can be written to a file and read back. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { makeAttestationCertificate } from './bio-key-attestation.ts';
import { FingerTemplates, type TemplateJson } from './bio-key-templates.ts';

/** A virtual key as JSON; binary is base64, private keys are PKCS #8. It protects nothing: the fingers are names and the keys lie open. */
export interface BioKeyJson {
  readonly kind: 'countersign-virtual-bio-key';
  readonly version: 2;
  readonly serial: string;
  readonly templates: readonly TemplateJson[];
  readonly maxTemplates: number;
  readonly maxTries: number;
  readonly uvRetries: number;
  readonly pin: PinJson;
  readonly signCount: number;
  readonly attestationKey: string;
  readonly attestationCertificate: string;
  readonly credentials: readonly { readonly id: string; readonly rpId: string; readonly privateKey: string }[];
}

/** What is left of a PIN. */
export interface PinJson {
  /** The first 16 bytes of its SHA-256, base64; absent while none is set. */
  readonly hash?: string;
  readonly retries: number;
  /** It must be changed before it is good for anything else. */
  readonly mustChange: boolean;
}

/** Wrong PINs in a row before the key takes no PIN any more (CTAP 2.1 section 6.5.2.2). */
const maxPinRetries = 8;
const noPin: PinJson = { retries: maxPinRetries, mustChange: false };

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

function templateOf(finger: unknown): TemplateJson {
  return { id: randomBytes(8).toString('base64'), finger: String(finger) };
}

export class BioKeyStore {
  readonly serial: string;
  readonly templates: FingerTemplates;
  readonly maxTries: number;
  readonly attestationCertificate: Uint8Array;
  readonly #attestationKey: KeyObject;
  #credentials: StoredCredential[];
  /** Called after every change. */
  onChange: () => void = () => undefined;
  #uvRetries: number;
  #pin: PinJson;
  #signCount: number;

  private constructor(json: BioKeyJson) {
    this.serial = json.serial;
    this.templates = new FingerTemplates(json.templates, json.maxTemplates, () => this.onChange());
    this.maxTries = json.maxTries;
    this.#uvRetries = json.uvRetries;
    this.#pin = json.pin;
    this.#signCount = json.signCount;
    this.#attestationKey = privateKeyOf(json.attestationKey);
    this.attestationCertificate = Buffer.from(json.attestationCertificate, 'base64');
    this.#credentials = json.credentials.map(({ id, rpId, privateKey }) => {
      const key = privateKeyOf(privateKey);
      return { id: Buffer.from(id, 'base64'), rpId, privateKey: key, publicKey: createPublicKey(key) };
    });
  }

  /** A new key with its own attestation key and certificate, and without a PIN. */
  static make(fingers: Iterable<string>, maxTries: number, maxTemplates: number): BioKeyStore {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return new BioKeyStore({
      kind: 'countersign-virtual-bio-key',
      version: 2,
      serial: randomBytes(4).toString('hex'),
      templates: Array.from(fingers, templateOf),
      maxTemplates,
      maxTries,
      uvRetries: maxTries,
      pin: noPin,
      signCount: 0,
      attestationKey: textOf(privateKey),
      attestationCertificate: Buffer.from(makeAttestationCertificate(publicKey)).toString('base64'),
      credentials: [],
    });
  }

  /** Reads what `toJSON` gave, also that of the version before, which knew fingers and no PIN. Throws Error when it is something else. */
  static fromJSON(json: BioKeyJson): BioKeyStore {
    const { kind, version, fingers } = json as { readonly kind: unknown; readonly version: unknown; readonly fingers?: unknown };
    if (kind === 'countersign-virtual-bio-key' && version === 2) return new BioKeyStore(json);
    if (kind !== 'countersign-virtual-bio-key' || version !== 1 || !Array.isArray(fingers))
      throw new Error('this is not a virtual bio key');
    return new BioKeyStore({ ...json, version: 2, templates: fingers.map(templateOf), maxTemplates: 5, pin: noPin });
  }

  toJSON(): BioKeyJson {
    return {
      kind: 'countersign-virtual-bio-key',
      version: 2,
      serial: this.serial,
      templates: this.templates.toJSON(),
      maxTemplates: this.templates.max,
      maxTries: this.maxTries,
      uvRetries: this.#uvRetries,
      pin: this.#pin,
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

  get pinRetries(): number {
    return this.#pin.retries;
  }

  get pinMustChange(): boolean {
    return this.#pin.mustChange;
  }

  /** The first 16 bytes of the SHA-256 of the PIN; undefined while none is set. */
  get pinHash(): Uint8Array | undefined {
    return this.#pin.hash === undefined ? undefined : Buffer.from(this.#pin.hash, 'base64');
  }

  setPin(hash: Uint8Array): void {
    this.#changePin({ hash: Buffer.from(hash).toString('base64'), retries: maxPinRetries, mustChange: false });
  }

  /** From now on the PIN is good for nothing but a change of it. */
  expirePin(): void {
    this.#changePin({ ...this.#pin, mustChange: true });
  }

  /** A try counts before the PIN is compared. */
  countPinTry(): void {
    this.#changePin({ ...this.#pin, retries: this.#pin.retries - 1 });
  }

  resetPinTries(): void {
    this.#changePin({ ...this.#pin, retries: maxPinRetries });
  }

  /** What authenticatorReset leaves: the attestation key and the counter (CTAP 2.1 section 6.6). */
  wipe(): void {
    this.#credentials = [];
    this.#pin = noPin;
    this.#uvRetries = this.maxTries;
    this.templates.clear();
  }

  #changePin(pin: PinJson): void {
    this.#pin = pin;
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
