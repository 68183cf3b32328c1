import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading } from '../../../agent/log/database.ts';
import { checkLink, type RawEntry } from '../../../agent/log/entry.ts';
import { erase, planErasure, revokeGrants, scrub } from '../../../agent/log/erasure.ts';
import { leafHash, noPrev, parseBody, serialise } from '../../../agent/log/record.ts';
import { checkTables, readRows } from '../../../agent/log/schema.ts';
import { parseSealed } from '../../../agent/log/sealed-field.ts';
import { open as openSealed, rowState } from '../../../agent/log/sealing.ts';
import { findGrants, findSealed, findVault, insertGrants, insertSealed, insertVault } from '../../../agent/log/vault.ts';
import { x25519Recipient, makeIdentity, recipientOf } from '../../../agent/log/age-keys.ts';
import { makeSealedLog, type SealedLog, subjectOf } from '../../support/log/sealed-log.ts';
import { origin } from '../../support/log/station-log.ts';

let log: SealedLog;
beforeEach(async () => {
  log = await makeSealedLog();
});
afterEach(() => log.remove());

const anna = subjectOf('a');
const boris = subjectOf('b');
const fields = { holder: 'Anna Quillfeather-Öz', title: 'Deed of gift' };

/** Every byte of the database, its write-ahead log and its shared memory, as they are on the disk. */
const rawFiles = async (): Promise<Buffer> =>
  Buffer.concat(await Promise.all(['', '-wal', '-shm'].map((end) => readFile(`${log.file}${end}`).catch(() => Buffer.alloc(0)))));

/** Which of these bytes stand anywhere in the files. */
const found = async (wanted: Readonly<Record<string, Uint8Array>>): Promise<readonly string[]> => {
  const raw = await rawFiles();
  return Object.keys(wanted).filter((name) => raw.includes(Buffer.from(wanted[name] ?? [])));
};

const eraseNow = async (subject: string): Promise<void> => {
  const plan = await planErasure(log.database, subject);
  await log.database.exec('BEGIN IMMEDIATE');
  await erase(log.database, plan);
  await log.database.exec('COMMIT');
};

/** A person with fields in two entries and three rows, and what of it must not be found later. */
const addPerson = async (subject: string, own = fields) => {
  const first = await log.append(subject, { operations: own, audit: { note: 'seen' } });
  const second = await log.append(subject, { operations: own }, first.keys);
  await log.index(subject, first.seq, 'operations', own);
  const [row, kept] = [first.rows[0], first.vault[0]];
  if (row === undefined || kept === undefined) throw new Error('nothing was sealed');
  const [term] = await log.database.all('SELECT term FROM blind_index WHERE subject = ? ORDER BY id DESC', [subject]);
  const traces = {
    wrapped: kept.wrapped,
    'end of wrapped': kept.wrapped.subarray(-32),
    ciphertext: row.ciphertext,
    salt: row.salt,
    term: term?.['term'] as Uint8Array,
  };
  return { first, second, row, kept, traces };
};
const everything = ['wrapped', 'end of wrapped', 'ciphertext', 'salt', 'term'];

describe('erasing a person', () => {
  it('leaves nothing in the files that was there before: no key, no ciphertext, no salt, no word', async () => {
    const { traces } = await addPerson(anna);
    const other = await addPerson(boris, { holder: 'Boris', title: 'Lease' });
    expect(await found(traces)).toEqual(everything);
    await scrub(log.database);
    expect(await found(traces), 'in the database itself').toEqual(everything);
    await eraseNow(anna);
    expect(await scrub(log.database)).toBe(true);
    expect(await found(traces)).toEqual([]);
    expect(await found(other.traces), 'of another person').toEqual(everything);
  });

  it('would leave it there without secure_delete, and is refused then', async () => {
    const { traces } = await addPerson(anna);
    await scrub(log.database);
    await log.database.all('PRAGMA secure_delete=OFF');
    const plan = await planErasure(log.database, anna);
    await expect(erase(log.database, plan)).rejects.toMatchObject({ name: 'LogRefusal', code: 'settings' });
    await expect(scrub(log.database)).rejects.toMatchObject({ code: 'settings' });
    await log.database.all('DELETE FROM vault WHERE subject = ?', [anna]);
    await log.database.all('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(await found(traces)).toContain('end of wrapped');
  });

  it('is not finished before the write-ahead log is empty: a reader in the way is reported', async () => {
    const { traces } = await addPerson(anna);
    await scrub(log.database);
    await log.database.all('PRAGMA busy_timeout=50');
    const reader = await openForReading(log.file);
    await reader.exec('BEGIN');
    await reader.all('SELECT count(*) FROM vault');
    await eraseNow(anna);
    expect(await scrub(log.database)).toBe(false);
    expect(await found(traces)).toContain('wrapped');
    await reader.exec('COMMIT');
    await reader.close();
    expect(await scrub(log.database)).toBe(true);
    expect(await found(traces)).toEqual([]);
  });

  it('never finds a name or a data key in the files at all, before or after', async () => {
    const { kept, first } = await addPerson(anna);
    const key = await log.open.unwrapKey('operations', kept.wrapped);
    const plain = { name: Buffer.from('Quillfeather'), word: Buffer.from('quillfeather'), json: Buffer.from(serialise(fields)), key };
    expect(await found(plain)).toEqual([]);
    // The control: the same search finds what does stand there.
    expect(await found({ cm: Buffer.from(first.sealed[0]?.cm ?? ''), subject: Buffer.from(anna) })).toEqual(['cm', 'subject']);
    await eraseNow(anna);
    await scrub(log.database);
    expect(await found(plain)).toEqual([]);
    expect(await found({ cm: Buffer.from(first.sealed[0]?.cm ?? ''), subject: Buffer.from(anna) })).toEqual(['cm']);
  });

  it('leaves every entry, leaf and commitment as it was, and says of the fields that they were erased', async () => {
    const { first, second, kept } = await addPerson(anna);
    const key = await log.open.unwrapKey('operations', kept.wrapped);
    const read = async () => {
      const rows: RawEntry[] = [];
      for await (const row of readRows(log.database, log.file)) rows.push(row);
      return rows;
    };
    const before = await read();
    await eraseNow(anna);
    const after = await read();
    expect(after).toEqual(before);
    let prev = noPrev;
    for (const [seq, raw] of after.entries()) {
      const link = checkLink(raw, { seq, prev, origin });
      if ('problem' in link) throw new Error(link.problem);
      expect(Buffer.from(leafHash(raw.body))).toEqual(Buffer.from(raw.leaf));
      prev = link.leaf;
    }
    for (const { seq } of [first, second])
      for (const field of parseSealed(parseBody(after[seq]?.body ?? Buffer.alloc(0))['sealed'])) {
        const row = await findSealed(log.database, seq, field.tier);
        expect(rowState(field, row)).toBe('erased');
        expect(await findVault(log.database, field.kid)).toBeUndefined();
        expect(() => row && openSealed(origin, seq, field, row, key)).toThrow('erased');
      }
  });

  it('takes exactly what was planned, and nothing when more was added meanwhile', async () => {
    const { first, second } = await addPerson(anna);
    const plan = await planErasure(log.database, anna);
    expect(plan).toEqual({ subject: anna, kids: first.vault.map(({ kid }) => kid), entries: [first.seq, second.seq] });
    await log.append(anna, { operations: fields });
    await expect(erase(log.database, plan)).rejects.toMatchObject({ name: 'LogRefusal', code: 'not-allowed' });
    expect((await planErasure(log.database, anna)).kids).toHaveLength(3);
    await eraseNow(anna);
    expect(await planErasure(log.database, anna)).toEqual({ subject: anna, kids: [], entries: [] });
    // Nothing is left to erase, and that is no failure.
    await eraseNow(anna);
  });

  it('undone by a rollback leaves the person readable', async () => {
    const { row, first, kept } = await addPerson(anna);
    await log.database.exec('BEGIN IMMEDIATE');
    await erase(log.database, await planErasure(log.database, anna));
    await log.database.exec('ROLLBACK');
    const key = await log.open.unwrapKey('operations', kept.wrapped);
    const [field, stored] = [first.sealed[0], await findSealed(log.database, first.seq, 'operations')];
    if (field === undefined || stored === undefined) throw new Error('the fields are gone');
    expect(stored).toEqual({ ...row, salt: Buffer.from(row.salt), ciphertext: Buffer.from(row.ciphertext) });
    expect(openSealed(origin, first.seq, field, stored, key).value).toEqual(fields);
  });

  it('leaves no key among many people either, where SQLite has moved rows and left copies that its own delete does not find', async () => {
    // Numbers that are the same in every run: whether a copy is left depends on the order in which rows come and go.
    let state = 8;
    const next = (below: number) => (state = (state * 48271) % 2147483647) % below;
    const bytes = (length: number) => Buffer.from(Array.from({ length }, () => next(256)));
    const gone: Buffer[] = [];
    const kept = new Map<string, Buffer>();
    await log.database.exec('BEGIN');
    for (let count = 0; count < 600; count++) {
      const subject = bytes(16).toString('hex');
      const wrapped = bytes(120 + (count % 160));
      await insertVault(log.database, [{ subject, tier: 'operations', kid: subject, wrapped }]);
      kept.set(subject, wrapped);
      const [victim] = [...kept].slice(next(kept.size));
      if (count % 3 !== 0 || victim === undefined) continue;
      await log.database.all('DELETE FROM vault WHERE subject = ?', [victim[0]]);
      kept.delete(victim[0]);
      gone.push(victim[1]);
    }
    await log.database.exec('COMMIT');
    await scrub(log.database);
    const left = async () => {
      const raw = await rawFiles();
      return gone.filter((wrapped) => raw.includes(wrapped.subarray(-40))).length;
    };
    expect(await left(), 'copies that secure_delete left').toBeGreaterThan(0);
    await eraseNow([...kept.keys()][0] ?? '');
    await scrub(log.database);
    expect(await left()).toBe(0);
    const raw = await rawFiles();
    expect([...kept.values()].slice(1).every((wrapped) => raw.includes(wrapped))).toBe(true);
    await checkTables(log.database, log.file);
    expect(await log.database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });
});

describe('the sealed tables', () => {
  it('refuse every change but a blanking', async () => {
    const { first, row, kept } = await addPerson(anna);
    const { database } = log;
    const refused: readonly (readonly [string, string])[] = [
      ['UPDATE sealed SET ciphertext = zeroblob(272)', 'only blanked'],
      ["UPDATE sealed SET seq = seq + 1, ciphertext = x'', salt = x''", 'only blanked'],
      ["UPDATE sealed SET kid = '00000000000000000000000000000000', ciphertext = x'', salt = x''", 'only blanked'],
      ["UPDATE sealed SET tier = 'supervision', ciphertext = x'', salt = x'' WHERE tier = 'audit'", 'only blanked'],
      ["UPDATE sealed SET ciphertext = x''", 'CHECK'],
      ['DELETE FROM sealed', 'never deleted'],
      ['INSERT OR REPLACE INTO sealed SELECT * FROM sealed', 'never deleted'],
      [
        "INSERT INTO sealed SELECT 0, tier, '00000000000000000000000000000000', salt, ciphertext FROM sealed LIMIT 1",
        'need their ciphertext',
      ],
      ["INSERT INTO sealed SELECT 0, tier, kid, x'', x'' FROM sealed LIMIT 1", 'need their ciphertext'],
      ['INSERT INTO sealed SELECT 99, tier, kid, salt, ciphertext FROM sealed LIMIT 1', 'FOREIGN KEY'],
      ["UPDATE vault SET wrapped = x'00'", 'never changed'],
      ['UPDATE blind_index SET seq = 0', 'never changed'],
      ['INSERT INTO blind_index(tier, term, seq, subject) SELECT tier, term, 0, subject FROM blind_index LIMIT 1', 'FOREIGN KEY'],
      ["UPDATE tier_key SET recipient = 'age1x'", 'never changed'],
      ['DELETE FROM tier_key', 'never deleted'],
    ];
    for (const [sql, why] of refused) await expect(database.exec(sql), sql).rejects.toThrow(why);
    await expect(insertSealed(database, [row])).rejects.toThrow('UNIQUE');
    await expect(insertVault(database, [{ ...kept, wrapped: Buffer.from('other') }])).rejects.toThrow('never comes back');
    await insertVault(database, [kept]);
    await eraseNow(anna);
    await expect(insertVault(database, [kept])).rejects.toThrow('never comes back');
    await expect(
      database.exec(`UPDATE sealed SET ciphertext = zeroblob(272), salt = zeroblob(32) WHERE seq = ${first.seq}`),
    ).rejects.toThrow('only blanked');
  });

  it('are told from changed ones, also after one of them was written anew', async () => {
    await addPerson(anna);
    await eraseNow(anna);
    await checkTables(log.database, log.file);
    await log.database.exec('DROP TRIGGER sealed_kept');
    await expect(checkTables(log.database, log.file)).rejects.toMatchObject({ code: 'unreadable' });
  });

  it('keep the grants of staff until they are revoked, and then not in the file either', async () => {
    const grant = await log.open.grant('operations', { staff: 's-1', role: 'clerk' }, x25519Recipient(recipientOf(makeIdentity())));
    await insertGrants(log.database, [grant]);
    await expect(insertGrants(log.database, [grant])).rejects.toThrow('UNIQUE');
    expect(await findGrants(log.database, 's-1')).toEqual([{ ...grant, wrapped: Buffer.from(grant.wrapped) }]);
    expect(await findGrants(log.database, 's-2')).toEqual([]);
    expect(await found({ grant: grant.wrapped })).toEqual(['grant']);
    await log.database.exec('BEGIN');
    await revokeGrants(log.database, 's-1');
    await log.database.exec('COMMIT');
    await scrub(log.database);
    expect(await found({ grant: grant.wrapped })).toEqual([]);
  });
});
