/** When something happened, as a person types it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WrongUsage } from '../../../agent/commands/arguments.ts';
import { readOccurred } from '../../../agent/commands/statement-occurred.ts';

const now = new Date('2026-03-10T12:00:00.000Z');

it.each<readonly [string, string, string]>([
  ['2026-01-31', '2026-01-31T00:00:00.000Z', '2026-01-31T23:59:59.999Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z', '2024-02-29T23:59:59.999Z'],
  // Of a day that has not ended, what has passed of it.
  ['2026-03-10', '2026-03-10T00:00:00.000Z', '2026-03-10T12:00:00.000Z'],
  ['2026-01-31T14:30Z', '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z'],
  ['2026-01-31T14:30+02:00', '2026-01-31T12:30:00.000Z', '2026-01-31T12:30:00.000Z'],
  ['2026-01-31T23:30:01.5-01:00', '2026-02-01T00:30:01.500Z', '2026-02-01T00:30:01.500Z'],
  ['2026-01-31/2026-02-02', '2026-01-31T00:00:00.000Z', '2026-02-02T23:59:59.999Z'],
  ['2026-01-31/2026-01-31', '2026-01-31T00:00:00.000Z', '2026-01-31T23:59:59.999Z'],
  ['2026-01-31T08:00Z/2026-01-31', '2026-01-31T08:00:00.000Z', '2026-01-31T23:59:59.999Z'],
  ['2026-03-10T12:00Z', '2026-03-10T12:00:00.000Z', '2026-03-10T12:00:00.000Z'],
])('%s is from %s to %s', (text, from, to) => {
  expect(readOccurred(text, now)).toEqual({ from, to });
});

describe('what is refused', () => {
  it.each([
    '',
    '/',
    'yesterday',
    '2026-1-31',
    '2026-02-30',
    '2025-02-29',
    '2026-13-01',
    '2026-01-31T14:30',
    '2026-01-31T14Z',
    '2026-01-31T25:00Z',
    '2026-01-31 14:30Z',
    '2026-01-31/',
    '/2026-01-31',
    '2026-01-01/2026-01-02/2026-01-03',
    ' 2026-01-31',
    '2026-01-31\n',
  ])('%j is no time', (text) => {
    expect(() => readOccurred(text, now)).toThrow(WrongUsage);
    expect(() => readOccurred(text, now)).toThrow(`and not "${text}"`);
  });

  it.each([
    '2026-03-11',
    '2026-03-10T12:00:00.001Z',
    '2026-03-10/2026-03-11',
    '2026-03-10T12:01Z/2026-03-10T12:02Z',
    '2026-03-10T13:00+00:30',
  ])('%s has not happened yet', (text) => {
    expect(() => readOccurred(text, now)).toThrow('has not happened yet, by the clock of this station');
  });

  it.each(['2026-01-31/2026-01-30', '2026-01-31T10:00Z/2026-01-31T09:59Z'])('%s ends before it begins', (text) => {
    expect(() => readOccurred(text, now)).toThrow('ends before it begins');
  });
});

it('whatever is read lies in the past and in order, and reads as the same again', () => {
  const times = fc.date({ min: new Date('2000-01-01'), max: now, noInvalidDate: true }).map((date) => date.toISOString());
  const days = times.map((time) => time.slice(0, 10));
  fc.assert(
    fc.property(fc.oneof(times, days), fc.oneof(times, days), (one, other) => {
      const [first, second] = [one, other].sort();
      const { from, to } = readOccurred(`${first ?? ''}/${second ?? ''}`, now);
      expect(from <= to && to <= now.toISOString()).toBe(true);
      expect(readOccurred(`${from}/${to}`, now)).toEqual({ from, to });
    }),
  );
});
