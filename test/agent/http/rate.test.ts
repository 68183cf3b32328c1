import { expect, test } from 'vitest';
import { RateLimit } from '../../../agent/http/rate.ts';

test('so many per second are let through, and after a pause no more than that at once', () => {
  let now = 0;
  const limit = new RateLimit(50, () => now);
  const burst = (): number => Array.from({ length: 1000 }, () => limit.take()).filter(Boolean).length;
  expect(burst()).toBe(50);
  now += 100;
  expect(burst()).toBe(5);
  now += 3_600_000;
  expect(burst()).toBe(50);
});

test('a steady flood gets the rate and not more', () => {
  let now = 0;
  const limit = new RateLimit(50, () => now);
  let taken = 0;
  for (; now < 10_000; now += 1) if (limit.take()) taken += 1;
  expect(taken).toBeGreaterThanOrEqual(545);
  expect(taken).toBeLessThanOrEqual(550);
});
