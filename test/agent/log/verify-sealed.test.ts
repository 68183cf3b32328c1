/** What the second implementation finds of sealed fields that were tampered with, without any key. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeIdentity, recipientOf, x25519Recipient } from '../../../agent/log/age-keys.ts';
import { kidOf } from '../../../agent/log/data-keys.ts';
import { openForReading, openForWriting } from '../../../agent/log/database.ts';
import { appendPersonal } from '../../../agent/log/personal.ts';
import { readKeyRows, readSealedRows } from '../../../agent/log/read-sealed.ts';
import { readRows } from '../../../agent/log/schema.ts';
import { giveTiers, makeSealing, readSealing } from '../../../agent/log/staff-grants.ts';
import { verify } from '../../../agent/log/verify.ts';
import { BesideTree } from '../../../agent/log/verify/beside-tile.ts';
import { forge, problem } from '../../support/log/forged-log.ts';
import { subjectOf } from '../../support/log/sealed-log.ts';
import { makeMember } from '../../support/log/staff.ts';
import { agree, askErasure } from '../../support/log/stated.ts';
import { holder, makeStationLog, numbered, type StationLog } from '../../support/log/station-log.ts';

const auditor = { id: 's-9', role: 'auditor', recipient: x25519Recipient(recipientOf(makeIdentity())) } as const;
const station = { id: 'station', role: 'station' } as const;

describe('sealed fields on the disk', () => {
  let log: StationLog;
  /** Numbers of two entries, of two persons. */
  let [a, b] = [0, 0];
  beforeEach(async () => {
    log = await makeStationLog();
    const store = await log.open();
    await giveTiers(store.tables, await makeSealing([auditor]));
    const { tiers } = await readSealing(store);
    const add = async (digit: string) => {
      const person = { subject: subjectOf(digit), fields: { operations: { holder: digit }, supervision: { subject: [digit] } } };
      return (await appendPersonal(store, tiers, [numbered(1)], person))[0]?.seq ?? 0;
    };
    [a, b] = [await add('a'), await add('b')];
    await store.close();
  });
  afterEach(() => log.remove());

  const change = async (sql: string) => {
    const database = await openForWriting(log.file);
    await database.exec('PRAGMA foreign_keys=OFF; DROP TRIGGER sealed_blanked; DROP TRIGGER sealed_kept; DROP TRIGGER vault_unchanged');
    await database.exec(
      'DROP TRIGGER sealed_keyed; DROP TRIGGER vault_new; DROP TRIGGER tier_key_unchanged; DROP TRIGGER tier_grant_unchanged; DROP TRIGGER tier_key_kept',
    );
    await database.exec(sql);
    await database.close();
  };
  const check = async () => {
    const database = await openForReading(log.file);
    const beside = { sealed: readSealedRows(database, log.file), keys: await readKeyRows(database, log.file) };
    const { verdict, bad } = await verify(readRows(database, log.file), undefined, beside).finally(() => database.close());
    return verdict === 'broken' ? `${bad?.seq ?? ''}: ${bad?.sentence ?? ''}` : verdict;
  };
  const blank = (seq: number) => `UPDATE sealed SET ciphertext = x'', salt = x'' WHERE seq = ${seq}`;
  /** Enters, as two persons agreed, that the data keys of an entry are erased: so many times, directly behind each other. */
  const erase = async (seq: number, times = 1): Promise<void> => {
    const database = await openForReading(log.file);
    const rows = await database.all('SELECT kid FROM sealed WHERE seq = ?', [seq]);
    await database.close();
    const store = await log.open();
    const request = await askErasure(store, makeMember('s-1', 'supervisor'), subjectOf('a'));
    const confirm = await agree(store, makeMember('s-2', 'supervisor'), request);
    const kids = rows.map(({ kid }) => String(kid));
    const event = { op: 'erase', actor: station, subject: subjectOf('a'), request: request.seq, confirm: confirm.seq, kids } as const;
    await store.appendAll(Array.from({ length: times }, () => event));
    await store.close();
  };

  it('are intact before (control)', async () => {
    expect(await check()).toBe('intact');
  });

  it.each<readonly [string, () => string, () => string]>([
    [
      'a ciphertext that was changed',
      () => `UPDATE sealed SET ciphertext = zeroblob(272) WHERE seq = ${a} AND tier = 'operations'`,
      () => `${a}: entry ${a}: its sealed fields (operations) were changed`,
    ],
    [
      'a salt that is gone',
      () => `PRAGMA ignore_check_constraints=ON; UPDATE sealed SET salt = x'' WHERE seq = ${b}`,
      () => `${b}: entry ${b}: its sealed fields (operations) were changed`,
    ],
    [
      'a ciphertext that is gone',
      () => `DELETE FROM sealed WHERE seq = ${a} AND tier = 'supervision'`,
      () => `${a}: entry ${a}: its sealed fields (supervision) are missing`,
    ],
    ['all of them gone', () => 'DELETE FROM sealed', () => `${a}: entry ${a}: its sealed fields (operations) are missing`],
    [
      'a ciphertext of an entry that has none',
      () => `UPDATE sealed SET seq = 1 WHERE seq = ${a}`,
      () => `1: sealed fields (operations) of entry 1 are stored, and it does not name them, or they stand twice`,
    ],
    [
      'a ciphertext behind the last entry',
      () => `INSERT INTO sealed SELECT 99, tier, kid, salt, ciphertext FROM sealed WHERE seq = ${a}`,
      () => ': sealed fields of entry 99 are stored, and there is no such entry',
    ],
    [
      'another data key',
      () => `UPDATE sealed SET kid = '${'0'.repeat(32)}' WHERE seq = ${a}`,
      () => `${a}: entry ${a}: its sealed fields (operations) are stored under another data key than it names`,
    ],
    [
      'a data key that is lost',
      () => `DELETE FROM vault WHERE subject = '${subjectOf('b')}'`,
      () => `${b}: entry ${b}: its sealed fields (operations) are there, and the data key that opens them is missing`,
    ],
    [
      'a data key that was changed',
      () => `UPDATE vault SET wrapped = x'00' WHERE subject = '${subjectOf('b')}'`,
      () => `${b}: entry ${b}: its sealed fields (operations) are there, and the data key that opens them, or whose it is, was changed`,
    ],
    [
      'a data key that was moved to another person, to be passed over when the first is erased',
      () => `UPDATE vault SET subject = '${subjectOf('b')}' WHERE subject = '${subjectOf('a')}'`,
      () => `${a}: entry ${a}: its sealed fields (operations) are there, and the data key that opens them, or whose it is, was changed`,
    ],
    [
      'a blank without its erasure',
      () => `${blank(a)}; DELETE FROM vault WHERE subject = '${subjectOf('a')}'`,
      () => `${a}: entry ${a}: its sealed fields are gone, and no entry says that they were erased`,
    ],
    [
      'a blank whose key is there',
      () => blank(a),
      () => `${a}: entry ${a}: its sealed fields (operations) are blank, and their data key is still there`,
    ],
    [
      'a grant that no entry says',
      () => "INSERT INTO tier_grant(tier, staff, wrapped) SELECT tier, 'mallory', wrapped FROM tier_grant LIMIT 1",
      () => ': the key of the tier operations is wrapped for mallory, and no entry says so',
    ],
    [
      'a grant that was exchanged',
      () => "UPDATE tier_grant SET wrapped = x'00' WHERE tier = 'audit'",
      () => ': the key of the tier audit is wrapped for s-9, and no entry says so',
    ],
    [
      'a grant that is gone',
      () => "DELETE FROM tier_grant WHERE tier = 'audit'",
      () => ': a wrapped key is missing that the log says was given to a member of staff',
    ],
    [
      'a tier key that was exchanged',
      () => `UPDATE tier_key SET recipient = '${recipientOf(makeIdentity())}' WHERE tier = 'audit'`,
      () => ': the key of the tier audit that is stored is not the one that the log says',
    ],
  ])('%s is found', async (_name, sql, says) => {
    await change(sql());
    expect(await check()).toBe(says());
  });

  it('an erasure that names what is blank is intact; one that names what is not, is not', async () => {
    await erase(a);
    const claimed = /: it says that a data key was erased, and what was sealed under it is not blank or never was$/;
    expect(await check()).toMatch(claimed);
    await change(`${blank(a)}; DELETE FROM vault WHERE subject = '${subjectOf('a')}'`);
    expect(await check()).toBe('intact');
  });

  it('a data key is erased once, and one that comes back is found', async () => {
    await erase(a, 2);
    await change(`${blank(a)}; DELETE FROM vault WHERE subject = '${subjectOf('a')}'`);
    expect(await check()).toMatch(/it says that a data key was erased/);
  });
});

describe('what an entry says of sealed fields', () => {
  const field = { tier: 'operations', kid: 'ab'.repeat(16), cm: 'c'.repeat(64), ct: 'd'.repeat(64), len: 272 };
  const other = { ...field, tier: 'audit', kid: 'cd'.repeat(16) };
  const event = { op: 'token-out', actor: holder };
  const judge = (sealed: unknown) => problem(forge([event], { 1: { sealed } }));

  it('in its one form is taken (control)', async () => {
    expect(await judge([field])).toBe('intact');
    expect(await judge([field, other])).toBe('intact');
  });

  it.each<readonly [string, unknown]>([
    ['nothing', []],
    ['no list', field],
    ['tiers in another order', [other, field]],
    ['a tier twice', [field, { ...field, kid: other.kid }]],
    ['a data key twice', [field, { ...other, kid: field.kid }]],
    ['a tier that is none', [{ ...field, tier: 'public' }]],
    ['a length that no padding gives', [{ ...field, len: 273 }]],
    ['no fields', [{ ...field, len: 16 }]],
    ['a hash that is none', [{ ...field, ct: 'd' }]],
    ['an id that is none', [{ ...field, kid: 'AB'.repeat(16) }]],
    ['something more', [{ ...field, name: 'x' }]],
  ])('%s is refused', async (_name, sealed) => {
    expect(await judge(sealed)).toContain('1: entry 1 does not say in the one form what is sealed in it');
  });

  it('keys for somebody whose role may not have them, or twice, or taken from nobody, are refused', async () => {
    const tier = (name: string) => ({
      op: 'key',
      actor: station,
      purpose: 'tier',
      action: 'made',
      tier: name,
      recipient: recipientOf(makeIdentity()),
    });
    const grant = (role: string, ...tiers: string[]) => ({
      ...{ op: 'key', actor: station, purpose: 'staff', action: 'granted', staff: 's-1', role },
      grants: tiers.map((name) => ({ tier: name, wrapped_sha256: 'a'.repeat(64) })),
    });
    const revoked = { op: 'key', actor: station, purpose: 'staff', action: 'revoked', staff: 's-1' };
    const all = [tier('operations'), tier('supervision'), tier('audit')];
    expect(await problem(forge([...all, grant('clerk', 'operations'), revoked, grant('supervisor', 'operations', 'supervision')]))).toBe(
      'intact',
    );
    expect(await problem(forge([...all, grant('clerk', 'operations', 'supervision')]))).toContain('role may not have it');
    expect(await problem(forge([...all, grant('supervisor', 'audit')]))).toContain('role may not have it');
    expect(await problem(forge([...all, grant('auditor', 'audit', 'audit')]))).toContain('gives it twice');
    expect(await problem(forge([grant('clerk', 'operations')]))).toContain('a tier that is none');
    expect(await problem(forge([...all, grant('clerk', 'operations'), grant('clerk', 'operations')]))).toContain('somebody who has some');
    expect(await problem(forge([...all, revoked]))).toContain('somebody who has none');
  });
});

it('a data key in a bundle that was changed, or is said to be of another person, is found', () => {
  const key = { subject: subjectOf('a'), tier: 'operations', wrapped: Buffer.from('a wrapped key') } as const;
  const line = (changed: object = {}) => {
    const row = { id: 1, ...key, kid: kidOf(key), ...changed };
    return Buffer.from(`${JSON.stringify({ ...row, wrapped: { base64: row.wrapped.toString('base64') } })}\n`);
  };
  const taken = (bytes: Uint8Array) => new BesideTree().take('tables/vault/000', bytes);
  expect(taken(line())).toBe(true);
  for (const changed of [{ subject: subjectOf('b') }, { tier: 'audit' }, { wrapped: Buffer.from('another key') }, { kid: '0'.repeat(32) }])
    expect(() => taken(line(changed))).toThrow("tables/vault/000 holds a data key that was changed, or that was another person's");
});
