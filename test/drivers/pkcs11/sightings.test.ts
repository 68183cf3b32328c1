import { describe, expect, it } from 'vitest';
import type { TokenFacts } from '../../../drivers/pkcs11/protocol.ts';
import { nameForHost, sightingsAfter, type Sighting } from '../../../drivers/pkcs11/sightings.ts';
import { tokenId } from '../../../drivers/pkcs11/token-id.ts';

const facts = (more: Partial<TokenFacts> = {}): TokenFacts => ({
  recognised: true,
  insertion: 0,
  slot: 'Reader 00 00',
  label: 'Ada',
  manufacturer: 'm',
  model: 'x',
  serial: '1',
  flags: 0x40d,
  minPinLength: 4,
  maxPinLength: 8,
  ...more,
});

describe('a token that stays in, leaves or comes back', () => {
  let given = 0;
  const after = (before: readonly Sighting[], tokens: readonly TokenFacts[], host = 1, seat?: string): readonly Sighting[] =>
    sightingsAfter(before, { tokens, host, at: 10 * host, ...(seat === undefined ? {} : { seatOf: () => seat }) }, () => ++given);

  it('is the same while it stays in, and its PIN flags are those of now', () => {
    const first = after([], [facts()]);
    const second = after(first, [facts({ flags: 0x2040d })]);
    expect(second).toEqual([{ ...first[0], facts: facts({ flags: 0x2040d }) }]);
  });

  it('is new when it was out and back between two looks of one host', () => {
    const first = after([], [facts()]);
    const second = after(first, [facts({ insertion: 1 })]);
    expect(second[0]?.insertion).not.toBe(first[0]?.insertion);
  });

  it('is new when pcscd has counted an insertion since, whatever the host says', () => {
    const first = after([], [facts()], 1, '0.3');
    expect(after(first, [facts()], 1, '0.3')[0]?.insertion).toBe(first[0]?.insertion);
    expect(after(first, [facts()], 2, '0.3')[0]?.insertion).toBe(first[0]?.insertion);
    expect(after(first, [facts()], 2, '0.5')[0]?.insertion).not.toBe(first[0]?.insertion);
  });

  it('stays the same when pcscd begins or ceases to tell', () => {
    const first = after([], [facts()], 1);
    const told = after(first, [facts()], 1, '0.3');
    const untold = after(told, [facts()], 1);
    expect(untold[0]?.insertion).toBe(first[0]?.insertion);
    expect(after(untold, [facts()], 1, '0.5')[0]?.insertion).not.toBe(first[0]?.insertion);
  });

  it('is new when it was gone at a look, also when it looks the same', () => {
    const first = after([], [facts()]);
    expect(after(first, [])).toEqual([]);
    expect(after(after(first, []), [facts()])[0]?.insertion).not.toBe(first[0]?.insertion);
  });

  it('stays the same when another host looks for the first time, however often it was inserted before', () => {
    const first = after([], [facts({ insertion: 7 })], 1);
    const second = after(first, [facts({ insertion: 0 })], 2);
    expect(second[0]?.insertion).toBe(first[0]?.insertion);
    expect(second[0]?.since).toBe(first[0]?.since);
    // And that host counts on from there.
    expect(after(second, [facts({ insertion: 0 })], 2)[0]?.insertion).toBe(first[0]?.insertion);
    expect(after(second, [facts({ insertion: 1 })], 2)[0]?.insertion).not.toBe(first[0]?.insertion);
  });

  it('is new when a new host has seen it come in before it was first asked', () => {
    const first = after([], [facts()], 1);
    expect(after(first, [facts({ insertion: 1 })], 2)[0]?.insertion).not.toBe(first[0]?.insertion);
  });

  it.each([{ serial: '2' }, { label: 'Eve' }, { slot: 'Reader 01 00' }, { recognised: false }])('is another one with %j', (more) => {
    const first = after([], [facts()]);
    expect(after(first, [facts(more)])[0]?.insertion).not.toBe(first[0]?.insertion);
  });

  const changed = [{ serial: '2' }, { label: 'Eve' }, { recognised: false, serial: '', label: '' }] as const;

  it.each(changed)('is the same one, and fails, when it says %j of itself and never left by the count of pcscd', (more) => {
    const first = after([], [facts({ insertion: 4 })], 1, '0.3');
    const second = after(first, [facts(more)], 2, '0.3');
    expect(second).toEqual([{ ...first[0], facts: facts(), host: 2, failing: true }]);
    expect(after(second, [facts(more)], 2, '0.3')).toEqual(second);
    // It may come to itself, and is no other one then either.
    const sound = after(second, [facts({ insertion: 1 })], 2, '0.3');
    expect(sound).toEqual([{ ...first[0], facts: facts({ insertion: 1 }), host: 2 }]);
    expect(after(second, [facts(more)], 2, '0.5')[0]).toMatchObject({ facts: facts(more) });
    expect(after(second, [facts(more)], 2, '0.5')[0]?.insertion).not.toBe(first[0]?.insertion);
  });

  it('that nobody knew and that is known now is a new one, though it never left', () => {
    const first = after([], [facts({ recognised: false })], 1, '0.3');
    expect(after(first, [facts()], 1, '0.3')[0]?.insertion).not.toBe(first[0]?.insertion);
  });

  it('is not mixed up with a second one that looks like it', () => {
    const first = after([], [facts(), facts()]);
    expect(new Set(first.map(({ insertion }) => insertion)).size).toBe(2);
    expect(after(first, [facts(), facts()]).map(({ insertion }) => insertion)).toEqual(first.map(({ insertion }) => insertion));
  });

  it('has the name that its host gives it, and the first one in a new host', () => {
    const [sighting] = after([], [facts({ insertion: 3 })], 1);
    if (sighting === undefined) throw new Error('nothing was seen');
    expect(nameForHost('m', sighting, 1)).toBe(tokenId('m', facts(), 3));
    expect(nameForHost('m', sighting, 2)).toBe(tokenId('m', facts(), 0));
  });
});
