/** A station whose log key stays in a real token: how it is made, opened, sealed and checked from outside. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { logKeyOf } from '../../../agent/commands/doctor/log-key.ts';
import { init } from '../../../agent/commands/init.ts';
import { logCheckpoint } from '../../../agent/commands/log-checkpoint.ts';
import { logKey } from '../../../agent/commands/log-key.ts';
import { logShow } from '../../../agent/commands/log-show.ts';
import { logVerify } from '../../../agent/commands/log-verify.ts';
import { configDigest, holderModules, readConfig, stationPaths, type StationConfig } from '../../../agent/config.ts';
import { openStationLog, openStationSigner } from '../../../agent/opening.ts';
import { createTokenSource } from '../../../drivers/pkcs11/source.ts';
import { call } from '../../support/keyed-station.ts';
import { credential, type LogToken, makeLogToken, tokenLabel, typing } from '../../support/log-token.ts';
import { softhsmModule } from '../../support/softhsm.ts';

const containing = (text: string): unknown => expect.stringContaining(text) as unknown;
const never = { passphrase: () => Promise.reject(new Error('nobody is to be asked')) };

let token: LogToken;
let folder: string;
let data: string;
beforeAll(async () => {
  token = await makeLogToken();
  folder = await mkdtemp(join(tmpdir(), 'token-station-'));
  data = join(folder, 'station');
  // The credential of the service.
  await writeFile(join(folder, 'countersign-log-key'), `${token.hsm.pin}\n`);
  process.env['CREDENTIALS_DIRECTORY'] = folder;
});
afterAll(async () => {
  delete process.env['CREDENTIALS_DIRECTORY'];
  await rm(folder, { recursive: true, force: true });
  await token.remove();
});

const make = (label = tokenLabel) =>
  call(
    init,
    '--name',
    'branch-12.example.org',
    '--data',
    data,
    '--module',
    `hsm=${token.module.path}`,
    '--log-key-module',
    'hsm',
    '--log-key-token',
    label,
    '--nobody-reads',
  );
const settings = async (): Promise<StationConfig> => readConfig(data);
const change = async (logKey: Partial<NonNullable<StationConfig['logKey']>> | undefined): Promise<void> => {
  const config = await settings();
  const { logKey: before, ...rest } = config;
  const changed = logKey === undefined || before === undefined ? rest : { ...rest, logKey: { ...before, ...logKey } };
  await writeFile(join(data, 'station.json'), JSON.stringify(changed));
};
const pkcs11Tool = (...args: string[]): string =>
  execFileSync('pkcs11-tool', ['--module', softhsmModule, '--token-label', tokenLabel, '--login', '--pin', token.hsm.pin, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...token.hsm.env },
  });
const objects = (): string => pkcs11Tool('--list-objects');
const generate = (id: string, ...more: string[]): string =>
  pkcs11Tool('--keypairgen', '--key-type', 'EC:edwards25519', '--id', id, ...more);
const doctor = async (): Promise<string[]> =>
  (await logKeyOf({ root: '/', env: {}, data, demo: false, now: 0, ms: 30_000 })).map(({ finding, found }) => `${finding}: ${found}`);

describe('a station is not made', () => {
  it.each([
    ['an unknown token', () => make('another'), 'the token "another", which holds the key of the log, is not there (module hsm)'],
    [
      'a module that signs wrongly',
      async () => {
        await token.shim.order({ C_Sign: 'flip' });
        return make();
      },
      'gave a signature that is not by the key that it made',
    ],
    [
      'a module that crashes at login',
      async () => {
        await token.shim.order({ C_Login: 'crash' });
        return make();
      },
      'the module hsm, behind which the key of the log is, failed',
    ],
  ])('with %s, and nothing is left behind', async (_, act, says) => {
    const before = objects();
    const made = await act();
    await token.shim.order({});
    expect(made).toMatchObject({ code: 2, err: containing(says) });
    await expect(readFile(join(data, 'station.json'))).rejects.toThrow('ENOENT');
    expect(objects()).toBe(before);
  });

  it('in a place where none can be, and no key is left in the token', async () => {
    const before = objects();
    await writeFile(data, 'a file in the way');
    expect(await make()).toMatchObject({ code: 2, err: containing('something that is not a folder is in the way') });
    expect(objects()).toBe(before);
    await rm(data);
  });

  it('by a wrong call', async () => {
    const with_ = (...more: string[]) =>
      call(init, '--name', 'a.example.org', '--data', data, '--module', 'hsm=/x.so', '--nobody-reads', ...more);
    expect(await with_('--log-key-module', 'hsm')).toMatchObject({ code: 2, err: containing('go together') });
    expect(await with_('--log-key-module', 'b', '--log-key-token', 'c')).toMatchObject({ code: 2, err: containing('(hsm), and not "b"') });
    const both = await with_('--log-key-module', 'hsm', '--log-key-token', 'c', '--unwrapped-log-key');
    expect(both).toMatchObject({ code: 2, err: containing('does not go with a token') });
  });
});

describe('a station whose log key is made in a token', () => {
  it('says so in its configuration and its log, and is sealed and checked as every other, by openssl too', async () => {
    const made = await make();
    expect(made).toMatchObject({ code: 0, err: '', out: containing(`in the token "${tokenLabel}", which stays in the station`) });
    const { logKey: kept } = await settings();
    expect(kept).toMatchObject({ module: 'hsm', token: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown });
    await expect(readFile(stationPaths(data).logKey)).rejects.toThrow('ENOENT');
    expect(objects()).toContain(kept?.key);
    expect((await call(logShow, '--data', data, '--op', 'key')).out).toContain('in a token that it does not leave');

    const shown = await call(logKey, '--data', data);
    const file = join(folder, 'kept.checkpoint');
    expect(await call(logCheckpoint, '--data', data, '--new', '--out', file)).toMatchObject({ code: 0, err: '' });
    expect(await call(logVerify, '--data', data, '--checkpoint', file, '--key', shown.out.trim())).toMatchObject({ code: 0 });
    const script = `
      head -n 3 kept.checkpoint > text
      sed -n 5p kept.checkpoint | cut -d' ' -f3 | base64 -d | tail -c 64 > signature
      { printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; cut -d+ -f3- vkey | base64 -d | tail -c 32; } > key.der
      openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in text -sigfile signature`;
    await writeFile(join(folder, 'vkey'), shown.out);
    expect(execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' })).toContain('Signature Verified Successfully');
    expect(await doctor()).toEqual(['ok: in a token, which is there']);
  });

  it('does not offer that token to holders', async () => {
    const look = async (modules: ReturnType<typeof holderModules>) => {
      const source = createTokenSource({ modules, pollMs: 20 });
      await expect.poll(() => source.modules()[0]?.state, { timeout: 10_000 }).toBe('ready');
      await expect.poll(() => source.slots().length, { timeout: 10_000 }).toBeGreaterThan(0);
      const labels = source.tokens().map(({ label }) => label);
      await source.close();
      return labels;
    };
    const config = await settings();
    expect(await look(holderModules(config))).toEqual([]);
    expect(await look(config.modules)).toEqual([tokenLabel]);
  });
});

describe('the key in the token is opened', () => {
  let text: string;
  beforeAll(async () => (text = await readFile(join(data, 'station.json'), 'utf8')));
  afterEach(() => writeFile(join(data, 'station.json'), text));

  const open = async (pins = credential(token.hsm.pin)): Promise<void> => {
    const config = await settings();
    const paths = stationPaths(data, config);
    const opened = await openStationLog(paths, config, { software: 'countersign test', configDigest: configDigest(config) });
    try {
      const key = await openStationSigner(paths, config, opened, { ...never, pins });
      expect(Buffer.from(key?.signer.verifier.publicKey ?? []).toString('hex')).toBe(opened.key?.public_key);
      await key?.close();
    } finally {
      await opened.log.close();
    }
  };

  it('with the right PIN; a wrong one from a credential is tried once, however often the agent starts, until a person has typed the right one', async () => {
    await token.shim.forget();
    const logins = async (): Promise<number> => (await token.shim.calls()).filter((name) => name === 'C_Login').length;
    await expect(open(credential('999999'))).rejects.toThrow(
      /^The log cannot be sealed: .* says that the PIN is wrong; it is not tried again by itself\.$/,
    );
    expect(await logins()).toBe(1);
    expect(await doctor()).toEqual(['warning: in a token, which is there; a wrong PIN was given to it since it was last used']);
    await expect(open(credential('999999'))).rejects.toThrow('the one in the credential is not tried by itself');
    await expect(open()).rejects.toThrow('type the PIN once at a terminal');
    expect(await logins()).toBe(1);
    await open(typing(token.hsm.pin));
    await open();
    expect(await logins()).toBe(3);
  });

  it.each([
    ['a token that is not there', { token: 'another' }, 'the token "another", which holds the key of the log, is not there'],
    ['an id that no key has', { key: 'abcd' }, 'has no key that could sign the log: the token has no Ed25519 key of this id'],
    ['no token at all', undefined, '"logKey" in station.json does not say in which'],
  ])('not where the configuration names %s', async (_, logKey, says) => {
    await change(logKey);
    await expect(open()).rejects.toThrow(says);
  });

  it('not where it is another one than the log says, or one that the token would give out', async () => {
    generate('aa01');
    await change({ key: 'aa01' });
    await expect(open()).rejects.toThrow('is not the one that the log says');
    generate('aa02', '--extractable');
    await change({ key: 'aa02' });
    await expect(open()).rejects.toThrow('the token would give this key out');
  });

  it('not where the configuration names a module that there is not', async () => {
    await change({ module: 'other' });
    await expect(settings()).rejects.toThrow('at "logKey.module": no module of "modules" is named "other"');
  });
});
