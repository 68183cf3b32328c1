/** Reports that no device and no client should send, always the same ones for the same seed: noise, and valid messages with something wrong. */
import { broadcastChannel, encodeMessage, hidCommand, reportLength } from '../../../drivers/fido/framing.ts';

/** Numbers from a seed (mulberry32): a fuzz that failed can be run again. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to `below` - 1. */
  roll(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.roll(256));
  }

  pick<T>(from: readonly T[]): T {
    const one = from[this.roll(from.length)];
    if (one === undefined) throw new RangeError('there is nothing to pick from');
    return one;
  }
}

const commands = Object.values(hidCommand);

/** The reports of one fuzzed message. `seeds` are payloads that would be valid; `channels` those on which the other end listens. */
export function fuzzedMessage(dice: Dice, channels: readonly number[], seeds: readonly Uint8Array[]): Uint8Array[] {
  const channel = dice.roll(6) === 0 ? dice.pick([0, 1, broadcastChannel, dice.roll(2 ** 32)]) : dice.pick(channels);
  const command = dice.roll(3) === 0 ? dice.pick([...commands, dice.roll(128)]) : hidCommand.cbor;
  const payload = dice.roll(8) === 0 ? dice.bytes(dice.roll(300)) : mutated(dice, dice.pick(seeds));
  const reports = encodeMessage(channel, command, payload);
  switch (dice.roll(6)) {
    case 0:
      return [dice.bytes(reportLength)];
    case 1:
      // A report is lost, or comes twice.
      return reports.flatMap((report) => dice.pick([[], [report], [report], [report, report]]));
    case 2:
      return reports.map((report) => mutated(dice, report));
    default:
      return reports;
  }
}

/** The same bytes with a few of them changed, cut, or doubled; sometimes none. */
export function mutated(dice: Dice, bytes: Uint8Array): Uint8Array {
  // Not slice(): that of a Buffer is the same memory.
  const changed = new Uint8Array(bytes);
  for (let changes = dice.roll(4); changes > 0 && changed.length > 0; changes -= 1) {
    changed[dice.roll(changed.length)] = dice.pick([0, 1, 0x18, 0x40, 0x5f, 0x7f, 0x80, 0x9f, 0xa1, 0xbf, 0xf6, 0xff, dice.roll(256)]);
  }
  // A report has a length that no cable changes; a message may have every length.
  if (bytes.length === reportLength || dice.roll(3) !== 0) return changed;
  return dice.roll(2) === 0 ? changed.subarray(0, dice.roll(changed.length + 1)) : Buffer.concat([changed, dice.bytes(dice.roll(70))]);
}
