import { describe, expect, test } from 'vitest';
import { descriptorOf, type EmulatedIdentity } from './descriptors.ts';
import {
  controlAnswer,
  encodeRedir,
  endpointInfoPayload,
  helloPayload,
  offersEnough,
  parseControl,
  RedirReader,
  type RedirMessage,
} from './redir-messages.ts';

const messages: readonly RedirMessage[] = [
  { type: 100, id: 2n ** 40n, payload: Buffer.from('0006800000010000120000', 'hex') },
  { type: 2, id: 0n, payload: Buffer.alloc(0) },
  { type: 103, id: 7n, payload: Buffer.alloc(68, 3) },
];

describe('a stream of messages', () => {
  test.each([1, 2, 15, 16, 17, 1000])('is cut into the same messages when it comes in pieces of %i bytes', (size) => {
    const reader = new RedirReader();
    reader.longIds = true;
    const wire = Buffer.concat(messages.map((message) => encodeRedir(message, true)));
    const read: RedirMessage[] = [];
    for (let at = 0; at < wire.length; at += size) read.push(...reader.read(wire.subarray(at, at + size)));
    expect(read).toEqual(messages);
  });

  test('changes to long ids right behind the hello, also within one piece', () => {
    const hello = encodeRedir({ type: 0, id: 0n, payload: helloPayload() }, false);
    const reader = new RedirReader();
    const read: number[] = [];
    for (const { type } of reader.read(Buffer.concat([hello, ...messages.map((message) => encodeRedir(message, true))]))) {
      read.push(type);
      reader.longIds = true;
    }
    expect(read).toEqual([0, 100, 2, 103]);
  });
});

test('a hello without 64-bit ids is not enough', () => {
  const hello = helloPayload();
  expect(offersEnough(hello)).toBe(true);
  hello.writeUInt32LE(hello.readUInt32LE(64) & ~(1 << 5), 64);
  expect(offersEnough(hello)).toBe(false);
});

test('an endpoint stands in the place of its direction and number, and nothing in the others', () => {
  const info = endpointInfoPayload([{ address: 0x81, type: 3, interval: 5, interface: 0, maxPacketSize: 64 }]);
  expect([info[0], info[1], info[16], info[17], info[18]]).toEqual([0, 255, 0, 3, 255]);
  expect([info[32 + 17], info.readUInt16LE(96 + 2 * 17), info.length]).toEqual([5, 64, 160]);
});

test('a control packet is answered with its own head, and with as much as is there', () => {
  const asked = Buffer.from('8006800000010000ff00', 'hex');
  expect(parseControl(asked)).toMatchObject({ request: 6, requestType: 0x80, value: 0x0100, length: 255 });
  expect(controlAnswer(asked, 0, 2, Buffer.from('abcd', 'hex')).toString('hex')).toBe('80068000000100000200abcd');
});

describe('descriptors', () => {
  const identity: EmulatedIdentity = {
    ...{ vendorId: 0x1209, productId: 1, manufacturer: 'A', product: 'Bü', serial: '1' },
    interfaces: [{ codes: [3, 0, 0], endpoints: [{ address: 0x81, type: 3, interval: 5, maxPacketSize: 64 }], report: Buffer.alloc(34) }],
  };

  test('say their own lengths', () => {
    const configuration = Buffer.from(descriptorOf(identity, 0x0200, 0) ?? []);
    expect(configuration.readUInt16LE(2)).toBe(configuration.length);
    expect(configuration.length).toBe(9 + 9 + 9 + 7);
    expect(descriptorOf(identity, 0x0100, 0)).toHaveLength(18);
    expect(Buffer.from(descriptorOf(identity, 0x0302, 0x0409) ?? []).toString('hex')).toBe('06034200fc00');
  });

  test('that are not there are refused', () => {
    expect([0x0304, 0x0600, 0x0201].map((value) => descriptorOf(identity, value, 0))).toEqual([undefined, undefined, undefined]);
    expect(descriptorOf(identity, 0x2200, 1)).toBeUndefined();
  });
});
