import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventStreamParser, type StreamPart } from '../../kiosk/event-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function readWhole(text: string): StreamPart[] {
  return new EventStreamParser().feed(bytes(text));
}

const sample = ': alive\n\ndata: {"seq":1,"name":"Grüße 漢字"}\n\n:\n\nevent: x\r\ndata: first\r\ndata:second\r\n\r\nid: 3\rdata: last\r\r';
const sampleParts: StreamPart[] = [
  { type: 'comment' },
  { type: 'data', data: '{"seq":1,"name":"Grüße 漢字"}' },
  { type: 'comment' },
  { type: 'data', data: 'first\nsecond' },
  { type: 'data', data: 'last' },
];

describe('the stream of states', () => {
  test('messages and signs of life are told apart', () => {
    expect(readWhole(sample)).toEqual(sampleParts);
  });

  test('it does not matter where the network cut the stream', () => {
    const whole = bytes(sample);
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
        const parser = new EventStreamParser();
        const edges = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const parts = edges.flatMap((edge, index) => parser.feed(whole.subarray(edges[index - 1] ?? 0, edge)));
        expect(parts).toEqual(sampleParts);
      }),
    );
  });

  test('one byte at a time gives the same messages', () => {
    const parser = new EventStreamParser();
    expect(Array.from(bytes(sample)).flatMap((byte) => parser.feed(Uint8Array.of(byte)))).toEqual(sampleParts);
  });

  test('a message is not shown before its end has come', () => {
    const parser = new EventStreamParser();
    expect(parser.feed(bytes('data: {"a":1}\n'))).toEqual([]);
    expect(parser.feed(bytes('\n'))).toEqual([{ type: 'data', data: '{"a":1}' }]);
  });

  test('an endless line is refused', () => {
    const parser = new EventStreamParser();
    expect(() => {
      for (let chunk = 0; chunk < 20; chunk += 1) parser.feed(bytes('x'.repeat(65_536)));
    }).toThrow(RangeError);
  });

  test('bytes that are not text are refused', () => {
    expect(() => new EventStreamParser().feed(Uint8Array.of(0x64, 0xff, 0xff, 0x0a))).toThrow(TypeError);
  });
});
