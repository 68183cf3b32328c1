/** Personal fields on their way into a log that is open: entry, ciphertext and data key are one commit, and a refused change leaves nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeIdentity, recipientOf, x25519Recipient } from '../../../agent/log/age-keys.ts';
import { DataKeys } from '../../../agent/log/data-keys.ts';
import { type Database, openForReading, openForWriting } from '../../../agent/log/database.ts';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { LogRefusal } from '../../../agent/log/errors.ts';
import { readKeyRows, readSealedRows } from '../../../agent/log/read-sealed.ts';
import { bodyLimit } from '../../../agent/log/record.ts';
import { readRows } from '../../../agent/log/schema.ts';
import { giveTiers, makeSealing, readSealing } from '../../../agent/log/staff-grants.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { verify } from '../../../agent/log/verify.ts';
import { subjectOf } from '../../support/log/sealed-log.ts';
import { makeStationLog, numbered, type StationLog } from '../../support/log/station-log.ts';

let log: StationLog;
let store: LogStore;
const anna = subjectOf('a');
const fields = { operations: { holder: 'Anna Quillfeather' } };
const staff = { id: 's-1', role: 'auditor', recipient: x25519Recipient(recipientOf(makeIdentity())) } as const;

beforeEach(async () => {
  log = await makeStationLog();
  store = await log.open();
  await giveTiers(store.tables, await makeSealing([staff]));
});
afterEach(async () => {
  await store.close().catch(() => undefined);
  await log.remove();
});

const keysFor = async (subject: string) => DataKeys.make(subject, (await readSealing(store)).tiers.slice(0, 1));

async function look<T>(run: (database: Database) => Promise<T>): Promise<T> {
  const database = await openForReading(log.file);
  return run(database).finally(() => database.close());
}
const check = () =>
  look(async (database) =>
    verify(readRows(database, log.file), undefined, {
      sealed: readSealedRows(database, log.file),
      keys: await readKeyRows(database, log.file),
    }),
  );
const counts = () =>
  look(async (database) => (await database.all('SELECT (SELECT count(*) FROM vault) AS keys, (SELECT count(*) FROM sealed) AS sealed'))[0]);

it('the first event of an append carries what is sealed, also among appends that share its commit', async () => {
  const keys = await keysFor(anna);
  const plain = Array.from({ length: 5 }, (_, index) => store.append(numbered(index)));
  const [first, second] = await store.appendAll([numbered(70), numbered(71)], { keys, fields });
  const again = await store.append(numbered(72), { keys, fields });
  await Promise.all(plain);
  expect([first?.sealed?.length, second?.sealed, again.sealed?.[0]?.kid]).toEqual([1, undefined, first?.sealed?.[0]?.kid]);
  expect((await store.entries({ from: first?.seq ?? 0, to: again.seq })).map(({ sealed }) => sealed)).toEqual([
    first?.sealed,
    undefined,
    again.sealed,
  ]);
  expect(await counts()).toEqual({ keys: 1, sealed: 2 });
  expect(await check()).toMatchObject({ verdict: 'intact' });
});

it('what is sealed counts for the size of an entry, and is refused before anything is written', async () => {
  const keys = await keysFor(anna);
  const at = '2026-01-01T00:00:00.000Z';
  const seen = { entry: 0, leaf: 'a'.repeat(64) };
  const signed = { seen, until: at, certificate_sha256: 'c'.repeat(64), public_key: 'aa', scheme: 'rsa-pss', hash: 'sha256' } as const;
  const late = (length: number): AppendableEvent => {
    const about = { kind: 'late', occurred: { from: at, to: at }, attachments: [], ...signed, signature: 'aa'.repeat(length) };
    return { op: 'supplement', actor: { id: 's-1', role: 'clerk' }, ...about };
  };
  const { seq } = await store.append(late(1));
  const [row] = await look((database) => database.all('SELECT length(body) AS size FROM entry WHERE seq = ?', [seq]));
  // With room for the longest numbers, and for less than one sealed field.
  const length = Math.floor((bodyLimit - Number(row?.['size']) - 60) / 2);
  await store.append(late(length));
  const { size } = store;
  await expect(store.append(late(length), { keys, fields })).rejects.toThrow('longer than');
  await expect(store.append(numbered(1), { keys, fields: { audit: { note: 'x' } } })).rejects.toThrow('no data key');
  expect([store.size, store.isOpen]).toEqual([size, true]);
  await store.append(numbered(1), { keys, fields });
});

it('a change that is refused leaves no entry, and the log goes on; one that the disk refuses is the end', async () => {
  const { size } = store;
  const refused = store.tables.append([numbered(1)], async (inside) => {
    await inside.all("INSERT INTO vault(subject, tier, kid, wrapped) VALUES (?, 'audit', ?, x'00')", [anna, anna]);
    throw new LogRefusal('not-allowed', 'no');
  });
  const beside = store.append(numbered(2));
  await expect(refused).rejects.toThrow('no');
  expect((await beside).seq).toBe(size);
  expect(await counts()).toEqual({ keys: 0, sealed: 0 });
  await expect(store.tables.append([numbered(3)], (inside) => inside.exec('INSERT INTO nothing VALUES (1)'))).rejects.toMatchObject({
    name: 'LogUnavailable',
  });
  expect(store.isOpen).toBe(false);
  await store.close();
  store = await log.open();
  expect(await check()).toMatchObject({ verdict: 'intact', entries: size + 2 });
});

it('what the agent does meanwhile does not get into a transaction of somebody else', async () => {
  const database = await openForWriting(log.file);
  const order: string[] = [];
  const whole = database.transaction(async (inside) => {
    for (let index = 0; index < 5; index += 1) await inside.all('SELECT 1').then(() => order.push('inside'));
    throw new Error('undone');
  });
  const other = database.all("INSERT INTO meta(key, value) VALUES ('other', 'x')").then(() => order.push('other'));
  await expect(whole).rejects.toThrow('undone');
  await other;
  expect(order).toEqual([...Array.from({ length: 5 }, () => 'inside'), 'other']);
  expect(await database.all("SELECT value FROM meta WHERE key = 'other'")).toEqual([{ value: 'x' }]);
  await database.close();
});

it('a process that is killed leaves of each append all or nothing', async () => {
  await store.close();
  const program = fileURLToPath(new URL('../../support/log/sealing-agent.ts', import.meta.url));
  let most = 0;
  for (let round = 0; round < 2; round += 1) {
    const child = spawn(process.execPath, ['--import', 'tsx', program, log.directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.split('\n').length > 3 + round) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const acknowledged = said
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number);
    most = Math.max(most, ...acknowledged);
    const result = await check();
    expect(result).toMatchObject({ verdict: 'intact' });
    expect(result.entries).toBeGreaterThan(most);
    const [{ loose } = { loose: undefined }] = await look((database) =>
      database.all('SELECT count(*) AS loose FROM vault WHERE kid NOT IN (SELECT kid FROM sealed)'),
    );
    expect(loose).toBe(0);
  }
  expect(await counts()).not.toEqual({ keys: 0, sealed: 0 });
}, 180_000);
