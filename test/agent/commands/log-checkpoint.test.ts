/** Checkpoints and receipts as commands give them out, and what is found with them when the files of a log are tampered with. */
import { execFileSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logCheckpoint } from '../../../agent/commands/log-checkpoint.ts';
import { logKey } from '../../../agent/commands/log-key.ts';
import { logProve } from '../../../agent/commands/log-prove.ts';
import { logVerify } from '../../../agent/commands/log-verify.ts';
import { openCheckpoint } from '../../../agent/log/checkpoint.ts';
import { makeLogKey } from '../../../agent/log/log-key.ts';
import { formatVerifierKey, parseVerifierKey } from '../../../agent/log/note-key.ts';
import { createStore } from '../../../agent/log/new-store.ts';
import { verifyTlogProof } from '../../../agent/log/tlog-proof.ts';
import { openStationKey } from '../../../agent/opening.ts';
import { ask, call, type KeyedStation, makeKeyedStation } from '../../support/keyed-station.ts';
import { nextEpoch, stranger } from '../../support/log/log-keys.ts';
import { numbered, origin } from '../../support/log/station-log.ts';

let station: KeyedStation;
beforeEach(async () => void (station = await makeKeyedStation()));
afterEach(() => station.remove());

const at = (name: string) => join(station.data, name);
const sql = (text: string) => execFileSync('sqlite3', [join(station.paths.log, 'log.sqlite'), text], { encoding: 'utf8' }).trim();
const key = async () => (await call(logKey, '--data', station.data)).out.trim();
const judge = (...args: string[]) => call(logVerify, '--data', station.data, ...args);
const never = () => ask('never asked for');

/** Appends entries and signs, as an agent does. */
async function run(count: number, from = 0): Promise<void> {
  const opened = await station.open();
  for (let size = from; size < from + count; size += 1) await opened.log.append(numbered(size));
  const signer = await openStationKey(station.paths.logKey, opened, never);
  if (signer !== undefined) await opened.log.checkpoint(signer);
  await opened.log.close();
}

describe('log checkpoint', () => {
  it('says when there is none, signs one when it is asked to, and gives it out again', async () => {
    expect(await call(logCheckpoint, '--data', station.data)).toMatchObject({ code: 1, out: '' });
    const made = await call(logCheckpoint, '--data', station.data, '--new');
    expect(made).toMatchObject({ code: 0, err: '' });
    const opened = openCheckpoint(Buffer.from(made.out), { origin, key: parseVerifierKey(await key()) });
    expect(opened.size).toBe(4);
    expect(await call(logCheckpoint, '--data', station.data)).toEqual(made);
    expect(await call(logCheckpoint, '--data', station.data, '--out', at('kept'))).toMatchObject({
      code: 0,
      out: `Written: ${at('kept')}\n`,
    });
    expect(await readFile(at('kept'), 'utf8')).toBe(made.out);
    expect(await call(logCheckpoint, '--data', station.data, '--out', at('kept'))).toMatchObject({ code: 2 });
  });

  it('is given out while the agent runs, and then none is signed', async () => {
    await run(5);
    const opened = await station.open();
    expect(await call(logCheckpoint, '--data', station.data)).toMatchObject({ code: 0 });
    const refused = await call(logCheckpoint, '--data', station.data, '--new');
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('Another Countersign agent is running') as string });
    await opened.log.close();
  });

  it('that does not hold is given to nobody', async () => {
    await run(5);
    const note = Buffer.from(sql('SELECT hex(note) FROM checkpoint ORDER BY size DESC LIMIT 1'), 'hex');
    // A letter of the signature, which is random: it becomes another one in any case.
    const place = note.length - 20;
    note.writeUInt8(note.readUInt8(place) === 0x41 ? 0x42 : 0x41, place);
    sql(
      `DROP TRIGGER checkpoint_unchanged; UPDATE checkpoint SET note = X'${note.toString('hex')}' WHERE size = (SELECT max(size) FROM checkpoint)`,
    );
    expect(await call(logCheckpoint, '--data', station.data)).toMatchObject({ code: 2 });
    sql("CREATE TRIGGER checkpoint_unchanged BEFORE UPDATE ON checkpoint\nBEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END");
    const said = await call(logCheckpoint, '--data', station.data);
    expect({ code: said.code > 0, out: said.out }).toEqual({ code: true, out: '' });
  });
});

describe('log prove', () => {
  it('gives a receipt for every entry that a checkpoint covers, and it holds for the bytes of that entry alone', async () => {
    await run(20);
    const trust = { origin, key: parseVerifierKey(await key()) };
    const bodies = [...Array(Number(sql('SELECT max(size) FROM checkpoint'))).keys()].map((seq) =>
      Buffer.from(sql(`SELECT hex(body) FROM entry WHERE seq = ${seq}`), 'hex'),
    );
    for (const [seq, body] of bodies.entries()) {
      const { code, out } = await call(logProve, String(seq), '--data', station.data);
      expect(code).toBe(0);
      expect(verifyTlogProof(Buffer.from(out), body, trust).index).toBe(seq);
      expect(() => verifyTlogProof(Buffer.from(out), bodies[(seq + 1) % bodies.length] ?? body, trust)).toThrow();
    }
    const file = at('entry-7.tlog-proof');
    const written = await call(logProve, '7', '--data', station.data, '--out', file);
    expect(written).toMatchObject({ code: 0, out: `Written: ${file}\n`, err: expect.stringContaining(await key()) as string });
    expect(verifyTlogProof(await readFile(file), bodies[7] ?? Buffer.alloc(0), trust).index).toBe(7);
  });

  it('says why there is no receipt', async () => {
    await run(3);
    const opened = await station.open();
    const { seq } = opened.log.last();
    await opened.log.close();
    const prove = (...words: string[]) => call(logProve, ...words, '--data', station.data);
    expect(await prove(String(seq))).toMatchObject({
      code: 1,
      err: expect.stringContaining(`No checkpoint covers entry ${seq} yet`) as string,
    });
    expect(await prove('999')).toMatchObject({ code: 1, err: 'There is no entry 999 in this log.\n' });
    for (const words of [[], ['x'], ['-1'], ['1', '2']]) expect(await prove(...words)).toMatchObject({ code: 2, out: '' });
  });
});

describe('against a checkpoint that was kept elsewhere', () => {
  /** Kept, key and all, before whatever is done to the log; then the log goes on. */
  let vkey: string;
  const kept = () => ['--checkpoint', at('kept')];
  beforeEach(async () => {
    await run(3);
    await cp(station.paths.log, at('older'), { recursive: true });
    await run(6, 3);
    await call(logCheckpoint, '--data', station.data, '--out', at('kept'));
    vkey = await key();
    await run(4, 9);
  });

  /** Puts another log in the place of the station's. */
  const put = async (folder: string) => {
    await rm(station.paths.log, { recursive: true });
    await cp(folder, station.paths.log, { recursive: true });
  };

  /** A log of the same station with one entry changed, made anew as a whole. */
  async function rechained(publicKey: string): Promise<string> {
    const other = await makeKeyedStation('none');
    const made = await makeLogKey(join(other.data, 'own.pem'), origin, undefined);
    if (publicKey === 'own') await cp(join(other.data, 'own.pem'), other.paths.logKey);
    const public_key = publicKey === 'own' ? Buffer.from(made.signer.verifier.publicKey).toString('hex') : publicKey;
    await rm(other.paths.log, { recursive: true });
    await createStore(other.paths.log, {
      origin,
      stationName: 'branch-12.example.org',
      demo: false,
      software: 'countersign test',
      configDigest: 'c0'.repeat(32),
      then: [{ op: 'key', actor: { id: 'station', role: 'station' }, purpose: 'log', action: 'made', public_key, wrapping: 'none' }],
    });
    const opened = await other.open();
    for (let size = 0; size < 20; size += 1) await opened.log.append(numbered(size === 2 ? 4712 : size));
    if (publicKey === 'own') await opened.log.checkpoint(made.signer);
    await opened.log.close();
    await rm(at('forged'), { recursive: true, force: true });
    await cp(other.paths.log, at('forged'), { recursive: true });
    await other.remove();
    return at('forged');
  }

  it('a log that has gone on is intact, also while the agent runs (control)', async () => {
    const opened = await station.open();
    const said = await judge(...kept(), '--key', vkey);
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toContain('3 stored checkpoints are good.');
    expect(said.out).toContain(
      'goes on from the checkpoint that was kept elsewhere, which was signed by the key that was brought from elsewhere',
    );
    await opened.log.close();
    expect((await judge(...kept())).out).toContain('which was signed by the key that the log says');
    expect(JSON.parse((await judge(...kept(), '--json')).out)).toMatchObject({ verdict: 'intact', checkpoints: 3 });
  });

  it('an older copy of the whole log is named; without the checkpoint it is not noticed', async () => {
    await put(at('older'));
    expect(await judge()).toMatchObject({ code: 0 });
    const said = await judge(...kept());
    expect(said).toMatchObject({
      code: 1,
      out: expect.stringContaining('it was cut short, or an older copy was put in its place') as string,
    });
    expect(said.out).toMatch(/The log ends after 7 entries, and the checkpoint that was kept elsewhere is of 14/);
  });

  it('a tail that was cut off, nodes and checkpoints with it, is named; without the checkpoint it is not noticed', async () => {
    const cut = (entries: number) => {
      const tables = ['entry', 'node', 'checkpoint'];
      const triggers = tables.map((table) => sql(`SELECT group_concat(sql, ';;') FROM sqlite_schema WHERE name = '${table}_kept'`));
      sql(`${tables.map((table) => `DROP TRIGGER ${table}_kept;`).join('')}
        DELETE FROM entry WHERE seq >= ${entries}; DELETE FROM node WHERE (idx + 1) << level > ${entries}; DELETE FROM checkpoint WHERE size > ${entries};
        ${triggers.map((text) => `${text};`).join('\n')}`);
    };
    cut(15);
    expect(await judge(...kept())).toMatchObject({ code: 0, err: '' });
    cut(13);
    expect(await judge()).toMatchObject({ code: 0, err: '' });
    expect(await judge(...kept())).toMatchObject({ code: 1, out: expect.stringContaining('The log ends after 13 entries') as string });
  });

  it('a log that was made anew under the key that it says is named; without the checkpoint it is not noticed', async () => {
    await put(await rechained(Buffer.from(parseVerifierKey(vkey).publicKey).toString('hex')));
    expect(await judge()).toMatchObject({ code: 0 });
    expect(await judge('--key', vkey)).toMatchObject({ code: 0 });
    const said = await judge(...kept());
    expect(said).toMatchObject({ code: 1, out: expect.stringContaining('The first 14 entries are not those over which') as string });
  });

  it('a log that was made anew under another key is named, by the key alone too', async () => {
    await put(await rechained('own'));
    expect(await judge()).toMatchObject({ code: 0 });
    expect(await judge(...kept())).toMatchObject({ code: 1, out: expect.stringContaining('or the log was made anew') as string });
    expect(await judge('--key', vkey)).toMatchObject({
      code: 1,
      out: expect.stringContaining('does not say the key that was brought') as string,
    });
    expect(await judge(...kept(), '--key', vkey)).toMatchObject({ code: 1 });
  });

  it('a checkpoint that is none, is forged, or is of another log says nothing, and the log is not called broken', async () => {
    const sound = await readFile(at('kept'), 'utf8');
    await writeFile(at('none'), 'x');
    await writeFile(at('forged-note'), sound.replace('\n14\n', '\n15\n'));
    await writeFile(at('other'), sound.replaceAll(origin, nextEpoch.verifier.name));
    for (const [file, says] of [
      ['none', 'says nothing about any log'],
      ['forged-note', 'says nothing about any log'],
      ['other', 'its log did not sign'],
      ['nowhere', 'There is no file'],
    ] as const)
      expect(await judge('--checkpoint', at(file), '--key', vkey), file).toMatchObject({
        code: 2,
        err: expect.stringContaining(says) as string,
      });
    const foreign = `What was kept elsewhere is of ${nextEpoch.verifier.name}`;
    expect(await judge('--checkpoint', at('other'))).toMatchObject({ code: 2, err: expect.stringContaining(foreign) as string });
    expect(await judge('--key', formatVerifierKey(nextEpoch.verifier))).toMatchObject({ code: 2 });
    expect(await judge('--key', formatVerifierKey(stranger.verifier))).toMatchObject({ code: 1 });
    for (const text of ['x', vkey.slice(1), `${vkey}=`, vkey.replace('+', '+0')])
      expect(await judge('--key', text)).toMatchObject({ code: 2 });
  });
});

it('an agent that finds its log cut below the newest checkpoint, or beside it, does not start on it', async () => {
  await run(6);
  await run(6, 6);
  const opened = await station.open();
  expect(await openStationKey(station.paths.logKey, opened, never)).toBeDefined();
  await opened.log.close();
  const triggers = ['checkpoint_unchanged', 'checkpoint_grows'];
  const texts = triggers.map((name) => `${sql(`SELECT sql FROM sqlite_schema WHERE name = '${name}'`)};`).join('\n');
  sql(`${triggers.map((name) => `DROP TRIGGER ${name};`).join('')} UPDATE checkpoint SET size = 99 WHERE size = 17; ${texts}`);
  const forged = await station.open();
  const start = openStationKey(station.paths.logKey, forged, never);
  await expect(start).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('did not grow out of its newest checkpoint') as string,
  });
  await forged.log.close();
  const said = await call(logCheckpoint, '--data', station.data, '--new');
  expect(said).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/^The operation log is broken: .*countersign log verify\n$/) as string,
  });
});

describe('what is stored beside the entries is checked too', () => {
  beforeEach(async () => {
    await run(6);
    await run(6, 6);
  });

  it('is good (control)', async () => expect((await judge()).out).toContain('2 stored checkpoints are good.'));

  it.each([
    ['a node that was changed', 'UPDATE node SET hash = zeroblob(32) WHERE level = 2 AND idx = 1', 'node 1 of level 2'],
    ['a node that is gone', 'DELETE FROM node WHERE level = 1 AND idx = 0', 'node 0 of level 1'],
    ['a node too many', 'INSERT INTO node VALUES (3, 9, zeroblob(32))', 'nodes of the tree that no entry completes'],
    [
      'a checkpoint that was changed',
      "UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), char(10) || '10' || char(10), char(10) || '7' || char(10)) AS BLOB)",
      'that is stored does not hold',
    ],
    ['a checkpoint in another place', 'UPDATE checkpoint SET size = 8 WHERE size = 10', 'is not of these entries'],
    ['a checkpoint of more entries than there are', 'UPDATE checkpoint SET size = 99 WHERE size = 17', 'the log was cut short'],
  ])('%s', async (_, change, says) => {
    const names = ['node_unchanged', 'node_kept', 'checkpoint_unchanged', 'checkpoint_kept'];
    sql(`${names.map((name) => `DROP TRIGGER ${name};`).join('')}${change}`);
    expect(Number(sql('SELECT count(*) FROM checkpoint'))).toBe(2);
    const said = await judge();
    expect(said).toMatchObject({ code: 1, out: expect.stringContaining(says) as string });
  });
});
