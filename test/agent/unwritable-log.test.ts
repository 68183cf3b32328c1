import { join } from 'node:path';
import { expect, it } from 'vitest';
import { start } from '../../agent/commands/start.ts';
import { openForWriting } from '../../agent/log/database.ts';
import { call, makeKeyedStation } from '../support/keyed-station.ts';

it('a station whose log takes no entry says so in a sentence and does not start', async () => {
  const station = await makeKeyedStation();
  const other = await openForWriting(join(station.paths.log, 'log.sqlite'));
  try {
    await other.exec('BEGIN IMMEDIATE');
    expect(await call(start, '--data', station.data)).toMatchObject({
      code: 2,
      err: 'The operation log failed: SQLITE_BUSY: database is locked. The station does not start.\n',
    });
  } finally {
    await other.close();
    await station.remove();
  }
});
