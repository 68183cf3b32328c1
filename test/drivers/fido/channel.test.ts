import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeviceErrorCode } from '../../../drivers/errors.ts';
import { CtapChannel } from '../../../drivers/fido/channel.ts';
import { encodeMessage, hidCommand, hidError } from '../../../drivers/fido/framing.ts';
import { ScriptedHid } from './scripted-hid.ts';

const request = Uint8Array.of(4);
const answer = Uint8Array.of(0, 0xa0);
const processing = Uint8Array.of(1);
const touch = Uint8Array.of(2);
const refusal = (code: DeviceErrorCode, more: object = {}): unknown => expect.objectContaining({ name: 'DeviceError', code, ...more });

let hid: ScriptedHid;
let channel: CtapChannel;

beforeEach(async () => {
  hid = new ScriptedHid();
  channel = await CtapChannel.open(hid.transport, 'scripted', { silenceMs: 120, cancelGraceMs: 100, busyMs: 250 });
});

afterEach(() => channel.close());

describe('opening a channel', () => {
  test('the answer to another program that opens one at the same moment is passed over', async () => {
    const other = new ScriptedHid();
    other.onInit = (message) => {
      other.answerInit({ ...message, payload: Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9) });
      other.answerInit(message);
    };
    const opened = await CtapChannel.open(other.transport, 'scripted');
    expect(opened.capabilities).toBe(4);
    await opened.close();
  });

  test('a device that never answers is given up', async () => {
    const other = new ScriptedHid();
    other.onInit = () => undefined;
    await expect(CtapChannel.open(other.transport, 'scripted', { initMs: 100 })).rejects.toEqual(
      refusal('device-error', { recover: 'ask-staff' }),
    );
  });

  test('a device that is pulled out meanwhile is lost', async () => {
    const other = new ScriptedHid();
    other.onInit = () => other.pull();
    await expect(CtapChannel.open(other.transport, 'scripted')).rejects.toEqual(refusal('reader-lost'));
  });
});

describe('a call', () => {
  test('returns the answer, however many reports it takes', async () => {
    const long = Uint8Array.from({ length: 3000 }, (_, index) => index & 0xff);
    hid.onMessage = () => hid.send(hidCommand.cbor, long);
    expect(await channel.call(hidCommand.cbor, long, { deadlineMs: 1000 })).toEqual(long);
    expect(hid.received.at(-1)?.payload).toEqual(long);
  });

  test('passes over what the reader says to other programs, even in the middle of an answer', async () => {
    const long = new Uint8Array(100).fill(7);
    const [first, second] = encodeMessage(hid.channel, hidCommand.cbor, long);
    hid.onMessage = () => {
      hid.send(hidCommand.cbor, new Uint8Array(80).fill(6), 0x1234);
      if (first !== undefined) hid.sendReport(first);
      hid.send(hidCommand.error, Uint8Array.of(hidError.other), 0x1234);
      hid.send(hidCommand.keepalive, touch, 0x1234);
      hid.sendReport(new Uint8Array(10));
      if (second !== undefined) hid.sendReport(second);
    };
    const seen: number[] = [];
    expect(await channel.call(hidCommand.cbor, request, { deadlineMs: 1000, onKeepalive: (status) => seen.push(status) })).toEqual(long);
    expect(seen).toEqual([]);
  });

  test('tells of every change of the keepalive once', async () => {
    hid.onMessage = () => {
      for (const status of [processing, processing, touch, touch, touch, processing]) hid.send(hidCommand.keepalive, status);
      hid.send(hidCommand.cbor, answer);
    };
    const seen: number[] = [];
    await channel.call(hidCommand.cbor, request, { deadlineMs: 1000, onKeepalive: (status) => seen.push(status) });
    expect(seen).toEqual([1, 2, 1]);
  });

  test('a second call at the same time is refused and does not disturb the first', async () => {
    const first = channel.call(hidCommand.cbor, request, { deadlineMs: 1000 });
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).rejects.toEqual(refusal('busy'));
    hid.send(hidCommand.cbor, answer);
    expect(await first).toEqual(answer);
    expect(hid.count(hidCommand.cbor)).toBe(1);
  });

  test('a reader that is busy with another program is asked again until it is free', async () => {
    hid.onMessage = () => {
      if (hid.count(hidCommand.cbor) < 3) hid.send(hidCommand.error, Uint8Array.of(hidError.channelBusy));
      else hid.send(hidCommand.cbor, answer);
    };
    expect(await channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).toEqual(answer);
    expect(hid.count(hidCommand.cbor)).toBe(3);
  });

  test('a reader that stays busy is reported as busy', async () => {
    hid.onMessage = () => hid.send(hidCommand.error, Uint8Array.of(hidError.channelBusy));
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).rejects.toEqual(
      refusal('busy', { origin: { kind: 'ctaphid', value: 6 } }),
    );
  });

  test('any other error message ends it and keeps its number', async () => {
    hid.onMessage = () => hid.send(hidCommand.error, Uint8Array.of(hidError.invalidLength));
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).rejects.toEqual(
      refusal('device-error', { origin: { kind: 'ctaphid', value: 3 } }),
    );
  });
});

describe('patience', () => {
  test('a reader that falls silent is given up', async () => {
    const began = performance.now();
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 5000 })).rejects.toEqual(refusal('device-error'));
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test('every keepalive gives it time again', async () => {
    hid.onMessage = () => {
      void (async () => {
        for (let beat = 0; beat < 6; beat += 1) {
          await sleep(50);
          hid.send(hidCommand.keepalive, touch);
        }
        hid.send(hidCommand.cbor, answer);
      })();
    };
    expect(await channel.call(hidCommand.cbor, request, { deadlineMs: 5000 })).toEqual(answer);
  });

  test('keepalives without end do not keep it waiting without end', async () => {
    const beat = setInterval(() => hid.send(hidCommand.keepalive, touch), 20);
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 200 })).rejects.toEqual(refusal('device-error'));
    clearInterval(beat);
    expect(hid.count(hidCommand.cancel)).toBe(1);
  });
});

describe('cancelling', () => {
  test('before the start asks the reader nothing', async () => {
    const call = channel.call(hidCommand.cbor, request, { deadlineMs: 1000, signal: AbortSignal.abort() });
    await expect(call).rejects.toEqual(refusal('cancelled'));
    expect(hid.count(hidCommand.cbor)).toBe(0);
  });

  test.each([
    ['the status "cancelled"', Uint8Array.of(0x2d)],
    ['a normal answer, because the finger was quicker', answer],
  ])('sends CANCEL and returns what comes then: %s', async (_, last) => {
    const abort = new AbortController();
    hid.onMessage = ({ command }) => {
      if (command === hidCommand.cbor) setImmediate(() => abort.abort());
      if (command === hidCommand.cancel) hid.send(hidCommand.cbor, last);
    };
    expect(await channel.call(hidCommand.cbor, request, { deadlineMs: 1000, signal: abort.signal })).toEqual(last);
    expect(hid.count(hidCommand.cancel)).toBe(1);
  });

  test('is said again to a reader that did not hear it the first time', async () => {
    const abort = new AbortController();
    const patient = await CtapChannel.open(hid.transport, 'scripted', { cancelGraceMs: 2000 });
    const beat = setInterval(() => hid.send(hidCommand.keepalive, touch), 20);
    hid.onMessage = ({ command }) => {
      if (command === hidCommand.cbor) abort.abort();
      if (hid.count(hidCommand.cancel) === 2) hid.send(hidCommand.cbor, Uint8Array.of(0x2d));
    };
    expect(await patient.call(hidCommand.cbor, request, { deadlineMs: 5000, signal: abort.signal })).toEqual(Uint8Array.of(0x2d));
    clearInterval(beat);
    await patient.close();
  });

  test('ends also when the reader never answers, and its late answer is not taken for the next one', async () => {
    const abort = new AbortController();
    hid.onMessage = ({ command }) => {
      if (command === hidCommand.cbor) abort.abort();
    };
    const cancelled = channel.call(hidCommand.cbor, request, { deadlineMs: 1000, signal: abort.signal });
    await expect(cancelled).rejects.toEqual(refusal('cancelled'));
    const late = Uint8Array.of(0, 0xa1, 1, 1);
    hid.onInit = (message) => {
      hid.send(hidCommand.cbor, late);
      hid.answerInit(message);
    };
    hid.onMessage = () => hid.send(hidCommand.cbor, answer);
    expect(await channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).toEqual(answer);
    expect(hid.received.at(-2)).toEqual(expect.objectContaining({ command: hidCommand.init, channel: hid.channel }));
  });
});

describe('faults of the reader', () => {
  test('an answer whose reports are out of order is refused, and the channel is put back in step before the next call', async () => {
    const [first, , third] = encodeMessage(hid.channel, hidCommand.cbor, new Uint8Array(150));
    hid.onMessage = () => {
      if (first !== undefined) hid.sendReport(first);
      if (third !== undefined) hid.sendReport(third);
    };
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).rejects.toEqual(refusal('device-error'));
    hid.onMessage = () => hid.send(hidCommand.cbor, answer);
    expect(await channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).toEqual(answer);
    expect(hid.count(hidCommand.init)).toBe(2);
  });

  test('an answer to another command is refused', async () => {
    hid.onMessage = () => hid.send(hidCommand.ping, answer);
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).rejects.toEqual(refusal('device-error'));
  });

  test('a reader that forgot the channel is given a new one', async () => {
    const inits: number[] = [];
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).rejects.toEqual(refusal('device-error'));
    hid.onInit = (message) => {
      inits.push(message.channel);
      if (message.channel === hid.channel) hid.send(hidCommand.error, Uint8Array.of(hidError.invalidChannel));
      else hid.answerInit(message);
    };
    hid.onMessage = () => hid.send(hidCommand.cbor, answer);
    expect(await channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).toEqual(answer);
    expect(inits).toEqual([hid.channel, 0xffffffff]);
  });

  test('a reader that is pulled out ends the call at once, and every later one', async () => {
    hid.onMessage = () => hid.pull();
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 5000 })).rejects.toEqual(
      refusal('reader-lost', { cause: 'device disconnected' }),
    );
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 5000 })).rejects.toEqual(refusal('reader-lost'));
    expect(channel.closed).toBe(true);
  });

  test('a reader that takes no data is lost', async () => {
    hid.writeFails = new Error('EIO');
    await expect(channel.call(hidCommand.cbor, request, { deadlineMs: 1000 })).rejects.toEqual(refusal('reader-lost'));
  });

  test('closing ends the call that waits', async () => {
    const call = channel.call(hidCommand.cbor, request, { deadlineMs: 5000 });
    const ended = expect(call).rejects.toEqual(refusal('reader-lost'));
    await channel.close();
    await ended;
    await channel.close();
  });
});
