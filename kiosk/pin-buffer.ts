/**
 * Where the PIN lives between the first key and Enter: one fixed block of bytes, outside of every component. It is never a string, never in
 * the page, and is zeroed the moment it is handed on. It must never be printed, copied elsewhere or kept for a second use.
 */
import { pinBodyLength, pinMaxLength } from '../agent/contract/api.ts';

const asciiZero = 0x30;
const digits = new Uint8Array(pinMaxLength);
let count = 0;

/** Number of digits typed so far: all that a screen may know. */
export function pinCount(): number {
  return count;
}

/** Adds one digit (0 to 9) as its ASCII byte; false when no more fit into `maxLength`. */
export function pressDigit(digit: number, maxLength: number): boolean {
  if (!Number.isInteger(digit) || digit < 0 || digit > 9) throw new RangeError('not a digit');
  if (count >= Math.min(maxLength, pinMaxLength)) return false;
  digits[count] = asciiZero + digit;
  count += 1;
  return true;
}

/** Takes the last digit back. */
export function eraseDigit(): void {
  if (count === 0) return;
  count -= 1;
  digits[count] = 0;
}

/** Forgets everything. */
export function wipePin(): void {
  digits.fill(0);
  count = 0;
}

/** The body of POST /api/pin: one length byte, the PIN, zeros up to `pinBodyLength`. The digits are zeroed here; who takes the body zeroes it after sending. */
export function takePinBody(): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(pinBodyLength);
  body[0] = count;
  body.set(digits.subarray(0, count), 1);
  wipePin();
  return body;
}
