import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { erase, planErasure } from '../../../agent/log/erasure.ts';
import { catchUp, readSealed, searchSealed, type SealedSource } from '../../../agent/log/sealed-reading.ts';
import { OpenTiers } from '../../../agent/log/tier-keys.ts';
import { makeSealedLog, type SealedLog, subjectOf } from '../../support/log/sealed-log.ts';
import { origin } from '../../support/log/station-log.ts';

let log: SealedLog;
let source: SealedSource;
beforeEach(async () => {
  log = await makeSealedLog();
  source = { database: log.database, origin, tiers: log.open };
});
afterEach(() => log.remove());

const anna = subjectOf('a');
const boris = subjectOf('b');
const add = async (subject: string, holder: string) => (await log.append(subject, { operations: { holder }, audit: { note: holder } })).seq;

describe('reading sealed fields', () => {
  it('opens what this person may read, each tier with its own key', async () => {
    const seq = await add(anna, 'Anna Berg');
    expect((await readSealed(source, seq, 'operations')).value).toEqual({ holder: 'Anna Berg' });
    expect((await readSealed(source, seq, 'audit')).value).toEqual({ note: 'Anna Berg' });
    await expect(readSealed(source, seq, 'supervision')).rejects.toMatchObject({ name: 'SealRefusal', code: 'missing' });
    await expect(readSealed(source, 0, 'operations')).rejects.toMatchObject({ code: 'missing' });
    await expect(readSealed({ ...source, tiers: new OpenTiers(new Map()) }, seq, 'operations')).rejects.toMatchObject({
      name: 'TierLocked',
    });
    await expect(readSealed({ ...source, origin: 'branch-12.example.org/e2' }, seq, 'audit')).rejects.toMatchObject({
      code: 'not-authentic',
    });
  });

  it('refuses a row that was put in the place of another, whatever was changed with it', async () => {
    const [a, b] = [await add(anna, 'Anna'), await add(boris, 'Boris')];
    await log.database.exec('DROP TRIGGER sealed_blanked');
    const swap = (columns: string) =>
      log.database.exec(
        `UPDATE sealed SET (${columns}) = (SELECT ${columns} FROM sealed WHERE seq = ${b} AND tier = 'operations') WHERE seq = ${a} AND tier = 'operations'`,
      );
    await swap('ciphertext, salt');
    await expect(readSealed(source, a, 'operations')).rejects.toMatchObject({ code: 'ciphertext-changed' });
    await swap('kid');
    await expect(readSealed(source, a, 'operations')).rejects.toMatchObject({ code: 'moved' });
    expect((await readSealed(source, b, 'operations')).value).toEqual({ holder: 'Boris' });
  });

  it('refuses a key that was put in the place of another, and one that is lost', async () => {
    const [a, b] = [await add(anna, 'Anna'), await add(boris, 'Boris')];
    await log.database.exec('DROP TRIGGER vault_unchanged');
    await log.database.exec(
      `UPDATE vault SET wrapped = (SELECT wrapped FROM vault WHERE subject = '${boris}' AND tier = 'operations') WHERE subject = '${anna}'`,
    );
    await expect(readSealed(source, a, 'operations')).rejects.toMatchObject({ code: 'not-authentic' });
    await expect(readSealed(source, a, 'audit')).rejects.toMatchObject({ name: 'AgeRefusal' });
    await log.database.all('DELETE FROM vault WHERE subject = ?', [boris]);
    await expect(readSealed(source, b, 'operations')).rejects.toMatchObject({ code: 'missing' });
  });

  it('says that an erased person was erased', async () => {
    const seq = await add(anna, 'Anna');
    await erase(log.database, await planErasure(log.database, anna));
    await expect(readSealed(source, seq, 'audit')).rejects.toMatchObject({ code: 'erased' });
  });
});

describe('searching', () => {
  it('finds what was written while nobody was there, after catching up, and nothing of an erased person', async () => {
    for (let count = 0; count < 70; count++)
      await add(count % 2 === 0 ? anna : boris, count % 2 === 0 ? `Anna ${count}` : `Boris ${count}`);
    expect(await searchSealed(source, 'operations', 'anna', 100)).toEqual([]);
    expect(await catchUp(source, 'operations')).toEqual({ indexed: 70, refused: [] });
    expect(await catchUp(source, 'operations')).toEqual({ indexed: 0, refused: [] });
    expect(await searchSealed(source, 'operations', 'ANNA', 100)).toHaveLength(35);
    expect(await searchSealed(source, 'operations', 'boris 69', 100)).toEqual([70]);
    expect(await searchSealed(source, 'audit', 'anna', 100)).toEqual([]);
    await erase(log.database, await planErasure(log.database, anna));
    expect(await searchSealed(source, 'operations', 'anna', 100)).toEqual([]);
    expect(await searchSealed(source, 'operations', 'boris', 100)).toHaveLength(35);
  });

  it('goes on past fields that do not open, and names them', async () => {
    const seqs = [await add(anna, 'Anna'), await add(boris, 'Boris'), await add(anna, 'Anna')];
    await log.database.exec(
      "DROP TRIGGER sealed_blanked; UPDATE sealed SET ciphertext = zeroblob(272) WHERE seq = 2 AND tier = 'operations'",
    );
    expect(await catchUp(source, 'operations')).toEqual({ indexed: 2, refused: [seqs[1]] });
    for (let count = 0; count < 66; count++) await add(boris, 'Boris');
    await log.database.exec("UPDATE sealed SET ciphertext = zeroblob(272) WHERE seq > 3 AND tier = 'operations'");
    const last = await add(anna, 'Anna');
    const { indexed, refused } = await catchUp(source, 'operations');
    expect([indexed, refused.length, refused.includes(last)]).toEqual([1, 67, false]);
    await expect(catchUp({ ...source, tiers: new OpenTiers(new Map()) }, 'operations')).rejects.toMatchObject({ name: 'TierLocked' });
  });
});
