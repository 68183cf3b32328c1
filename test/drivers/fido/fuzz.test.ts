/** 10,000 reports through our client, from a device that sends what it likes: every call ends, in an answer or a DeviceError, and nothing else escapes. */
import { describe, expect, test } from 'vitest';
import { DeviceError } from '../../../drivers/errors.ts';
import { BioEnrolment } from '../../../drivers/fido/bio-enrolment.ts';
import { encodeCbor } from '../../../drivers/fido/cbor.ts';
import { CtapChannel } from '../../../drivers/fido/channel.ts';
import { coseAlgorithm, coseOfPublicKey } from '../../../drivers/fido/cose.ts';
import { Ctap2 } from '../../../drivers/fido/ctap.ts';
import { FingerToken, pinTries, tokenByPin } from '../../../drivers/fido/device-pin.ts';
import { FidoReader } from '../../../drivers/fido/reader.ts';
import { SharedSecret } from '../../../drivers/fido/pin-uv-protocol.ts';
import { generateKeyPairSync } from 'node:crypto';
import type { HidListener } from '../../../drivers/fido/transport.ts';
import { secretOf } from './factory-key.ts';
import { Dice, fuzzedMessage } from './fuzzed-reports.ts';
import { ScriptedHid } from './scripted-hid.ts';

const reportCount = 10_000;
const limits = { silenceMs: 4, cancelGraceMs: 4, busyMs: 0, initMs: 2000 };
const call = { deadlineMs: 200 };

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const cose = coseOfPublicKey(publicKey, coseAlgorithm.ecdhHkdf256);
const options = new Map(['uv', 'clientPin', 'bioEnroll', 'pinUvAuthToken'].map((name) => [name, true]));
const info = {
  versions: ['FIDO_2_1'],
  aaguid: '00'.repeat(16),
  options,
  pinUvAuthProtocols: [2, 1],
  fingerprint: true,
  minPinLength: 4,
  forcePinChange: false,
};
const answer = (...entries: Parameters<typeof encodeCbor>[0][][]): Uint8Array =>
  Buffer.concat([Uint8Array.of(0), encodeCbor(new Map(entries as [number, number][]))]);
/** Answers that would be right for one call or another. */
const answers: readonly Uint8Array[] = [
  answer([1, ['FIDO_2_1']], [3, new Uint8Array(16)], [4, options], [6, [2, 1]]),
  answer([1, cose]),
  answer([2, new Uint8Array(48)]),
  answer([3, 8], [4, false], [5, 3]),
  answer([1, 'packed'], [2, new Uint8Array(80)], [3, new Map([['alg', -7]])]),
  answer([1, new Map([['id', new Uint8Array(32)]])], [2, new Uint8Array(37)], [3, new Uint8Array(70)]),
  answer([4, new Uint8Array(8)], [5, 0], [6, 3]),
  answer([
    7,
    [
      new Map<number, unknown>([
        [1, new Uint8Array(2)],
        [2, 'left'],
      ]) as never,
    ],
  ]),
  Uint8Array.of(0),
  Uint8Array.of(0x31),
];

/** Delivers a report; what is thrown is what escaped. */
function deliver(listener: Pick<HidListener, 'onReport'>, report: Uint8Array, escaped: unknown[]): void {
  try {
    listener.onReport(report);
  } catch (error) {
    escaped.push(error);
  }
}

describe('10,000 reports that a device should not send', () => {
  test('end no call of ours in anything but an answer or a DeviceError', async () => {
    const dice = new Dice(20261201);
    const hid = new ScriptedHid();
    const escaped: unknown[] = [];
    const outcomes = new Map<string, number>();
    let sent = 0;
    const channel = await CtapChannel.open(hid.transport, 'scripted', limits);
    hid.onMessage = () => {
      setImmediate(() => {
        for (let messages = 1 + dice.roll(4); messages > 0; messages -= 1) {
          for (const report of fuzzedMessage(dice, [hid.channel], answers)) {
            sent += 1;
            deliver(channel, report, escaped);
          }
        }
      });
    };
    const ctap = new Ctap2(channel);
    const hash = new Uint8Array(32);
    const auth = { version: 2, param: hash } as const;
    const bio = new BioEnrolment(ctap, info);
    const token = new FingerToken(2, hash);
    const calls: readonly (() => Promise<unknown>)[] = [
      () => ctap.getInfo(call),
      () => ctap.getUvRetries(call),
      () => pinTries(ctap, call),
      () => ctap.getKeyAgreement(2, call).then((peer) => SharedSecret.encapsulate(2, peer)),
      () => tokenByPin(ctap, info, secretOf('12345678'), call),
      () => ctap.makeCredential({ rpId: 'a.example', userId: hash, clientDataHash: hash, auth }, call),
      () => ctap.getAssertion({ rpId: 'a.example', credentialId: hash, clientDataHash: hash, auth }, call),
      () => bio.begin(token, 1000, call),
      () => bio.enumerate(token, call),
      () => ctap.selection(call),
    ];
    while (sent < reportCount) {
      const outcome = await dice
        .pick(calls)()
        .then(
          () => 'answered',
          (error: unknown) => (error instanceof DeviceError ? error.code : String(error)),
        );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    await channel.close();
    expect(escaped).toEqual([]);
    const known = [
      'answered',
      'device-error',
      'busy',
      'reader-locked',
      'cancelled',
      'touch-timeout',
      'not-matched',
      'no-usable-key',
      'mechanism-unsupported',
    ];
    expect([...outcomes.keys()].filter((outcome) => !known.includes(outcome))).toEqual([]);
    // The fuzz reaches both sides of the code: some of it is understood, some is not.
    expect(outcomes.get('answered')).toBeGreaterThan(50);
    expect(outcomes.get('device-error')).toBeGreaterThan(50);
  });

  test('leave a reader that answers as it should', async () => {
    const dice = new Dice(7);
    const hid = new ScriptedHid();
    const reader = new Promise<FidoReader>((resolve, reject) => {
      hid.onMessage = () => hid.send(0x10, answers[0] ?? new Uint8Array(0));
      void hid.transport.list().then(([one]) => one && FidoReader.open(hid.transport, one, limits).then(resolve, reject));
    });
    const opened = await reader;
    hid.onMessage = () => {
      for (const report of fuzzedMessage(dice, [hid.channel], answers)) hid.sendReport(report);
    };
    for (let round = 0; round < 30; round += 1) await opened.triesLeft().catch(() => undefined);
    hid.onMessage = () => hid.send(0x10, answer([5, 3]));
    expect(await opened.triesLeft()).toBe(3);
    await opened.close();
  });

  test('would be noticed if one of them made something throw', () => {
    const dice = new Dice(20261201);
    const escaped: unknown[] = [];
    const frail = {
      onReport: (report: Uint8Array) => {
        if (report[4] === 0x90 && report[7] === 0x31) throw new TypeError('a status that nobody thought of');
      },
    };
    for (let sent = 0; sent < 1000; sent += 1) {
      for (const report of fuzzedMessage(dice, [1], answers)) deliver(frail, report, escaped);
    }
    expect(escaped.length).toBeGreaterThan(0);
  });
});
