import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readDefinite } from '../../../agent/documents/ber-reader.ts';
import { readSignedData } from '../../../agent/documents/cms-reader.ts';
import { DerRefused, readDer, readSequence } from '../../../agent/documents/der-reader.ts';
import { KeyRing, endEntity } from '../../support/signing-keys.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

describe('a frame with indefinite lengths', () => {
  test('is read with definite ones, and what stands in it stays as it is', () => {
    expect(readDefinite(bytes('30800201013080040161000002010500000000'))).toEqual({
      der: bytes('300b0201013003040161020105'),
      used: 17,
    });
    expect(hex(readDefinite(bytes('308031030201070000')).der)).toBe('30053103020107');
    expect(readDefinite(bytes('30030201010000'))).toEqual({ der: bytes('3003020101'), used: 5 });
  });

  test.each([
    ['without its end', '3080020101'],
    ['with half of its end', '308002010100'],
    ['in a primitive element', '04800000'],
    ['nested without measure', `${'3080'.repeat(40)}${'0000'.repeat(40)}`],
    ['of which a part is cut off', '30800205010000'],
    ['of nothing', ''],
  ])('%s is refused', (_, text) => {
    expect(() => readDefinite(bytes(text))).toThrow(DerRefused);
  });

  test('around a signature of openssl is read as the signature that it was', () => {
    const ring = new KeyRing();
    try {
      const { certificatePath, keyPath } = ring.issue('/CN=Streamer', 'P-256', endEntity);
      writeFileSync(ring.path('content'), 'content');
      const signer = ['-signer', certificatePath, '-inkey', keyPath, '-binary', '-outform', 'DER'];
      execFileSync('openssl', ['cms', '-sign', '-in', ring.path('content'), ...signer, '-out', ring.path('cms')]);
      const der = new Uint8Array(readFileSync(ring.path('cms')));
      const [type, wrapped] = readSequence(readDer(der));
      const inner = readSequence(readDer(wrapped?.content ?? der)).map((part) => part.bytes);
      const open = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array =>
        Buffer.concat([Uint8Array.of(tag, 0x80), ...parts, new Uint8Array(2)]);
      const framed = open(0x30, type?.bytes ?? der, open(0xa0, open(0x30, ...inner)));
      expect(hex(readDefinite(framed).der)).toBe(hex(der));
      expect(readSignedData(framed).signer?.subjectName).toBe('Streamer');
      expect(() => readSignedData(Buffer.concat([framed, Buffer.from([0])]))).toThrow(DerRefused);
    } finally {
      ring.end();
    }
  });
});
