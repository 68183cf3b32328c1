import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { openForWriting } from '../../../agent/log/database.ts';
import { makeStationLog } from '../../support/log/station-log.ts';

it('a statement that failed holds nothing open: what is written after it is on the disk', async () => {
  const log = await makeStationLog();
  const [database, other] = [await openForWriting(log.file), await openForWriting(log.file)];
  try {
    await database.all('PRAGMA busy_timeout=0');
    await other.exec('BEGIN IMMEDIATE');
    const write = (key: string) => database.all('INSERT INTO meta(key, value) VALUES (?, ?)', [key, 'x']);
    await expect(write('a')).rejects.toMatchObject({ name: 'DatabaseError', code: 'SQLITE_BUSY' });
    await other.exec('ROLLBACK');
    // By another statement: one that is asked for again begins anew in any case.
    await database.all("INSERT INTO meta(value, key) VALUES ('x', 'b')");
    const seen = execFileSync('sqlite3', [log.file, "SELECT group_concat(key) FROM meta WHERE key <> 'origin'"], { encoding: 'utf8' });
    expect(seen.trim()).toBe('b');
    // The statement that failed is prepared anew.
    await expect(write('b')).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT' });
    await write('c');
  } finally {
    await other.close();
    await database.close();
    await log.remove();
  }
});
