import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Assembler, encodeMessage, hidCommand, maxMessageLength, parseFrame, reportLength } from '../../../drivers/fido/framing.ts';

const channels = fc.integer({ min: 1, max: 0xfffffffe });
const commands = fc.integer({ min: 0, max: 0x7f });
const payloads = fc
  .record({ length: fc.oneof(fc.nat(200), fc.nat(maxMessageLength)), first: fc.nat(255) })
  .map(({ length, first }) => Uint8Array.from({ length }, (_, index) => (first + index * 31) & 0xff));

function frames(reports: readonly Uint8Array[]) {
  return reports.map((report) => {
    const frame = parseFrame(report);
    if (frame === undefined) throw new Error('a report of ours could not be read');
    return frame;
  });
}

describe('CTAPHID packets', () => {
  test('a message that fits one report is written byte by byte as the standard says', () => {
    const [report, ...more] = encodeMessage(0x01020304, hidCommand.ping, Uint8Array.of(0xaa, 0xbb));
    expect(more).toEqual([]);
    expect(Buffer.from(report ?? []).toString('hex')).toBe(`01020304810002aabb${'00'.repeat(55)}`);
  });

  test('the second report begins with the channel and sequence number 0 and goes on at byte 57', () => {
    const payload = Uint8Array.from({ length: 117 }, (_, index) => index);
    const reports = encodeMessage(7, hidCommand.cbor, payload).map((report) => Buffer.from(report));
    expect(reports.length).toBe(3);
    expect(reports[0]?.toString('hex', 0, 8)).toBe('0000000790007500');
    expect(reports[1]?.toString('hex', 0, 6)).toBe('000000070039');
    expect(reports[2]?.toString('hex', 0, 7)).toBe('00000007017400');
  });

  test('what was split is put together again, whatever its length', () => {
    fc.assert(
      fc.property(channels, commands, payloads, (channel, command, payload) => {
        const reports = encodeMessage(channel, command, payload);
        expect(reports.every((report) => report.length === reportLength)).toBe(true);
        const assembler = new Assembler();
        const results = frames(reports).map((frame) => assembler.accept(frame));
        expect(results.slice(0, -1).every(({ kind }) => kind === 'incomplete')).toBe(true);
        expect(results.at(-1)).toEqual({ kind: 'message', command, payload });
        expect(assembler.receiving).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('every length at which a report fills up comes back whole', () => {
    for (const length of [0, 1, 56, 57, 58, 115, 116, 117, 175, maxMessageLength - 1, maxMessageLength]) {
      const assembler = new Assembler();
      const payload = new Uint8Array(length).fill(0x5a);
      const last = frames(encodeMessage(1, hidCommand.cbor, payload)).map((frame) => assembler.accept(frame));
      expect(last.at(-1)).toEqual({ kind: 'message', command: hidCommand.cbor, payload });
    }
  });

  test('a message of 7,610 bytes is refused at both ends', () => {
    expect(maxMessageLength).toBe(7609);
    expect(() => encodeMessage(1, hidCommand.cbor, new Uint8Array(7610))).toThrow(RangeError);
    const report = encodeMessage(1, hidCommand.cbor, new Uint8Array(0))[0] ?? new Uint8Array(64);
    new DataView(report.buffer).setUint16(5, 7610);
    const frame = parseFrame(report);
    expect(frame && new Assembler().accept(frame)).toEqual({ kind: 'fault', error: 'length' });
  });

  test('a report that is lost, doubled or out of order is noticed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 3000 }), fc.nat(), fc.constantFrom('lost', 'doubled', 'swapped'), (length, where, fault) => {
        const sent = frames(encodeMessage(9, hidCommand.cbor, new Uint8Array(length)));
        // Any continuation but the last one, which nothing follows that could show it.
        const at = 1 + (where % (sent.length - 2));
        const [one, next] = [sent[at], sent[at + 1]];
        if (one === undefined || next === undefined) throw new Error('there are too few reports');
        const replacement = { lost: [next], doubled: [one, one, next], swapped: [next, one] }[fault];
        const got = [...sent.slice(0, at), ...replacement, ...sent.slice(at + 2)];
        const assembler = new Assembler();
        const results = got.map((frame) => assembler.accept(frame));
        expect(results.some((result) => result.kind === 'fault' && result.error === 'sequence')).toBe(true);
        expect(results.some(({ kind }) => kind === 'message')).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('a continuation without a beginning is no message', () => {
    const [, second] = frames(encodeMessage(1, hidCommand.cbor, new Uint8Array(100)));
    expect(second && new Assembler().accept(second)).toEqual({ kind: 'stray' });
  });

  test('arbitrary reports never make the reader of packets throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 60, maxLength: 66 }), { maxLength: 8 }), (reports) => {
        const assembler = new Assembler();
        for (const report of reports) {
          const frame = parseFrame(report);
          expect(frame === undefined).toBe(report.length !== reportLength);
          if (frame !== undefined) assembler.accept(frame);
        }
      }),
    );
  });
});
