import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { pinBodyLength, pinMaxLength } from '../../agent/contract/api.ts';
import { eraseDigit, pinCount, pressDigit, takePinBody, wipePin } from '../../kiosk/pin-buffer.ts';

const type = (...digits: number[]) => {
  for (const digit of digits) pressDigit(digit, 8);
};

describe('the PIN between the keys and the agent', () => {
  beforeEach(wipePin);

  test('the body is one length byte, the digits, and zeros up to its fixed length', () => {
    type(1, 2, 0, 9);
    const body = takePinBody();
    expect(body.length).toBe(pinBodyLength);
    expect(Array.from(body.subarray(0, 5))).toEqual([4, 0x31, 0x32, 0x30, 0x39]);
    expect(body.subarray(5).every((byte) => byte === 0)).toBe(true);
  });

  test('nothing is left once it was handed on', () => {
    type(1, 2, 3, 4);
    takePinBody();
    expect(pinCount()).toBe(0);
    expect(takePinBody().every((byte) => byte === 0)).toBe(true);
  });

  test('Clear forgets all digits, and what is typed next stands alone', () => {
    type(9, 9, 9, 9, 9, 9);
    wipePin();
    type(1, 2);
    expect(Array.from(takePinBody().subarray(0, 8))).toEqual([2, 0x31, 0x32, 0, 0, 0, 0, 0]);
  });

  test('Backspace takes one digit back, and does nothing when there is none', () => {
    type(1, 2, 3);
    eraseDigit();
    expect(pinCount()).toBe(2);
    eraseDigit();
    eraseDigit();
    eraseDigit();
    expect(pinCount()).toBe(0);
    expect(takePinBody().every((byte) => byte === 0)).toBe(true);
  });

  test('a digit too many is refused and changes nothing', () => {
    type(1, 2, 3, 4, 5, 6, 7, 8);
    expect(pressDigit(9, 8)).toBe(false);
    expect(pinCount()).toBe(8);
  });

  test('a card that claims a longer PIN than the station takes does not overrun it', () => {
    for (let index = 0; index < 200; index += 1) pressDigit(7, 500);
    expect(pinCount()).toBe(pinMaxLength);
    const body = takePinBody();
    expect(body[0]).toBe(pinMaxLength);
    expect(body[1 + pinMaxLength]).toBe(0);
  });

  test('only digits are taken', () => {
    for (const wrong of [-1, 10, 1.5, NaN]) expect(() => pressDigit(wrong, 8)).toThrow(RangeError);
    expect(pinCount()).toBe(0);
  });

  test('no screen has a field that a browser could keep a PIN in', () => {
    for (const file of ['parts/PinPad.svelte', 'screens/EnterPin.svelte', 'pin-buffer.ts']) {
      const source = readFileSync(new URL(`../../kiosk/${file}`, import.meta.url), 'utf8');
      expect(source).not.toMatch(/<input|<textarea|contenteditable|String\.fromCharCode|TextDecoder/);
    }
  });
});
