/**
 * The authenticator inside a virtual bio key: CTAP 2.1 sections 6.1 (makeCredential), 6.2 (getAssertion), 6.4 (getInfo) and the parts of 6.5
 * (clientPIN) that built-in user verification needs, with real keys and real signatures. It has no PIN and knows no secret of a person.
 */
import { generateKeyPairSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { CborError, CborFields, type CborMap, type CborValue, decodeCbor, encodeCbor } from '../fido/cbor.ts';
import { coseAlgorithm, coseOfPublicKey, publicKeyOfCose } from '../fido/cose.ts';
import { clientPinCommand, ctapCommand, permission } from '../fido/ctap.ts';
import { keepaliveStatus } from '../fido/framing.ts';
import { authenticate, isPinUvVersion, type PinUvVersion, SharedSecret } from '../fido/pin-uv-protocol.ts';
import { ctapStatus } from '../fido/status.ts';
import type { Task } from './bio-key-hid.ts';
import { demoAaguid } from './bio-key-identity.ts';
import type { Sensor } from './bio-key-sensor.ts';
import type { BioKeyStore } from './bio-key-store.ts';

/** How long a touch counts as presence after its token was given, milliseconds (section 6.5.5.7, user present time limit). */
const presenceMs = 30_000;

/** A command ends with a status other than 0. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`status 0x${status.toString(16)}`);
    this.status = status;
  }
}

interface Token {
  readonly version: PinUvVersion;
  readonly bytes: Uint8Array;
  permissions: number;
  readonly rpId: string;
  readonly presentUntil: number;
}

export interface AuthenticatorOptions {
  readonly store: BioKeyStore;
  readonly sensor: Sensor;
  /** How long the comparison of a finger takes, milliseconds. */
  readonly matchMs: number;
  /** Order of the PIN/UV auth protocols in getInfo. */
  readonly protocols: readonly PinUvVersion[];
}

export class BioKeyAuthenticator {
  readonly #options: AuthenticatorOptions;
  readonly #store: BioKeyStore;
  #agreement = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #token: Token | undefined;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** What a power cycle forgets: the token and the key agreement key. */
  powerCycle(): void {
    this.#token = undefined;
    this.#agreement = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  /** One command, one answer: a status byte and, where there is one, a map. */
  async handle(request: Uint8Array, task: Task): Promise<Uint8Array> {
    try {
      const answer = await this.#command(request, task);
      return Buffer.concat([Uint8Array.of(ctapStatus.ok), encodeCbor(answer)]);
    } catch (error) {
      if (error instanceof Refusal) return Uint8Array.of(error.status);
      if (error instanceof CborError) return Uint8Array.of(error.missing ? ctapStatus.missingParameter : ctapStatus.cborUnexpectedType);
      throw error;
    }
  }

  async #command(request: Uint8Array, task: Task): Promise<CborMap> {
    if (request[0] === ctapCommand.getInfo) return this.#info();
    const known = [ctapCommand.makeCredential, ctapCommand.getAssertion, ctapCommand.clientPin].find((command) => command === request[0]);
    if (known === undefined) throw new Refusal(ctapStatus.invalidCommand);
    let body: unknown;
    try {
      body = decodeCbor(request.subarray(1));
    } catch {
      throw new Refusal(ctapStatus.invalidCbor);
    }
    const fields = new CborFields(body, 'request');
    switch (known) {
      case ctapCommand.makeCredential:
        return this.#makeCredential(fields, task);
      case ctapCommand.getAssertion:
        return this.#getAssertion(fields, task);
      case ctapCommand.clientPin:
        return this.#clientPin(fields, task);
    }
  }

  #info(): CborMap {
    const enrolled = this.#store.fingers.size > 0;
    const algorithm = new Map<string, CborValue>([
      ['alg', coseAlgorithm.es256],
      ['type', 'public-key'],
    ]);
    const options = new Map<string, CborValue>([
      ['rk', false],
      ['up', true],
      ['uv', enrolled],
      ['plat', false],
      ['bioEnroll', enrolled],
      ['pinUvAuthToken', true],
    ]);
    return new Map<number, CborValue>([
      [0x01, ['FIDO_2_0', 'FIDO_2_1']],
      [0x03, Buffer.from(demoAaguid, 'hex')],
      [0x04, options],
      [0x05, 2048],
      [0x06, this.#options.protocols],
      [0x07, 8],
      [0x08, 32],
      [0x09, ['usb']],
      [0x0a, [algorithm]],
      [0x12, 0x02],
    ]);
  }

  async #clientPin(fields: CborFields, task: Task): Promise<CborMap> {
    const subCommand = fields.integer(2);
    if (subCommand === clientPinCommand.getUvRetries) return new Map([[5, this.#store.uvRetries]]);
    if (subCommand !== clientPinCommand.getKeyAgreement && subCommand !== clientPinCommand.getTokenUsingUv) {
      throw new Refusal(ctapStatus.invalidSubcommand);
    }
    const version = this.#protocol(fields.integer(1));
    if (subCommand === clientPinCommand.getKeyAgreement) {
      return new Map([[1, coseOfPublicKey(this.#agreement.publicKey, coseAlgorithm.ecdhHkdf256)]]);
    }
    const platformKey = publicKeyOfCose(fields.map(3), coseAlgorithm.ecdhHkdf256);
    const permissions = fields.integer(9);
    const rpId = fields.optionalText(10);
    const known = permission.makeCredential | permission.getAssertion;
    if (permissions === 0) throw new Refusal(ctapStatus.invalidParameter);
    if ((permissions & ~known) !== 0) throw new Refusal(ctapStatus.unauthorizedPermission);
    if (rpId === undefined) throw new Refusal(ctapStatus.missingParameter);
    this.#token = undefined;
    await this.#verifyPerson(task);
    this.#token = { version, bytes: randomBytes(32), permissions, rpId, presentUntil: performance.now() + presenceMs };
    const secret = SharedSecret.of(version, this.#agreement.privateKey, platformKey);
    return new Map([[2, secret.encrypt(this.#token.bytes)]]);
  }

  async #makeCredential(fields: CborFields, task: Task): Promise<CborMap> {
    const clientDataHash = fields.bytes(1);
    const rpId = fields.map(2).text('id');
    const userId = fields.map(3).bytes('id');
    const algorithms = fields.list(4).map((entry) => new CborFields(entry, 'algorithm').integer('alg'));
    if (!algorithms.includes(coseAlgorithm.es256)) throw new Refusal(ctapStatus.unsupportedAlgorithm);
    if (clientDataHash.length !== 32 || userId.length > 64) throw new Refusal(ctapStatus.invalidLength);
    const options = fields.has(7) ? fields.map(7) : undefined;
    if (options?.optionalBoolean('rk') === true) throw new Refusal(ctapStatus.unsupportedOption);
    if (options?.optionalBoolean('up') === false) throw new Refusal(ctapStatus.invalidOption);
    const proof = await this.#proof(fields, 8, permission.makeCredential, rpId, clientDataHash, task);
    if (!proof.verified) throw new Refusal(ctapStatus.puatRequired);
    if (!proof.present) await this.#touch(task);
    if (this.#listed(fields, 5).some((id) => this.#store.find(id, rpId) !== undefined)) throw new Refusal(ctapStatus.credentialExcluded);
    const credential = this.#store.create(rpId);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(credential.id.length);
    const cose = encodeCbor(coseOfPublicKey(credential.publicKey, coseAlgorithm.es256));
    const attested = Buffer.concat([Buffer.from(demoAaguid, 'hex'), length, credential.id, cose]);
    const data = this.#store.authenticatorData(rpId, 0x45, attested);
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

  async #getAssertion(fields: CborFields, task: Task): Promise<CborMap> {
    const rpId = fields.text(1);
    const clientDataHash = fields.bytes(2);
    if (clientDataHash.length !== 32) throw new Refusal(ctapStatus.invalidLength);
    const options = fields.has(5) ? fields.map(5) : undefined;
    if (options?.optionalBoolean('rk') !== undefined) throw new Refusal(ctapStatus.unsupportedOption);
    const proof = await this.#proof(fields, 6, permission.getAssertion, rpId, clientDataHash, task);
    const credential = this.#listed(fields, 3)
      .map((id) => this.#store.find(id, rpId))
      .find((found) => found !== undefined);
    if (credential === undefined) throw new Refusal(ctapStatus.noCredentials);
    const wanted = options?.optionalBoolean('up') ?? true;
    if (wanted && !proof.present) await this.#touch(task);
    const data = this.#store.authenticatorData(rpId, (wanted || proof.present ? 0x01 : 0) | (proof.verified ? 0x04 : 0), new Uint8Array(0));
    return new Map<number, CborValue>([
      [
        1,
        new Map<string, CborValue>([
          ['id', credential.id],
          ['type', 'public-key'],
        ]),
      ],
      [2, data],
      [3, this.#store.sign(credential, Buffer.concat([data, clientDataHash]))],
    ]);
  }

  /** Who is there, by a token (spent by this), by the old `uv` option, or not at all. */
  async #proof(
    fields: CborFields,
    key: 6 | 8,
    needed: number,
    rpId: string,
    hash: Uint8Array,
    task: Task,
  ): Promise<{ present: boolean; verified: boolean }> {
    const param = fields.optionalBytes(key);
    if (param === undefined) {
      const verified = fields.has(key === 6 ? 5 : 7) && fields.map(key === 6 ? 5 : 7).optionalBoolean('uv') === true;
      if (verified) await this.#verifyPerson(task);
      return { present: verified, verified };
    }
    const version = this.#protocol(fields.integer(key + 1));
    const token = this.#token;
    const expected = token === undefined ? undefined : authenticate(version, token.bytes, hash);
    if (token?.version !== version || expected?.length !== param.length || !timingSafeEqual(expected, param))
      throw new Refusal(ctapStatus.pinAuthInvalid);
    if ((token.permissions & needed) === 0 || token.rpId !== rpId) throw new Refusal(ctapStatus.pinAuthInvalid);
    // Sections 6.1.2 and 6.2.2: using presence clears the flags and the permissions of the token.
    this.#token = undefined;
    return { present: performance.now() < token.presentUntil, verified: true };
  }

  /** performBuiltInUv (section 6.5.3.1) without retries of its own: one touch, one answer. */
  async #verifyPerson(task: Task): Promise<void> {
    if (this.#store.fingers.size === 0) throw new Refusal(ctapStatus.notAllowed);
    if (this.#store.uvRetries <= 0) throw new Refusal(ctapStatus.uvBlocked);
    const finger = await this.#touch(task);
    this.#store.countTry();
    if (this.#options.matchMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#options.matchMs));
    if (!this.#store.fingers.has(finger)) throw new Refusal(this.#store.uvRetries <= 0 ? ctapStatus.uvBlocked : ctapStatus.uvInvalid);
    this.#store.resetTries();
  }

  async #touch(task: Task): Promise<string> {
    task.status(keepaliveStatus.userPresenceNeeded);
    const touch = await this.#options.sensor.wait(task.signal);
    if (touch.kind === 'cancelled') throw new Refusal(ctapStatus.keepaliveCancel);
    if (touch.kind === 'timeout') throw new Refusal(ctapStatus.userActionTimeout);
    task.status(keepaliveStatus.processing);
    return touch.finger;
  }

  #protocol(value: number): PinUvVersion {
    if (!isPinUvVersion(value) || !this.#options.protocols.includes(value)) throw new Refusal(ctapStatus.invalidParameter);
    return value;
  }

  #listed(fields: CborFields, key: number): Uint8Array[] {
    return fields.has(key) ? fields.list(key).map((entry) => new CborFields(entry, 'credential').bytes('id')) : [];
  }
}
