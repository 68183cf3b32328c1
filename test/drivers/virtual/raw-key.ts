/** A virtual bio key asked without our client's manners, by whatever command and parameters a test likes, and the status that came back. */
import { createHash } from 'node:crypto';
import { afterEach } from 'vitest';
import { CborFields, type CborMap, type CborValue, decodeCbor, encodeCbor } from '../../../drivers/fido/cbor.ts';
import { CtapChannel } from '../../../drivers/fido/channel.ts';
import { coseAlgorithm, coseOfPublicKey, publicKeyOfCose } from '../../../drivers/fido/cose.ts';
import { hidCommand } from '../../../drivers/fido/framing.ts';
import { authenticate, SharedSecret } from '../../../drivers/fido/pin-uv-protocol.ts';
import { VirtualBioKey, type BioKeyOptions } from '../../../drivers/virtual/bio-key.ts';

const open: CtapChannel[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((channel) => channel.close()));
});

export type Params = readonly (readonly [number, CborValue])[];

export interface Agreed {
  readonly secret: SharedSecret;
  readonly cose: CborMap;
}

export class RawKey {
  readonly key: VirtualBioKey;
  readonly version: 1 | 2;
  readonly #channel: CtapChannel;

  private constructor(key: VirtualBioKey, channel: CtapChannel, version: 1 | 2) {
    this.key = key;
    this.#channel = channel;
    this.version = version;
  }

  static async of(options: Partial<BioKeyOptions> = {}, version: 1 | 2 = 2): Promise<RawKey> {
    return RawKey.on(VirtualBioKey.create({ fingers: [], keepaliveMs: 10, ...options }), version);
  }

  static async on(key: VirtualBioKey, version: 1 | 2 = 2): Promise<RawKey> {
    const channel = await CtapChannel.open(key.transport, 'virtual-bio-key');
    open.push(channel);
    return new RawKey(key, channel, version);
  }

  /** The status byte and the map behind it. */
  async ask(command: number, params?: Params): Promise<{ readonly status: number; readonly fields: CborFields }> {
    const body = params === undefined ? new Uint8Array(0) : encodeCbor(new Map(params));
    const answer = await this.#channel.call(hidCommand.cbor, Buffer.concat([Uint8Array.of(command), body]), { deadlineMs: 5000 });
    const fields = new CborFields(answer.length > 1 ? decodeCbor(answer.subarray(1)) : new Map(), 'answer');
    return { status: answer[0] ?? -1, fields };
  }

  async status(command: number, params?: Params): Promise<number> {
    return (await this.ask(command, params)).status;
  }

  async option(name: string): Promise<boolean | undefined> {
    return (await this.ask(0x04)).fields.map(4).optionalBoolean(name);
  }

  async agree(): Promise<Agreed> {
    const { fields } = await this.ask(0x06, [
      [1, this.version],
      [2, 2],
    ]);
    const peer = publicKeyOfCose(fields.map(1), coseAlgorithm.ecdhHkdf256);
    const { publicKey, secret } = SharedSecret.encapsulate(this.version, peer);
    return { secret, cose: coseOfPublicKey(publicKey, coseAlgorithm.ecdhHkdf256) };
  }

  /** setPIN as the standard has it. */
  async setPin(pin: string | Uint8Array): Promise<number> {
    const { secret, cose } = await this.agree();
    const sent = secret.encrypt(padded(pin));
    return this.status(0x06, [
      [1, this.version],
      [2, 3],
      [3, cose],
      [4, secret.authenticate(sent)],
      [5, sent],
    ]);
  }

  /** changePIN as the standard has it. */
  async changePin(current: string, next: string): Promise<number> {
    const { secret, cose } = await this.agree();
    const [sent, hash] = [secret.encrypt(padded(next)), secret.encrypt(hashOf(current))];
    const param = secret.authenticate(Buffer.concat([sent, hash]));
    return this.status(0x06, [
      [1, this.version],
      [2, 4],
      [3, cose],
      [4, param],
      [5, sent],
      [6, hash],
    ]);
  }

  /** A token by PIN in the clear, or the status that came instead. */
  async token(pin: string, permissions: number | undefined, rpId?: string): Promise<Uint8Array | number> {
    const { secret, cose } = await this.agree();
    const grant: Params = permissions === undefined ? [] : [[9, permissions], ...(rpId === undefined ? [] : [[10, rpId] as const])];
    const subCommand = permissions === undefined ? 5 : 9;
    const hash = secret.encrypt(hashOf(pin));
    const { status, fields } = await this.ask(0x06, [[1, this.version], [2, subCommand], [3, cose], [6, hash], ...grant]);
    return status === 0 ? secret.decrypt(fields.bytes(2)) : status;
  }

  /** A token for the fingers. Throws Error when none is given. */
  async fingerToken(pin: string): Promise<Uint8Array> {
    const token = await this.token(pin, 0x08);
    if (typeof token === 'number') throw new Error(`no token: status ${token}`);
    return token;
  }

  /** Sets the PIN, then gives a token for the fingers. */
  async officerToken(pin: string): Promise<Uint8Array> {
    await this.setPin(pin);
    return this.fingerToken(pin);
  }

  /** Parameters of bio enrolment that `token` authenticates. */
  bio(token: Uint8Array, subCommand: number, params?: Params): Params {
    const map = params && new Map(params);
    const encoded = map === undefined ? new Uint8Array(0) : encodeCbor(map);
    const param = authenticate(this.version, token, Buffer.concat([Uint8Array.of(1, subCommand), encoded]));
    return [[1, 1], [2, subCommand], ...(map === undefined ? [] : [[3, map] as const]), [4, this.version], [5, param]];
  }
}

/** 64 bytes. */
export function padded(pin: string | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set(typeof pin === 'string' ? new TextEncoder().encode(pin) : pin);
  return bytes;
}

export function hashOf(pin: string): Uint8Array {
  return createHash('sha256').update(pin).digest().subarray(0, 16);
}
