import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleOpen } from '../../../agent/commands/bundle-open.ts';
import { exportLog } from '../../../agent/commands/export.ts';
import { init } from '../../../agent/commands/init.ts';
import { logHeadOffice } from '../../../agent/commands/log-head-office.ts';
import { logVerify } from '../../../agent/commands/log-verify.ts';
import { restore } from '../../../agent/commands/restore.ts';
import { identityText, makeIdentity, recipientOf } from '../../../agent/log/age-keys.ts';
import { enrolled } from '../../support/log/enrolments.ts';
import { type BundleStation, makeBundleStation } from '../../support/log/bundle-station.ts';
import { call } from '../../support/keyed-station.ts';

let folder: string;
let station: BundleStation;
/** The file with the identity of head office. */
let identity: string;
/** The folder of the station on the drive. */
let bundles: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundles-'));
  station = await makeBundleStation();
  identity = at('identity');
  await writeFile(identity, `# recipient: ${station.recipient}\n${identityText(station.identity)}\n`);
  const { log } = await station.open();
  await log.append(enrolled('aa', 3));
  await log.append(enrolled('bb', 5));
  await log.close();
  // So many that each bundle has a tile that no other has.
  await station.grow(300);
  const first = await station.export();
  await station.grow(300);
  const second = await station.export({ from: first.size });
  await station.grow(300);
  const third = await station.export({ from: second.size });
  bundles = third.folder;
});
afterAll(async () => {
  await station.remove();
  await rm(folder, { recursive: true, force: true });
});

const manifest = (number: number) => join(bundles, `E1-0000${number}.MANIFEST`);

describe('the key of head office', () => {
  test('init makes it, writes its identity once outside of the data folder, and the log says the recipient', async () => {
    const data = at('made');
    const make = ['--name', 'branch-12.example.org', '--data', data, '--unwrapped-log-key', '--nobody-reads'];
    const inside = await call(init, ...make, '--head-office-identity', join(data, 'identity'));
    expect(inside).toMatchObject({ code: 2, err: expect.stringContaining('must not lie in the data folder') as string });
    await expect(stat(data)).rejects.toThrow('ENOENT');
    const file = at('new-identity');
    const made = await call(init, ...make, '--head-office-identity', file);
    expect(made).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Carry it to head office, keep a copy in a safe, and delete it here`) as string,
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [, recipient = ''] = /# recipient: (age1\S+)\nAGE-SECRET-KEY-1[A-Z0-9]{58}\n$/.exec(await readFile(file, 'utf8')) ?? [];
    expect(await call(logHeadOffice, '--data', data)).toEqual({ code: 0, out: `${recipient}\n`, err: '' });
    const again = await call(
      init,
      '--name',
      'branch-13.example.org',
      '--data',
      at('other'),
      '--unwrapped-log-key',
      '--nobody-reads',
      '--head-office-identity',
      file,
    );
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is there already') as string });
  });

  test('a station that cannot be made leaves no identity behind', async () => {
    const file = at('useless-identity');
    const said = await call(
      init,
      '--name',
      'a.example.org',
      '--data',
      station.data,
      '--unwrapped-log-key',
      '--nobody-reads',
      '--head-office-identity',
      file,
    );
    expect(said).toMatchObject({ code: 2, err: expect.stringContaining('There is a station in') as string });
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  test('a station of before says how to give it one, gets it, and exports', async () => {
    const data = station.data;
    const drive = at('drive');
    await mkdir(drive);
    const refused = await call(exportLog, '--to', drive, '--data', data);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('countersign log head-office --recipient age1...') as string });
    expect(await call(logHeadOffice, '--data', data)).toMatchObject({ code: 1 });
    expect(await call(logHeadOffice, '--data', data, '--recipient', 'age1x')).toMatchObject({ code: 2 });
    expect(await call(logHeadOffice, '--data', data, '--recipient', station.recipient)).toMatchObject({ code: 0 });
    expect(await call(logHeadOffice, '--data', data, '--recipient', station.recipient)).toMatchObject({ code: 1 });
    const made = await call(exportLog, '--to', drive, '--data', data);
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('That the medium itself has it was not proven') as string });
    expect(await call(logVerify, '--bundle', drive, '--identity', identity)).toMatchObject({ code: 0 });
    expect(await call(logVerify, '--data', data)).toMatchObject({ code: 0 });
    // While an agent has the log.
    const { log } = await station.open();
    const running = await call(exportLog, '--to', drive, '--data', data);
    await log.close();
    expect(running).toMatchObject({ code: 2, err: expect.stringContaining('Another Countersign agent is running') as string });
  });
});

describe('log verify --bundle', () => {
  test('without the identity it says that the contents were not looked at', async () => {
    const said = await call(logVerify, '--bundle', manifest(1));
    expect(said.code).toBe(0);
    expect(said.out).toMatch(/^WHOLE, NOT OPENED\n/);
    expect(said.out).toContain('The contents were not looked at: nothing is said about any entry.');
    const json = await call(logVerify, '--bundle', manifest(1), '--json');
    expect(JSON.parse(json.out)).toMatchObject({ verdict: 'not-opened', exports: [{ number: 1, from: 0 }] });
  });

  test('with it the entries are judged, of one bundle or of all; of a later one alone it does not say that all is well', async () => {
    expect(await call(logVerify, '--bundle', manifest(1), '--identity', identity)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^INTACT\n/) as string,
    });
    const both = await call(logVerify, '--bundle', manifest(2), '--bundle', manifest(1), '--identity', identity);
    expect(both).toMatchObject({ code: 0, out: expect.stringMatching(/^INTACT\n/) as string });
    const rest = await call(logVerify, '--bundle', manifest(2), '--identity', identity);
    expect(rest).toMatchObject({ code: 2, out: expect.stringMatching(/^NOT THE WHOLE LOG\n/) as string });
    const gap = await call(logVerify, '--bundle', manifest(1), '--bundle', manifest(3), '--identity', identity);
    expect(gap.code).toBe(1);
    expect(gap.out).toMatch(/BROKEN\nEntries \d+ to \d+ stand in none of the bundles: E1-00003\.MANIFEST begins behind them\./);
  });

  test('wrong calls are refused in one sentence', async () => {
    for (const words of [
      ['--bundle', bundles, '--data', station.data],
      ['--identity', identity],
      ['--bundle', bundles, '--known', `0:${'0'.repeat(64)}`],
    ])
      expect(await call(logVerify, ...words)).toMatchObject({ code: 2, out: '' });
    expect(await call(logVerify, '--bundle', at('nothing'))).toMatchObject({
      code: 2,
      out: expect.stringMatching(/^CANNOT BE READ\n/) as string,
    });
    expect(await call(logVerify, '--bundle', bundles, '--identity', manifest(1))).toMatchObject({ code: 2 });
  });
});

describe('bundle open', () => {
  test('writes tiles, entries and configuration, and nothing over anything', async () => {
    const to = at('opened');
    const said = await call(bundleOpen, manifest(1), manifest(2), '--identity', identity, '--to', to);
    expect(said).toMatchObject({ code: 0, err: '' });
    const lines = (await readFile(join(to, 'entries.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(lines.map((_, seq) => seq));
    expect((await readdir(to)).sort()).toEqual(['add-checkpoint', 'checkpoint', 'entries.jsonl', 'station.json', 'tile']);
    expect((await readFile(join(to, 'tile', '0', '000'))).byteLength).toBe(8192);
    expect(await call(bundleOpen, manifest(1), '--identity', identity, '--to', to)).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not empty') as string,
    });
  });

  test('leaves nothing behind of a bundle that is not whole', async () => {
    const to = at('not-opened');
    expect(await call(bundleOpen, manifest(2), '--identity', identity, '--to', to)).toMatchObject({ code: 1 });
    const stranger = at('stranger');
    const other = makeIdentity();
    await writeFile(stranger, `${identityText(other)}\n`);
    const said = await call(bundleOpen, manifest(1), '--identity', stranger, '--to', to);
    expect(said).toMatchObject({ code: 2, err: expect.stringContaining(`is encrypted to ${station.recipient}`) as string });
    expect(recipientOf(other)).not.toBe(station.recipient);
    expect((await readdir(folder)).filter((name) => name.includes('opening') || name === 'not-opened')).toEqual([]);
  });
});

describe('restore', () => {
  test('carries the log on from two bundles, with the enrolments and their highest counters', async () => {
    const data = at('restored');
    const said = await call(
      restore,
      '--from',
      manifest(2),
      '--from',
      manifest(1),
      '--identity',
      identity,
      '--data',
      data,
      '--unwrapped-log-key',
    );
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toContain('branch-12.example.org/e2 and carries on branch-12.example.org/e1 after');
    expect(said.out).toContain('2 enrolments were carried over.');
    const verified = await call(logVerify, '--data', data, '--json');
    expect(JSON.parse(verified.out)).toMatchObject({ verdict: 'intact', predecessor: { origin: 'branch-12.example.org/e1' } });
    const checkpoint = at('e1.checkpoint');
    const opened = at('for-checkpoint');
    expect(await call(bundleOpen, manifest(1), manifest(2), manifest(3), '--identity', identity, '--to', opened)).toMatchObject({
      code: 0,
    });
    await writeFile(checkpoint, await readFile(join(opened, 'checkpoint')));
    const old = await call(logVerify, '--data', data, '--checkpoint', checkpoint);
    expect(old.code).toBe(2);
    expect(old.err).toContain('the log before this one, which branch-12.example.org/e2 carries on after');
    expect(old.err).toMatch(/It had \d+ entries then: those from \d+ on were in no bundle and were lost\./);
  });

  test('names what is missing between bundles, and what adds nothing', async () => {
    const data = at('restored-from-all');
    const gap = await call(restore, '--from', manifest(1), manifest(3), '--identity', identity, '--data', data, '--unwrapped-log-key');
    expect(gap).toMatchObject({ code: 1, err: expect.stringMatching(/entries \d+ to \d+ stand in none of the bundles/) as string });
    await expect(stat(data)).rejects.toThrow('ENOENT');
    const whole = await makeBundleStation();
    try {
      await whole.export();
      const { folder: of } = await whole.export();
      const file = at('identity-of-whole');
      await writeFile(file, `${identityText(whole.identity)}\n`);
      const said = await call(
        restore,
        '--from',
        join(of, 'E1-00001.MANIFEST'),
        of,
        '--identity',
        file,
        '--data',
        data,
        '--unwrapped-log-key',
        '--epoch',
        '7',
      );
      expect(said).toMatchObject({ code: 0, out: expect.stringContaining('E1-00001.MANIFEST adds nothing') as string });
      expect(said.out).toContain('/e7 and carries on');
    } finally {
      await whole.remove();
    }
  });

  test('refuses a folder that is not empty, an epoch that was there, and a bundle of two logs', async () => {
    const call_ = (...words: string[]) => call(restore, '--from', manifest(1), '--identity', identity, '--unwrapped-log-key', ...words);
    expect(await call_('--data', folder)).toMatchObject({ code: 2, err: expect.stringContaining('is not empty') as string });
    expect(await call_('--data', at('x'), '--epoch', '1')).toMatchObject({ code: 2 });
    const other = await makeBundleStation();
    try {
      const { folder: of } = await other.export();
      const mixed = await call_('--data', at('x'), '--from', of);
      expect(mixed).toMatchObject({ code: 1, err: expect.stringContaining('is by another key than the newest bundle') as string });
    } finally {
      await other.remove();
    }
    await expect(stat(at('x'))).rejects.toThrow('ENOENT');
  });
});
