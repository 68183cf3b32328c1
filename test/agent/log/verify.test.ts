import { execFile } from 'node:child_process';
import { truncate } from 'node:fs/promises';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading } from '../../../agent/log/database.ts';
import { fieldsOf, reserved } from '../../../agent/log/catalogue.ts';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { consentHash, leafHash, parseBody, type JsonObject } from '../../../agent/log/record.ts';
import { readRows } from '../../../agent/log/schema.ts';
import { type KnownEntry, type Row, verify } from '../../../agent/log/verify.ts';
import { type Change, forge, problem, stream } from '../../support/log/forged-log.ts';
import { fingerMatched, holder, makeStationLog, numbered, sha256, signing, statement } from '../../support/log/station-log.ts';
import type { StationLog } from '../../support/log/station-log.ts';

const run = promisify(execFile);

describe('a log on the disk that was tampered with', () => {
  let log: StationLog;
  beforeEach(async () => {
    log = await makeStationLog();
    const store = await log.open();
    for (let i = 0; i < 8; i++) await store.append(numbered(i));
    await store.close();
  });
  afterEach(() => log.remove());

  const check = async (known?: KnownEntry) => {
    const reader = await openForReading(log.file);
    const result = await verify(readRows(reader, log.file), known);
    await reader.close();
    return result;
  };
  const free = 'DROP TRIGGER entry_unchanged; DROP TRIGGER entry_kept; DROP TRIGGER entry_follows;';

  it('is intact before', async () => {
    const store = await log.open();
    const { seq, leaf } = store.last();
    await store.close();
    expect(await check({ seq, leaf })).toEqual({ verdict: 'intact', entries: 11, head: leaf, checkpoints: 0, openIntents: [] });
  });

  it.each([
    [
      4,
      'one byte of a body',
      'UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), \'"size":2\', \'"size":3\') AS BLOB) WHERE seq = 4',
      'was changed',
    ],
    [4, 'the hash beside a body', 'UPDATE entry SET leaf = zeroblob(32) WHERE seq = 4', 'was changed'],
    [4, 'the hash of the entry before', 'UPDATE entry SET prev = zeroblob(32) WHERE seq = 4', 'does not follow'],
    [4, 'an entry that is gone', 'DELETE FROM entry WHERE seq = 4', 'is missing'],
    [0, 'the first entries gone', 'DELETE FROM entry WHERE seq < 4', 'is missing'],
    [0, 'all entries gone', 'DELETE FROM entry', 'no entry'],
    [
      4,
      'two entries that changed places',
      'UPDATE entry SET seq = 99 WHERE seq = 4; UPDATE entry SET seq = 4 WHERE seq = 6; UPDATE entry SET seq = 6 WHERE seq = 99',
      'follow',
    ],
    [
      4,
      'an entry that stands twice',
      'UPDATE entry SET (body, leaf, prev) = (SELECT body, leaf, prev FROM entry WHERE seq = 3) WHERE seq = 4',
      'follow',
    ],
    [4, 'a body that was cut', 'UPDATE entry SET body = substr(body, 1, 40) WHERE seq = 4', 'was changed'],
  ])('names entry %i: %s', async (seq, _name, sql, sentence) => {
    await run('sqlite3', [log.file, free, sql]);
    const result = await check();
    expect(result).toMatchObject({ verdict: 'broken', entries: seq, bad: { seq } });
    expect(result.bad?.sentence).toContain(sentence);
  });

  it('at its end is found only with an entry that was written down elsewhere', async () => {
    const whole = await check();
    await run('sqlite3', [log.file, free, 'DELETE FROM entry WHERE seq > 8']);
    expect((await check()).verdict).toBe('intact');
    expect(await check({ seq: 10, leaf: whole.head ?? '' })).toMatchObject({ verdict: 'broken', bad: { seq: 9 } });
    expect(await check({ seq: 8, leaf: whole.head ?? '' })).toMatchObject({ verdict: 'broken', bad: { seq: 8 } });
  });

  it('so that its file is damaged is unreadable, and says how far it came', async () => {
    const store = await log.open();
    for (let i = 0; i < 20; i++) await store.appendAll(Array.from({ length: 32 }, () => numbered(i)));
    await store.close();
    const reader = await openForReading(log.file);
    await truncate(log.file, 200 * 1024);
    const result = await verify(readRows(reader, log.file));
    await reader.close();
    expect(result.verdict).toBe('unreadable');
    expect(result.cause).toMatchObject({ name: 'LogRefusal' });
  });

  it('is refused by the store too, with the number of the entry', async () => {
    const objects = await run('sqlite3', [
      log.file,
      "SELECT group_concat(sql, ';') FROM sqlite_schema WHERE name LIKE 'entry%' AND type = 'trigger'",
    ]);
    await run('sqlite3', [
      log.file,
      free,
      'UPDATE entry SET leaf = zeroblob(32) WHERE seq = 5',
      objects.stdout.replaceAll('END;', 'END;\n'),
    ]);
    await expect(log.open()).rejects.toMatchObject({ name: 'LogRefusal', code: 'broken', seq: 5 });
  });
});

describe('a log whose chain is sound but whose story is not', () => {
  const [consent, intent, finger, done] = signing('op-1', 'a', 2) as [AppendableEvent, AppendableEvent, AppendableEvent, AppendableEvent];
  const failed: AppendableEvent = { op: 'sign.failed', operation: 'op-1', actor: holder, intent: 2, problem: 'cancelled' };
  const unknown: AppendableEvent = { op: 'sign.outcome-unknown', operation: 'op-1', actor: holder, intent: 2, problem: 'outcome-unknown' };
  /** Another consent, with this random number. */
  const withNonce = (nonce: string | undefined): AppendableEvent => {
    const rest = Object.entries(statement('op-2', 'b')).filter(([name]) => name !== 'nonce');
    const stated = Object.fromEntries([...rest, ...(nonce === undefined ? [] : [['nonce', nonce]])]) as JsonObject;
    return { ...consent, operation: 'op-2', statement: stated, consent_sha256: consentHash(stated) } as AppendableEvent;
  };
  const boot = (previous?: number) => ({ op: 'boot', actor: holder, ...(previous === undefined ? {} : { previous }) });

  it('a signature from consent to end is intact, and one under way is named', async () => {
    expect(await problem(forge([consent, intent, finger, done]))).toBe('intact');
    expect(await problem(forge([consent, intent, failed]))).toBe('intact');
    expect(await verify(stream(forge([consent, intent, finger])))).toMatchObject({ verdict: 'intact', openIntents: [2] });
  });

  it.each([
    ['a signature without a finger', [consent, intent, done], '3: .*before a finger had matched'],
    ['a finger before the intent', [consent, finger, intent, { ...done, intent: 3 }], '4: .*before a finger had matched'],
    ['a finger of another operation', [consent, intent, { ...finger, operation: 'op-2' }, done], '4: .*before a finger had matched'],
    ['a finger for another consent', [consent, intent, fingerMatched('op-1', sha256('9')), done], '4: .*before a finger had matched'],
    ['an intent without a consent', [intent, finger], '1: .*without a consent'],
    ['an intent under the consent of another operation', [consent, { ...intent, operation: 'op-2' }], '2: .*without a consent'],
    ['the same consent twice', [consent, intent, failed, consent], '4: .*random number of its consent was used before'],
    ['a consent without a random number', [withNonce(undefined)], '1: .*random number of its consent was used before, or is none'],
    [
      'the random number of another consent',
      [consent, withNonce(statement('op-1', 'a').nonce)],
      '2: .*random number of its consent was used before',
    ],
    ['a consent with another digest', [{ ...consent, consent_sha256: sha256('1') }], '1: .*consent does not have the digest'],
    ['another document at the end', [consent, intent, finger, { ...done, document_sha256: sha256('b') }], '4: .*another document'],
    [
      'another certificate at the end',
      [consent, intent, finger, { ...done, certificate_sha256: sha256('b') }],
      '4: .*another document or cert',
    ],
    ['an end in another operation', [consent, intent, finger, { ...done, operation: 'op-2' }], '4: .*another operation'],
    ['two ends', [consent, intent, finger, done, unknown], '5: .*had not ended'],
    ['a failure after the end', [consent, intent, failed, failed], '4: .*had not ended'],
    ['an end of something else', [consent, intent, { ...failed, intent: 1 }], '3: .*had not ended'],
    ['an end of what comes later', [{ ...failed, intent: 3 }, consent, intent], '1: .*had not ended'],
    ['a second genesis', [{ op: 'genesis', actor: holder, station_name: 'x', demo: true }], '1: .*begins a log inside'],
    ['a start that is not a start', [boot()], '1: .*starts of the agent'],
  ])('%s is found', async (_name, events, sentence) => {
    expect(await problem(forge(events as AppendableEvent[]))).toMatch(new RegExp(`^${sentence}`));
  });

  const plain = [numbered(1), numbered(2)];
  it.each<[string, Change, string]>([
    ['another origin', { origin: 'other/e1' }, 'another log'],
    ['another version', { v: 2 }, 'unknown version'],
    ['another number', { seq: 7 }, 'another place'],
    ['an unknown kind', { op: 'lunch' }, 'unknown kind'],
    ['a field that no entry has', { extra: 1 }, 'fields that every entry has'],
    ['an actor without a role', { actor: { id: 'x' } }, 'who acted'],
    ['a station without a configuration', { station: { software: 'x' } }, 'which software'],
    ['a time that is none', { at: { time: '2026-13-01T00:00:00.000Z' } }, 'when it was made'],
    ['a monotonic clock that went back', { at: { mono: 0 } }, 'before the entry before it'],
    ['a wall clock that went back', { at: { time: '2025-01-01T00:00:00.000Z' } }, 'no clock was changed'],
    ['a start that no entry began', { at: { boot: 'b1' } }, 'starts of the agent'],
  ])('%s is found', async (_name, change, sentence) => {
    expect(await problem(forge(plain, { 2: change }))).toMatch(new RegExp(`^2: .*${sentence}`));
  });

  it('starts of the agent follow one another', async () => {
    const starts = (second: number | undefined, id: string) =>
      forge([boot(), boot(second)], { 1: { at: { boot: 'b1' } }, 2: { at: { boot: id } } });
    expect(await problem(starts(1, 'b2'))).toBe('intact');
    expect(await problem(starts(1, 'b0'))).toContain('2: entry 2 belongs to a start of the agent that had ended');
    expect(await problem(starts(undefined, 'b2'))).toContain('does not name the start');
    expect(await problem(starts(0, 'b2'))).toContain('does not name the start');
  });

  it('a diagnostic signature ends once, after it was begun, in the same start of the agent', async () => {
    const actor = { id: 'terminal', role: 'clerk' } as const;
    const keys = { module: 'm', token_serial: '1', certificate_sha256: sha256('c'), text_sha256: sha256('d') };
    const begun = { op: 'token-test', actor, ...keys, scheme: 'ecdsa', hash: 'sha256' } as const;
    const ended = { op: 'token-tested', actor, test: 1, result: 'signed' } as const;
    expect(await problem(forge([begun, ended]))).toBe('intact');
    expect(await problem(forge([begun]))).toBe('intact');
    const never = 'it ends no diagnostic signature that was begun and had not ended';
    expect(await problem(forge([begun, ended, ended]))).toBe(`3: entry 3: ${never}`);
    expect(await problem(forge([{ ...ended, test: 0 }]))).toBe(`1: entry 1: ${never}`);
  });

  it('one key of the log, and what it is', async () => {
    const key = { op: 'key', actor: holder, purpose: 'log', action: 'made', public_key: sha256('a'), wrapping: 'none' } as const;
    expect(await problem(forge([key]))).toBe('intact');
    expect(await problem(forge([key, key]))).toBe('2: entry 2: the log has a key already, and no second one is made');
    for (const wrong of [{ purpose: 'x' }, { action: 'lost' }, { public_key: 'a' }])
      expect(await problem(forge([{ ...key, ...wrong }]))).toBe('1: entry 1: it does not say which key was made');
  });

  it('knows the kinds that the catalogue lets in, and no others', async () => {
    for (const op of Object.keys(fieldsOf)) expect(await problem(forge([{ op, actor: holder }])), op).not.toContain('unknown kind');
    for (const op of Object.keys(reserved)) expect(await problem(forge([{ op, actor: holder }])), op).toContain('unknown kind');
  });
});

describe('the two readers of canonical bytes agree', () => {
  const bodyAt1 = (body: Buffer): Row[] => {
    const [first] = forge([]);
    if (first === undefined) throw new Error('no first row');
    return [first, { seq: 1, body, leaf: leafHash(body), prev: first.leaf }];
  };
  const accepts = async (body: Buffer) => !(await problem(bodyAt1(body))).includes('one form');
  const parses = (body: Buffer) => {
    try {
      parseBody(body);
      return true;
    } catch {
      return false;
    }
  };
  const sound = Buffer.from(forge([{ ...numbered(1), ...{ text: 'é\u0001"\\𝄞\u007f\u009f' } }])[1]?.body ?? []);

  it('on a body with one byte changed, anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(sound.length - 1), fc.nat(255), async (index, byte) => {
        const body = Buffer.from(sound);
        body[index] = byte;
        expect(await accepts(body)).toBe(parses(body));
      }),
      { numRuns: 1500 },
    );
  });

  it('on any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        expect(await accepts(Buffer.from(text))).toBe(parses(Buffer.from(text)));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '{"a":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}',
    '{"a":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}',
    '{"a":-1,"b":0}',
    '{"a":9007199254740992}',
    '{"a":01}',
    '{"a":[1,]}',
    '{"a":1,}',
    '{"a":tru}',
  ])('on %s', async (text) => {
    expect(await accepts(Buffer.from(text))).toBe(parses(Buffer.from(text)));
  });

  it('on the digest of a consent', () => {
    const consent: JsonObject = statement('op-1', 'a');
    expect(consentHash(consent)).toHaveLength(64);
  });
});
