/** What the second implementation says of bundles that went out, and of a log that carries on another one: each sentence once, beside a log that holds. */
import { describe, expect, it } from 'vitest';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { ExportRules } from '../../../agent/log/verify/exports.ts';
import type { Entry } from '../../../agent/log/verify/chain.ts';
import { type Change, forge, problem } from '../../support/log/forged-log.ts';
import { holder, numbered, sha256 } from '../../support/log/station-log.ts';

const station = { id: 'station', role: 'station' } as const;
type Event = AppendableEvent | { op: string; actor: unknown };

describe('bundles that went out', () => {
  const begin = (number: number, from: number, size: number) => ({ op: 'export.begin', actor: station, number, from, size }) as const;
  const done = (of: number, number: number) =>
    ({ op: 'export.done', actor: station, begin: of, number, manifest_sha256: sha256('a'), medium_proven: false }) as const;
  const says = (...events: readonly Event[]) => problem(forge(events));

  it('hold where each was begun, the interrupted ones again, and is done once (control)', async () => {
    // Entry 0 is the first of the log.
    const first = [begin(1, 0, 1), begin(1, 0, 2), begin(1, 0, 2), done(2, 1)];
    expect(await says(...first, begin(2, 2, 5), numbered(1), done(5, 2), begin(4, 5, 8))).toBe('intact');
  });

  const follows = 'the number of the bundle does not follow the one before it';
  const notThere = 'a bundle was begun of entries that are not there';
  const endsNone = 'it ends no bundle that was begun and had not ended';
  it.each<readonly [string, readonly Event[], string]>([
    ['a bundle without a number', [{ ...begin(1, 0, 1), number: '1' } as never], `1: entry 1: ${follows}`],
    ['a bundle with the number 0', [begin(0, 0, 1)], `1: entry 1: ${follows}`],
    ['a number that was done already', [begin(1, 0, 1), done(1, 1), begin(1, 0, 3)], `3: entry 3: ${follows}`],
    ['a smaller number', [begin(2, 0, 1), done(1, 2), begin(1, 0, 3)], `3: entry 3: ${follows}`],
    ['a bundle that is done twice', [begin(1, 0, 1), done(1, 1), done(1, 1)], `3: entry 3: ${follows}`],
    ['a bundle of later entries', [begin(1, 0, 2)], `1: entry 1: ${notThere}`],
    ['a bundle of nothing', [begin(1, 1, 1)], `1: entry 1: ${notThere}`],
    ['a bundle from nowhere', [{ op: 'export.begin', actor: station, number: 1, size: 1 } as never], `1: entry 1: ${notThere}`],
    ['a bundle that was not begun', [done(0, 1)], `1: entry 1: ${endsNone}`],
    ['a bundle that was begun under another number', [begin(1, 0, 1), done(1, 2)], `2: entry 2: ${endsNone}`],
    ['a beginning that an earlier end has settled', [begin(1, 0, 1), begin(1, 0, 2), done(2, 1), done(1, 2)], `4: entry 4: ${endsNone}`],
    [
      'an end without its manifest',
      [begin(1, 0, 1), { ...done(1, 1), manifest_sha256: 'a' }],
      '2: entry 2: it does not name the manifest of the bundle',
    ],
  ])('%s is found', async (_name, events, sentence) => {
    expect(await says(...events)).toBe(sentence);
  });

  it('what is remembered of beginnings does not grow: after a thousand more the first is forgotten', () => {
    const rules = new ExportRules();
    const take = (seq: number, { op, ...fields }: ReturnType<typeof begin> | ReturnType<typeof done>) =>
      rules.take({ seq, op, fields: new Map<string, unknown>(Object.entries(fields)) } as unknown as Entry);
    for (let seq = 10; seq <= 1010; seq += 1) take(seq, begin(1, 0, 5));
    expect(() => take(1011, done(10, 1))).toThrow(endsNone);
    take(1011, done(11, 1));
  });
});

describe('a log that carries on another one', () => {
  const restore = {
    op: 'restore',
    actor: station,
    origin: 'branch-12.example.org/e1',
    size: 7,
    root: sha256('1'),
    manifest_sha256: sha256('2'),
    public_key: sha256('3'),
  } as const;
  const key = (public_key: string) => ({ op: 'key', actor: holder, purpose: 'log', action: 'made', public_key, wrapping: 'none' }) as const;
  const enrol = (carried?: object) => ({ op: 'enrol', actor: holder, ...(carried === undefined ? {} : { carried }) });
  const carried = { entry: 6, entry_leaf: sha256('4') };
  const says = (origin: string, ...events: readonly Event[]) =>
    problem(forge(events, Object.fromEntries([undefined, ...events].map((_, seq): [number, Change] => [seq, { origin }]))));
  const second = 'branch-12.example.org/e2';

  it('holds where it says so right behind its first entry, under another key (control)', async () => {
    expect(await says(second, restore, key(sha256('5')), enrol(carried), enrol())).toBe('intact');
    expect(await says('branch-12.example.org/e1', numbered(1), enrol())).toBe('intact');
  });

  const notEarlier = '1: entry 1: the log before this one is not an earlier epoch of this station';
  const noHead = '1: entry 1: it does not name the head of the log before this one';
  const fromNone = 'the enrolment is carried over from no entry of the log before this one';
  it.each<readonly [string, string, readonly Event[], string]>([
    ['a second epoch that does not say so', second, [numbered(1)], '1: entry 1 does not say which log this one carries on'],
    [
      'a restore in the middle',
      second,
      [restore, restore],
      '2: entry 2: what carries on a log before this one stands right behind the first entry',
    ],
    ['another station', second, [{ ...restore, origin: 'branch-13.example.org/e1' }], notEarlier],
    ['a later epoch', second, [{ ...restore, origin: 'branch-12.example.org/e3' }], notEarlier],
    ['the same epoch', second, [{ ...restore, origin: second }], notEarlier],
    ['a first epoch that carries something on', 'branch-12.example.org/e1', [restore], notEarlier],
    ['a name that is none', second, [{ ...restore, origin: 'e1' }], notEarlier],
    ['an empty log before it', second, [{ ...restore, size: 0 }], noHead],
    ['no root', second, [{ ...restore, root: '' }], noHead],
    ['no manifest', second, [{ ...restore, manifest_sha256: 'x' }], noHead],
    ['no key', second, [{ ...restore, public_key: '' }], noHead],
    ['the old key', second, [restore, key(restore.public_key)], '2: entry 2: the key of the log before this one is used again'],
    ['an enrolment of an entry behind its end', second, [restore, enrol({ ...carried, entry: 7 })], `2: entry 2: ${fromNone}`],
    ['an enrolment of no entry', second, [restore, enrol({ entry_leaf: sha256('4') })], `2: entry 2: ${fromNone}`],
    ['an enrolment without its leaf', second, [restore, enrol({ ...carried, entry_leaf: 'x' })], `2: entry 2: ${fromNone}`],
    ['an enrolment in a log before which there is none', 'branch-12.example.org/e1', [enrol(carried)], `1: entry 1: ${fromNone}`],
  ])('%s is found', async (_name, origin, events, sentence) => {
    expect(await says(origin, ...events)).toBe(sentence);
  });
});
