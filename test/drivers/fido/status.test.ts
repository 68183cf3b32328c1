import { describe, expect, test } from 'vitest';
import { deviceErrorOf } from '../../../drivers/fido/status.ts';

describe('status bytes of a reader', () => {
  test.each([
    [0x06, 'busy'],
    [0x2d, 'cancelled'],
    [0x2e, 'no-usable-key'],
    [0x22, 'no-usable-key'],
    [0x2f, 'touch-timeout'],
    [0x3a, 'touch-timeout'],
    [0x3c, 'reader-locked'],
    [0x3f, 'not-matched'],
    [0x26, 'mechanism-unsupported'],
  ])('number %i means %s', (status, code) => {
    expect(deviceErrorOf(status, 'getAssertion')).toMatchObject({ code, origin: { kind: 'ctap', value: status } });
  });

  test('every other status is a device error that keeps its number', () => {
    const known = new Set([0x06, 0x0a, 0x21, 0x22, 0x23, 0x26, 0x2a, 0x2b, 0x2d, 0x2e, 0x2f, 0x32, 0x34, 0x3a, 0x3c, 0x3f]);
    for (let status = 1; status < 256; status += 1) {
      if (known.has(status)) continue;
      expect(deviceErrorOf(status, 'x')).toMatchObject({ code: 'device-error', origin: { kind: 'ctap', value: status } });
    }
  });

  test('no status ever asks a person for a PIN', () => {
    for (let status = 1; status < 256; status += 1) {
      const { code, recover } = deviceErrorOf(status, 'x');
      expect(code).not.toMatch(/^pin-/);
      expect(recover).not.toBe('re-enter-pin');
    }
  });
});
