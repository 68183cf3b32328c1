import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha256Hex, shortDigest } from '../../kiosk/digest.ts';
import { forgetShown, markShown, wasShown } from '../../kiosk/shown-document.ts';

describe('what the screen shows is what is signed', () => {
  test('the kiosk computes the same digest as everybody else', async () => {
    for (const size of [0, 1, 55, 56, 64, 100_000]) {
      const bytes = new Uint8Array(randomBytes(size));
      expect(await sha256Hex(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  });

  test('the short digest is shown in groups of four', () => {
    expect(shortDigest('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')).toBe('e3b0 c442 98fc 1c14');
  });

  test('only the document that was really shown in this visit counts as read', () => {
    expect(wasShown('a'.repeat(64))).toBe(false);
    markShown('a'.repeat(64));
    expect(wasShown('a'.repeat(64))).toBe(true);
    expect(wasShown('b'.repeat(64))).toBe(false);
    forgetShown();
    expect(wasShown('a'.repeat(64))).toBe(false);
  });
});
