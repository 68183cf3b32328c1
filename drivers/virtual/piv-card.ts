/**
 * A virtual PIV card (NIST SP 800-73-4) with real keys and a real certificate chain: what OpenSC reads from it and has it sign is as
 * valid as from plastic. For the demo and the tests alone: its keys lie in memory and, if asked, in a plain file. It must never be
 * reachable from a production station.
 */
import { instruction, parseCommand, response, status, type CommandApdu } from './apdu.ts';
import { ApduChaining, type Protocol } from './apdu-chaining.ts';
import { readTlvs, tlv, type Tlv } from './ber-tlv.ts';
import { CardFaults } from './card-faults.ts';
import { newPivCardFile, openPivCardFile, type NewPivCard, type PivCardFile } from './piv-card-file.ts';
import { algorithmId, applyPivKey, pivKeySlots, type PivKey, type PivKeySlot } from './piv-key.ts';
import { applicationProperties, needsPin, pivAid, readObject } from './piv-objects.ts';
import type { ReferenceValue } from './piv-reference.ts';
import type { Misbehaviour, VirtualCard } from './virtual-card.ts';

export class PivCard implements VirtualCard {
  /**
   * The historical bytes carry the PIV application identifier in COMPACT-TLV (ISO/IEC 7816-4 section 8.1.1.2), by which OpenSC
   * recognises a plain PIV card. (With 3B80800101 it would take it for a PivKey and switch EC off.)
   */
  readonly atr: Uint8Array;
  readonly faults = new CardFaults();

  readonly #file: Omit<PivCardFile, 'pin' | 'puk' | 'pinTries' | 'pukTries'>;
  readonly #pin: ReferenceValue;
  readonly #puk: ReferenceValue;
  readonly #keys: Readonly<Partial<Record<PivKeySlot, PivKey>>>;
  readonly #onSign = new Set<(slot: PivKeySlot) => void | Promise<void>>();
  readonly #onChange = new Set<() => void>();

  #selected = false;
  #verified = false;
  /** The very last command was a successful VERIFY: what 9C asks for. */
  #justVerified = false;
  readonly #chaining: ApduChaining;

  private constructor(value: unknown) {
    const { file, pin, puk, keys } = openPivCardFile(value);
    this.#file = file;
    this.atr = answerToReset(file.protocol, Buffer.concat([Uint8Array.of(0x80, 0xf9), pivAid.subarray(0, 9)]));
    this.#chaining = new ApduChaining(file.protocol);
    this.#pin = pin;
    this.#puk = puk;
    this.#keys = keys;
  }

  /** Generates keys and has `issuer` certify them. PIN 123456 and PUK 12345678 unless given. */
  static async create(options: NewPivCard): Promise<PivCard> {
    return new PivCard(await newPivCardFile(options));
  }

  /** A card from what `toJSON` gave. Throws when it is anything else. */
  static fromJSON(file: unknown): PivCard {
    return new PivCard(file);
  }

  /** Everything, private keys and PIN included: a demo card in a file is a card without a safe. */
  toJSON(): PivCardFile {
    const { text: pin, triesLeft: pinTries } = this.#pin;
    const { text: puk, triesLeft: pukTries } = this.#puk;
    return { ...this.#file, pin, puk, pinTries, pukTries };
  }

  /** The GUID, 32 hex digits. */
  get serial(): string {
    return this.#file.serial;
  }

  get holder(): PivCardFile['holder'] {
    return this.#file.holder;
  }

  get pinTriesLeft(): number {
    return this.#pin.triesLeft;
  }

  /** The certificate in a slot, DER. Throws when the card has no such key. */
  certificate(slot: PivKeySlot): Uint8Array {
    const key = this.#keys[slot];
    if (key === undefined) throw new Error(`this card has no ${slot} key`);
    return key.certificate;
  }

  /** Calls back (and waits) when a key is about to be used, PIN already verified. Returns the way to stop. */
  onSign(listener: (slot: PivKeySlot) => void | Promise<void>): () => void {
    this.#onSign.add(listener);
    return () => void this.#onSign.delete(listener);
  }

  /** Calls back after PIN, PUK or their counters changed: the moment to save the card. Returns the way to stop. */
  onChange(listener: () => void): () => void {
    this.#onChange.add(listener);
    return () => void this.#onChange.delete(listener);
  }

  reset(): void {
    this.#selected = false;
    this.#verified = false;
    this.#justVerified = false;
    this.#chaining.reset();
  }

  async transmit(bytes: Uint8Array): Promise<Uint8Array | Misbehaviour> {
    const command = parseCommand(bytes);
    // A length in three bytes belongs to T=1.
    const tooLong = this.#file.protocol === 't0' && bytes.length > 5 && bytes[4] === 0;
    if (command === undefined || tooLong) return response(status.wrongLength);
    const fault = await this.faults.meet(command.ins);
    if (typeof fault === 'number') {
      this.#chaining.reset();
      return response(fault);
    }
    return fault ?? this.#answer(command);
  }

  async #answer(command: CommandApdu): Promise<Uint8Array> {
    if ((command.cla & ~0x10) !== 0) return response(status.wrongClass);
    if (command.ins === instruction.getResponse) return this.#chaining.next(command.le ?? 256);
    const collected = this.#chaining.collect(command);
    if ('answer' in collected) return collected.answer;
    const whole = collected.command;
    const justVerified = this.#justVerified;
    this.#justVerified = false;
    switch (whole.ins) {
      case instruction.select:
        return this.#select(whole);
      case instruction.getData:
        return this.#getData(whole);
      case instruction.verify:
        return this.#verify(whole);
      case instruction.changeReferenceData:
        return this.#changeReference(whole);
      case instruction.resetRetryCounter:
        return this.#resetRetryCounter(whole);
      case instruction.generalAuthenticate:
        return this.#generalAuthenticate(whole, justVerified);
      default:
        return response(status.unknownInstruction);
    }
  }

  #select(command: CommandApdu): Uint8Array {
    const { p1, data } = command;
    const ours = data.length >= 5 && pivAid.subarray(0, data.length).equals(data);
    if (p1 !== 0x04 || !ours) return response(status.notFound);
    // Selecting the application that is selected keeps the PIN verified (SP 800-73-4 part 2 section 3.1.1).
    if (!this.#selected) this.#verified = false;
    this.#selected = true;
    return this.#chaining.send(applicationProperties(), command);
  }

  #getData(command: CommandApdu): Uint8Array {
    const { p1, p2, data } = command;
    if (!this.#selected) return response(status.notFound);
    if (p1 !== 0x3f || p2 !== 0xff) return response(status.wrongParameters);
    const asked = parts(data)?.find((part) => part.tag === 0x5c);
    if (asked === undefined) return response(status.wrongData);
    const tag = Number(`0x0${Buffer.from(asked.value).toString('hex')}`);
    if (needsPin(tag) && !this.#verified) return response(status.securityNotSatisfied);
    const object = readObject(tag, { guid: Buffer.from(this.serial, 'hex'), cardholder: this.holder.commonName, keys: this.#keys });
    return object === undefined ? response(status.notFound) : this.#chaining.send(object, command);
  }

  #verify({ p1, p2, data }: CommandApdu): Uint8Array {
    if (!this.#selected || p2 !== 0x80) return response(status.referenceNotFound);
    if (p1 === 0xff && data.length === 0) {
      this.#verified = false;
      return response(status.ok);
    }
    if (p1 !== 0x00) return response(status.wrongParameters);
    if (data.length === 0) return response(this.#verified ? status.ok : triesLeft(this.#pin));
    const sw = this.#check(this.#pin, data);
    if (sw !== status.wrongData) this.#verified = sw === status.ok;
    this.#justVerified = sw === status.ok;
    return response(sw);
  }

  #changeReference({ p1, p2, data }: CommandApdu): Uint8Array {
    const reference = p2 === 0x80 ? this.#pin : p2 === 0x81 ? this.#puk : undefined;
    if (!this.#selected || p1 !== 0 || reference === undefined) return response(status.referenceNotFound);
    return this.#replace(reference, reference, data);
  }

  #resetRetryCounter({ p1, p2, data }: CommandApdu): Uint8Array {
    if (!this.#selected || p1 !== 0 || p2 !== 0x80) return response(status.referenceNotFound);
    return this.#replace(this.#puk, this.#pin, data);
  }

  /** The old value (or the PUK) and the new value, eight bytes each. */
  #replace(proof: ReferenceValue, target: ReferenceValue, data: Uint8Array): Uint8Array {
    const fresh = data.subarray(8);
    if (data.length !== 16 || !target.isWellFormed(fresh)) return response(status.wrongData);
    const sw = this.#check(proof, data.subarray(0, 8));
    if (sw !== status.ok) return response(sw);
    target.replace(fresh);
    this.#changed();
    return response(status.ok);
  }

  #check(reference: ReferenceValue, value: Uint8Array): number {
    const check = reference.check(value);
    this.#changed();
    if (check === 'malformed') return status.wrongData;
    return check === 'right' ? status.ok : check === 'wrong' ? status.triesLeft + reference.triesLeft : status.blocked;
  }

  async #generalAuthenticate(command: CommandApdu, justVerified: boolean): Promise<Uint8Array> {
    const { p1, p2, data } = command;
    const slot = pivKeySlots.find((name) => Number.parseInt(name, 16) === p2);
    const key = slot === undefined ? undefined : this.#keys[slot];
    if (!this.#selected || slot === undefined || key === undefined) return response(status.referenceNotFound);
    if (p1 !== algorithmId[key.type]) return response(status.wrongParameters);
    if (!(slot === '9c' ? justVerified : this.#verified)) return response(status.securityNotSatisfied);
    const template = parts(data)?.find((part) => part.tag === 0x7c);
    const fields = template === undefined ? undefined : parts(template.value);
    const challenge = fields?.find((field) => field.tag === 0x81)?.value;
    const wantsAnswer = fields?.some((field) => field.tag === 0x82 && field.value.length === 0) ?? false;
    if (challenge === undefined || !wantsAnswer) return response(status.wrongData);
    for (const listener of this.#onSign) await listener(slot);
    const signature = applyPivKey(key, challenge);
    if (signature === undefined) return response(status.wrongData);
    return this.#chaining.send(tlv(0x7c, tlv(0x82, signature)), command);
  }

  #changed(): void {
    for (const listener of this.#onChange) listener();
  }
}

function triesLeft(reference: ReferenceValue): number {
  return reference.triesLeft === 0 ? status.blocked : status.triesLeft + reference.triesLeft;
}

function parts(bytes: Uint8Array): Tlv[] | undefined {
  try {
    return readTlvs(bytes);
  } catch {
    return undefined;
  }
}

/**
 * TS, T0 with the count of historical bytes, for T=1 also TD1 and TD2, the bytes, and for T=1 their XOR (ISO/IEC 7816-3 section 8.2). Without
 * a TD1 a card speaks T=0 and sends no check byte.
 */
function answerToReset(protocol: Protocol, historical: Uint8Array): Uint8Array {
  if (protocol === 't0') return Buffer.concat([Uint8Array.of(0x3b, historical.length), historical]);
  const body = Buffer.concat([Uint8Array.of(0x80 | historical.length, 0x80, 0x01), historical]);
  return Buffer.concat([Uint8Array.of(0x3b), body, Uint8Array.of(body.reduce((xor, byte) => xor ^ byte, 0))]);
}
