/** The tables of faults among several documents have no hole: a combination that is missing fails here. */
import { expect, test } from 'vitest';
import { faults } from '../../support/matrix/faults.ts';
import { deviceRows } from './device-rows.ts';
import { moduleFaults, moduleRows } from './module-rows.ts';
import { storageFaults, storageRows } from './storage-rows.ts';

const combinations = (rows: Readonly<Record<string, { readonly of: object }>>): readonly string[] =>
  Object.entries(rows).flatMap(([row, { of }]) => Object.keys(of).map((fault) => `${row} x ${fault}`));

const all = Object.keys(deviceRows).flatMap((row) => faults.map((fault) => `${row} x ${fault}`));

test('each fault of a device is written down for each moment of the second and the last document', () => {
  expect([...combinations(deviceRows)].sort()).toEqual([...all].sort());
  const places = Object.values(deviceRows).map(({ place, moment }) => `${place} ${moment}`);
  expect(places.sort()).toEqual(['2 being checked', '2 being prepared', '2 card asked', '3 card asked']);
});

test('each fault of a module and each behind the card is written down for the second and the last document', () => {
  const both = (names: readonly string[]): readonly string[] => names.flatMap((name) => [`${name} x 2`, `${name} x 3`]).sort();
  expect([...combinations(moduleRows)].sort()).toEqual(both(moduleFaults));
  expect([...combinations(storageRows)].sort()).toEqual(both(storageFaults));
});

test('a combination that is missing would be noticed', () => {
  const [first, ...others] = Object.entries(deviceRows);
  expect(combinations(Object.fromEntries(others))).not.toEqual(all);
  const { 'device-error': left, ...rest } = first?.[1].of ?? {};
  expect(left).toBeDefined();
  expect(combinations({ ...deviceRows, [first?.[0] ?? '']: { of: rest } })).not.toEqual(all);
});

test('few combinations cannot be', () => {
  const cannot = Object.values(deviceRows).flatMap(({ of }) => Object.values(of).filter((expected) => 'cannot' in expected));
  expect(cannot).toHaveLength(Object.keys(deviceRows).length);
});
