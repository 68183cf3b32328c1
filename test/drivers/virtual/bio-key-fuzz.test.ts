/** 10,000 reports through the virtual key, from a client that sends what it likes: nothing escapes, every report out is whole, and the key still works. */
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type CborValue, encodeCbor } from '../../../drivers/fido/cbor.ts';
import { coseAlgorithm, coseOfPublicKey } from '../../../drivers/fido/cose.ts';
import { encodeMessage, hidCommand, hidError, parseFrame, reportLength } from '../../../drivers/fido/framing.ts';
import { BioKeyAuthenticator } from '../../../drivers/virtual/bio-key-ctap.ts';
import { CtapHidDevice, type HidDeviceOptions } from '../../../drivers/virtual/bio-key-hid.ts';
import { Sensor } from '../../../drivers/virtual/bio-key-sensor.ts';
import { BioKeyStore } from '../../../drivers/virtual/bio-key-store.ts';
import { Dice, fuzzedMessage } from '../fido/fuzzed-reports.ts';

const reportCount = 10_000;
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const cose = coseOfPublicKey(publicKey, coseAlgorithm.ecdhHkdf256);
const hash = new Uint8Array(32);

const request = (command: number, ...entries: readonly (readonly [number, CborValue])[]): Uint8Array =>
  Buffer.concat([Uint8Array.of(command), encodeCbor(new Map(entries))]);
const rp: CborValue = new Map([['id', 'a.example']]);
const user: CborValue = new Map([['id', hash]]);
const algorithms: CborValue = [new Map([['alg', -7]])];
/** Requests that would be right, or nearly. */
const requests: readonly Uint8Array[] = [
  Uint8Array.of(0x04),
  Uint8Array.of(0x07),
  Uint8Array.of(0x0b),
  request(0x01, [1, hash], [2, rp], [3, user], [4, algorithms], [7, new Map([['uv', true]])]),
  request(0x01, [1, hash], [2, rp], [3, user], [4, algorithms], [8, hash], [9, 2]),
  request(0x02, [1, 'a.example'], [2, hash], [3, [user]], [5, new Map([['uv', true]])]),
  request(0x02, [1, 'a.example'], [2, hash], [6, hash], [7, 2]),
  ...[1, 2, 7].map((subCommand) => request(0x06, [1, 2], [2, subCommand])),
  request(0x06, [1, 2], [2, 3], [3, cose], [4, hash], [5, new Uint8Array(80)]),
  request(0x06, [1, 1], [2, 4], [3, cose], [4, hash], [5, new Uint8Array(64)], [6, new Uint8Array(16)]),
  request(0x06, [1, 2], [2, 5], [3, cose], [6, hash]),
  request(0x06, [1, 2], [2, 6], [3, cose], [9, 2], [10, 'a.example']),
  request(0x06, [1, 2], [2, 9], [3, cose], [6, hash], [9, 8]),
  ...[0x09, 0x40].flatMap((command) =>
    [1, 2, 3, 4, 5, 6, 7].map((subCommand) =>
      request(
        command,
        [1, 1],
        [2, subCommand],
        [
          3,
          new Map<number, CborValue>([
            [1, hash],
            [3, 5],
          ]),
        ],
        [4, 2],
        [5, hash],
      ),
    ),
  ),
];

interface Fuzzed {
  readonly escaped: readonly unknown[];
  readonly out: readonly Uint8Array[];
  readonly device: CtapHidDevice;
}

/** Sends fuzzed reports to a device that answers with `handle`, and collects what it throws and what it says. */
async function fuzz(seed: number, count: number, handle: HidDeviceOptions['handle']): Promise<Fuzzed> {
  const dice = new Dice(seed);
  const escaped: unknown[] = [];
  const out: Uint8Array[] = [];
  const device = new CtapHidDevice({
    keepaliveMs: 20,
    send: (report) => out.push(report),
    handle: async (bytes, task) => {
      try {
        return await handle(bytes, task);
      } catch (error) {
        escaped.push(error);
        return Uint8Array.of(0x7f);
      }
    },
  });
  const receive = (report: Uint8Array): void => {
    try {
      device.receive(report);
    } catch (error) {
      escaped.push(error);
    }
  };
  for (const report of encodeMessage(0xffffffff, hidCommand.init, new Uint8Array(8))) receive(report);
  for (let sent = 0; sent < count;) {
    for (const report of fuzzedMessage(dice, [1], requests)) {
      receive(report);
      sent += 1;
    }
    // Sometimes the key is given the time to answer, sometimes it is interrupted.
    if (dice.roll(3) !== 0) await new Promise(setImmediate);
    if (dice.roll(40) === 0) receive(encodeMessage(1, hidCommand.cancel, new Uint8Array(0))[0] ?? new Uint8Array(0));
    if (dice.roll(60) === 0) await sleep(2);
  }
  await sleep(600);
  return { escaped, out, device };
}

describe('10,000 reports that a client should not send', () => {
  test('make nothing throw in the virtual key, and it answers as before', async () => {
    const store = BioKeyStore.make(['right index'], 3, 5);
    const sensor = new Sensor(5);
    sensor.auto({ finger: 'right index' });
    const authenticator = new BioKeyAuthenticator({ store, sensor, matchMs: 0, protocols: [2, 1] });
    const statuses = new Set<number>();
    const { escaped, out, device } = await fuzz(20261201, reportCount, async (bytes, task) => {
      const answer = await authenticator.handle(bytes, task);
      statuses.add(answer[0] ?? -1);
      return answer;
    });
    expect(escaped).toEqual([]);
    expect(out.every((report) => report.length === reportLength && parseFrame(report) !== undefined)).toBe(true);
    // The fuzz reaches both sides of the code: some of it is understood, some is not.
    for (const status of [0x00, 0x01, 0x02, 0x11, 0x12, 0x14, 0x33, 0x3e]) expect(statuses).toContain(status);
    const before = out.length;
    for (const report of encodeMessage(1, hidCommand.init, new Uint8Array(8))) device.receive(report);
    for (const report of encodeMessage(1, hidCommand.cbor, Uint8Array.of(4))) device.receive(report);
    await sleep(20);
    const said = out.slice(before).flatMap((report) => {
      const frame = parseFrame(report);
      return frame?.kind === 'init' ? [[frame.command, frame.data[0]]] : [];
    });
    expect(said).toEqual([
      [hidCommand.init, 0],
      [hidCommand.cbor, 0],
    ]);
  });

  test('would be noticed if one of them made something throw', async () => {
    const { escaped, out } = await fuzz(20261201, 1000, (bytes) => {
      if (bytes[0] === 0x09) throw new TypeError('a command that nobody thought of');
      return Promise.resolve(Uint8Array.of(0));
    });
    expect(escaped.length).toBeGreaterThan(0);
    expect(out.some((report) => report[4] === (hidCommand.error | 0x80) && report[7] !== hidError.other)).toBe(true);
  });
});
