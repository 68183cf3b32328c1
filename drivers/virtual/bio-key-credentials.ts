/** makeCredential and getAssertion of a virtual bio key (CTAP 2.1 sections 6.1 and 6.2), with real keys and real signatures. It keeps nothing discoverable. */
import { CborFields, type CborMap, type CborValue, encodeCbor } from '../fido/cbor.ts';
import { coseAlgorithm, coseOfPublicKey } from '../fido/cose.ts';
import { ctapStatus } from '../fido/status.ts';
import type { Task } from './bio-key-hid.ts';
import { demoAaguid } from './bio-key-identity.ts';
import type { Person } from './bio-key-person.ts';
import { Refusal } from './bio-key-refusal.ts';
import type { BioKeyStore } from './bio-key-store.ts';
import { type TokenDesk, tokenPermission } from './bio-key-token.ts';

/** Where the two commands keep what they have in common. */
const makeKeys = { options: 7, param: 8, version: 9, permission: tokenPermission.makeCredential } as const;
const assertKeys = { options: 5, param: 6, version: 7, permission: tokenPermission.getAssertion } as const;
/** Flags of the authenticator data. */
const flag = { present: 0x01, verified: 0x04, attested: 0x40 } as const;

interface Proof {
  readonly present: boolean;
  readonly verified: boolean;
}

export class Credentials {
  readonly #store: BioKeyStore;
  readonly #desk: TokenDesk;
  readonly #person: Person;

  constructor(store: BioKeyStore, desk: TokenDesk, person: Person) {
    this.#store = store;
    this.#desk = desk;
    this.#person = person;
  }

  async make(fields: CborFields, task: Task): Promise<CborMap> {
    const clientDataHash = fields.bytes(1);
    const rpId = fields.map(2).text('id');
    const userId = fields.map(3).bytes('id');
    const algorithms = fields.list(4).map((entry) => new CborFields(entry, 'algorithm').integer('alg'));
    await this.#probe(fields, makeKeys.param, task);
    if (!algorithms.includes(coseAlgorithm.es256)) throw new Refusal(ctapStatus.unsupportedAlgorithm);
    if (clientDataHash.length !== 32 || userId.length > 64) throw new Refusal(ctapStatus.invalidLength);
    const options = fields.has(makeKeys.options) ? fields.map(makeKeys.options) : undefined;
    if (options?.optionalBoolean('rk') === true) throw new Refusal(ctapStatus.unsupportedOption);
    if (options?.optionalBoolean('up') === false) throw new Refusal(ctapStatus.invalidOption);
    // Section 6.1.2 step 9: it has no enterprise attestation, so it is asked for in vain.
    if (fields.has(10)) throw new Refusal(ctapStatus.invalidParameter);
    const proof = await this.#proof(fields, makeKeys, rpId, clientDataHash, task);
    // A key that can verify a person makes nothing for a person that it did not verify.
    const protectedKey = this.#store.pinHash !== undefined || this.#store.templates.all.length > 0;
    if (!proof.verified && protectedKey) throw new Refusal(ctapStatus.puatRequired);
    if (!proof.present) await this.#person.touch(task);
    if (listed(fields, 5).some((id) => this.#store.find(id, rpId) !== undefined)) throw new Refusal(ctapStatus.credentialExcluded);
    return this.#made(rpId, clientDataHash, proof.verified);
  }

  async assert(fields: CborFields, task: Task): Promise<CborMap> {
    const rpId = fields.text(1);
    const clientDataHash = fields.bytes(2);
    await this.#probe(fields, assertKeys.param, task);
    if (clientDataHash.length !== 32) throw new Refusal(ctapStatus.invalidLength);
    const options = fields.has(assertKeys.options) ? fields.map(assertKeys.options) : undefined;
    if (options?.optionalBoolean('rk') !== undefined) throw new Refusal(ctapStatus.unsupportedOption);
    const proof = await this.#proof(fields, assertKeys, rpId, clientDataHash, task);
    const credential = listed(fields, 3)
      .map((id) => this.#store.find(id, rpId))
      .find((found) => found !== undefined);
    if (credential === undefined) throw new Refusal(ctapStatus.noCredentials);
    const wanted = options?.optionalBoolean('up') ?? true;
    if (wanted && !proof.present) await this.#person.touch(task);
    const flags = (wanted || proof.present ? flag.present : 0) | (proof.verified ? flag.verified : 0);
    const data = this.#store.authenticatorData(rpId, flags, new Uint8Array(0));
    const described = new Map<string, CborValue>([
      ['id', credential.id],
      ['type', 'public-key'],
    ]);
    return new Map<number, CborValue>([
      [1, described],
      [2, data],
      [3, this.#store.sign(credential, Buffer.concat([data, clientDataHash]))],
    ]);
  }

  #made(rpId: string, clientDataHash: Uint8Array, verified: boolean): CborMap {
    const credential = this.#store.create(rpId);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(credential.id.length);
    const cose = encodeCbor(coseOfPublicKey(credential.publicKey, coseAlgorithm.es256));
    const attested = Buffer.concat([Buffer.from(demoAaguid, 'hex'), length, credential.id, cose]);
    const flags = flag.present | flag.attested | (verified ? flag.verified : 0);
    const data = this.#store.authenticatorData(rpId, flags, attested);
    const statement = new Map<string, CborValue>([
      ['alg', coseAlgorithm.es256],
      ['sig', this.#store.attest(Buffer.concat([data, clientDataHash]))],
      ['x5c', [this.#store.attestationCertificate]],
    ]);
    return new Map<number, CborValue>([
      [1, 'packed'],
      [2, data],
      [3, statement],
    ]);
  }

  /** A parameter of no bytes only asks which of several keys is meant: a touch, then an error (sections 6.1.2 and 6.2.2, step 1). */
  async #probe(fields: CborFields, key: number, task: Task): Promise<void> {
    if (fields.optionalBytes(key)?.length !== 0) return;
    await this.#person.touch(task);
    throw new Refusal(this.#store.pinHash === undefined ? ctapStatus.pinNotSet : ctapStatus.pinInvalid);
  }

  /** Who is there, by a token (spent by this), by the old `uv` option, or not at all. */
  async #proof(
    fields: CborFields,
    keys: typeof makeKeys | typeof assertKeys,
    rpId: string,
    message: Uint8Array,
    task: Task,
  ): Promise<Proof> {
    const param = fields.optionalBytes(keys.param);
    if (param !== undefined) {
      const { present } = this.#desk.check(
        { version: fields.integer(keys.version), param, message },
        { permission: keys.permission, rpId },
      );
      // Sections 6.1.2 and 6.2.2: using presence clears the flags and the permissions of the token.
      this.#desk.drop();
      return { present, verified: true };
    }
    const verified = fields.has(keys.options) && fields.map(keys.options).optionalBoolean('uv') === true;
    if (verified) await this.#verifyByOption(task);
    return { present: verified, verified };
  }

  /** The `uv` option: a finger that does not match sends the client to the PIN, where there is one (section 6.1.2 step 11). */
  async #verifyByOption(task: Task): Promise<void> {
    if (this.#store.templates.all.length === 0) throw new Refusal(ctapStatus.invalidOption);
    try {
      await this.#person.verify(task);
    } catch (error) {
      const mismatch = error instanceof Refusal && (error.status === ctapStatus.uvInvalid || error.status === ctapStatus.uvBlocked);
      if (!mismatch) throw error;
      throw new Refusal(this.#store.pinHash === undefined ? ctapStatus.operationDenied : ctapStatus.puatRequired);
    }
  }
}

/** Ids of the credentials in a list of descriptors; no list is an empty one. */
function listed(fields: CborFields, key: number): Uint8Array[] {
  return fields.has(key) ? fields.list(key).map((entry) => new CborFields(entry, 'credential').bytes('id')) : [];
}
