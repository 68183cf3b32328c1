/** The doctor on this very computer: with and without a card service, with modules that crash, devices that are locked, clocks that are wrong. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { homedir, hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor, gather } from '../../../agent/commands/doctor.ts';
import { ask } from '../../../agent/commands/doctor/ask.ts';
import { cards } from '../../../agent/commands/doctor/cards.ts';
import { computer, spaceCheck } from '../../../agent/commands/doctor/computer.ts';
import { modulesChecks } from '../../../agent/commands/doctor/modules.ts';
import { fingerprintReaders } from '../../../agent/commands/doctor/readers.ts';
import { renderReport } from '../../../agent/commands/doctor/render.ts';
import { type Check, type Place, stationCouldWork } from '../../../agent/commands/doctor/report.ts';
import { nodeCheck } from '../../../agent/commands/doctor/versions.ts';
import { startCardReader } from '../../../drivers/virtual/card-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const here: Place = { root: '/', env: process.env, demo: false, now: Date.now(), ms: 8_000 };

/** What a check says, in one line. */
function told(checks: readonly Check[], name: string): string {
  const check = checks.find((one) => one.name === name);
  return check === undefined
    ? `no check is called ${name}`
    : [`${check.finding}: ${check.found}`, ...(check.mend === undefined ? [] : [check.mend])].join(' | ');
}

/** A file below the test's folder, with the folders above it. */
function put(path: string, content: string | Uint8Array): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await doctor(args, { out: (text) => void (out += text), err: (text) => void (err += text) });
  return { code, out, err };
}

describe('the command', () => {
  it('says that a demo station could work here, as text', async () => {
    const { code, out, err } = await run('--demo', '--data', folder);
    expect(out).toMatch(/ok +sqlite3 +SQLite 3\.\d+/);
    expect(out).toMatch(/ok +pkcs11js +loads/);
    expect(out).toMatch(/MB \(\d+ %\) for the data folder/);
    expect(out).toContain('A station could work here.');
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('prints the same as JSON, and nothing personal', async () => {
    const { code, out } = await run('--demo', '--json', '--data', folder);
    const parsed: unknown = JSON.parse(out);
    expect(parsed).toMatchObject({ format: 'countersign-doctor/1', stationCouldWork: true });
    expect(code).toBe(0);
    for (const personal of [hostname(), homedir(), folder].filter((text) => text.length > 3)) expect(out).not.toContain(personal);
  });

  it('explains itself, and refuses what it does not know', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, err: '' });
    const refused = await run('--no-such-thing');
    expect(refused).toMatchObject({ code: 2, err: 'countersign doctor has no option --no-such-thing. See countersign doctor --help.' });
  });
});

describe('the card service', () => {
  let silent: Server;
  beforeAll(() => new Promise<void>((resolve) => void (silent = createServer().listen(join(folder, 'silent'), resolve))));
  afterAll(() => void silent.close());

  it('is seen to answer, and its readers are named', async () => {
    const reader = await startCardReader({ directory: join(folder, 'reader') });
    try {
      const checks = await cards({ ...here, env: { ...process.env, PCSCLITE_CSOCK_NAME: reader.socket } });
      expect(told(checks, 'card service')).toMatch(/^ok: .*answers \(protocol 4\.\d\)$/);
      expect(told(checks, 'card readers')).toMatch(/^ok: .*Virtual PCD/);
    } finally {
      await reader.stop();
    }
  });

  it('that is not there makes a station impossible, and the report says how to start it', async () => {
    const report = await gather({ ...here, env: { ...process.env, PCSCLITE_CSOCK_NAME: join(folder, 'nobody') } });
    expect(stationCouldWork(report)).toBe(false);
    expect(told(report.checks, 'card service')).toMatch(/^missing: .*there is no socket \| sudo .*pcscd/);
    expect(renderReport(report)).toContain('No station could work here. Missing: card service.');
  });

  it('that takes the call and never answers does not hang the doctor', async () => {
    const start = Date.now();
    const checks = await cards({ ...here, ms: 1_000, env: { ...process.env, PCSCLITE_CSOCK_NAME: join(folder, 'silent') } });
    expect(told(checks, 'card service')).toMatch(/^missing: .*does not answer/);
    expect(Date.now() - start).toBeLessThan(5_000);
  });
});

describe('PKCS#11 modules', () => {
  it('that are installed say who they are', async () => {
    expect(told(await modulesChecks(here), 'OpenSC')).toMatch(/^ok: OpenSC .*Cryptoki 2\./);
  });

  it('that crash are named, and the doctor lives on', async () => {
    const library = join(folder, 'crashing.so');
    const source = put('crashing.c', '#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { abort(); }\n');
    expect(spawnSync('cc', ['-shared', '-fPIC', '-o', library, source]).status).toBe(0);
    const checks = await modulesChecks(here, [
      {
        name: 'Vendor',
        file: 'crashing.so',
        paths: [library],
        env: {},
        tellsPinState: true,
        slotEvents: false,
        namesReaders: false,
        cards: 'none',
        tested: 'never',
      },
    ]);
    expect(told(checks, 'Vendor')).toMatch(/^warning: does not start: SIGABRT/);
    expect(told(checks, 'PKCS#11 modules')).toMatch(/^missing: .*install.*opensc-pkcs11/);
  });
});

describe('a program that never ends', () => {
  it('is ended with its children at the deadline', async () => {
    const mark = join(folder, 'lived-on');
    const start = Date.now();
    const answer = await ask('sh', ['-c', `(sleep 1; echo x > ${mark}) & wait`], { ms: 200 });
    expect(answer).toMatchObject({ kind: 'failed', how: 'no answer within 0.2 s' });
    expect(Date.now() - start).toBeLessThan(900);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(() => readFileSync(mark)).toThrow('ENOENT');
  });
});

describe('fingerprint readers', () => {
  const root = join(folder, 'usb');
  const fido = Uint8Array.from([0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01]);
  const keyboard = Uint8Array.from([0x05, 0x01, 0x09, 0x06, 0xa1, 0x01]);
  beforeAll(() => {
    put('usb/sys/class/hidraw/hidraw0/device/report_descriptor', keyboard);
    put('usb/sys/class/hidraw/hidraw1/device/report_descriptor', fido);
    put('usb/sys/class/hidraw/hidraw1/device/uevent', 'HID_ID=0003:00001050:00000402\nHID_NAME=Yubico YubiKey FIDO\nHID_UNIQ=\n');
    put('usb/dev/hidraw0', '');
    put('usb/dev/hidraw1', '');
  });

  it('are told from keyboards by what their reports are for', async () => {
    const checks = await fingerprintReaders({ ...here, root });
    expect(checks.filter(({ name }) => name === 'FIDO reader')).toEqual([
      { section: 'Fingerprint readers', name: 'FIDO reader', finding: 'ok', found: 'Yubico YubiKey FIDO (1050:0402)' },
    ]);
  });

  it('that this user may not open come with the rule that opens them', () => {
    chmodSync(join(root, 'dev/hidraw1'), 0o600);
    const checks = asNobody(`fingerprintReaders({ root: ${JSON.stringify(root)}, env: process.env, demo: false, now: 0, ms: 8000 })`);
    expect(told(checks, 'FIDO reader')).toMatch(/^warning: .*may not open \/dev\/hidraw1 \| .*\/etc\/udev\/rules\.d\//);
  });

  it('that a container was not given are named', async () => {
    rmSync(join(root, 'dev/hidraw1'));
    const checks = await fingerprintReaders({ ...here, root });
    expect(told(checks, 'FIDO reader')).toMatch(/^warning: .*there is no \/dev\/hidraw1/);
  });

  /** Runs a probe without root's right to open everything: the compiled probe, in a folder that everybody may read. */
  function asNobody(expression: string): Check[] {
    const place = join(folder, 'nobody-reads');
    const source = fileURLToPath(new URL('../../../agent/commands/doctor/', import.meta.url));
    mkdirSync(place);
    for (const name of ['readers', 'ask']) {
      const text = ts.transpileModule(readFileSync(join(source, `${name}.ts`), 'utf8'), {
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, rewriteRelativeImportExtensions: true },
      });
      writeFileSync(join(place, `${name}.js`), text.outputText);
    }
    writeFileSync(join(place, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(place, 'main.js'),
      `import { fingerprintReaders } from './readers.js'; console.log(JSON.stringify(await ${expression}));`,
    );
    chmodSync(folder, 0o755);
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    if (process.getuid?.() !== 0) chmodSync(join(root, 'dev/hidraw1'), 0);
    const ran = spawnSync(process.execPath, [join(place, 'main.js')], {
      ...user,
      cwd: place,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });
    expect(ran.stderr).toBe('');
    return JSON.parse(ran.stdout) as Check[];
  }
});

describe('the computer', () => {
  it.each([
    [499, 10_000, 'missing'],
    [1000, 4000, 'warning'],
    [9000, 20_000, 'ok'],
    [9000, 90_001, 'missing'],
  ])('with %i MB of %i free', (bavail, blocks, finding) => {
    const check = spaceCheck({ bsize: 1_000_000, blocks, bavail }, { megabytes: 500, percent: 10 }, 'the data folder');
    expect(check).toMatchObject({ finding, found: expect.stringContaining(`${bavail} MB (`) as string });
  });

  it('whose clock cannot be right is no station', async () => {
    expect(told(await computer({ ...here, now: Date.UTC(1970, 0, 2) }), 'clock')).toMatch(/^missing: 1970-/);
  });

  it('whose clock was set back behind its own data is warned of', async () => {
    const data = dirname(put('data/log.sqlite', ''));
    const later = here.now / 1000 + 86_400;
    utimesSync(join(data, 'log.sqlite'), later, later);
    expect(told(await computer({ ...here, data }), 'clock')).toMatch(/^warning: .*set back/);
  });

  it('that writes core dumps, or swaps to a disk, is warned of', async () => {
    const root = join(folder, 'leaky');
    put('leaky/proc/self/limits', 'Limit Soft Hard Units\nMax core file size        unlimited            unlimited            bytes\n');
    put('leaky/proc/sys/kernel/core_pattern', 'core\n');
    put('leaky/proc/swaps', 'Filename Type Size Used Priority\n/dev/sda3 partition 1 0 -2\n/dev/zram0 partition 1 0 100\n');
    const checks = await computer({ ...here, root });
    expect(told(checks, 'core dumps')).toMatch(/^warning: limit unlimited \| ulimit -c 0/);
    expect(told(checks, 'swap')).toMatch(/^warning: on a disk \| sudo swapoff/);
  });

  it('that hands core dumps to a program is warned of, whatever its limit', async () => {
    const root = join(folder, 'handing');
    put('handing/proc/self/limits', 'Max core file size        0                    0                    bytes\n');
    put('handing/proc/sys/kernel/core_pattern', '|/usr/lib/systemd/systemd-coredump %P\n');
    put('handing/proc/swaps', 'Filename Type Size Used Priority\n/dev/zram0 partition 1 0 100\n');
    const checks = await computer({ ...here, root });
    expect(told(checks, 'core dumps')).toMatch(/^warning: handed to a program/);
    expect(told(checks, 'swap')).toMatch(/^ok: /);
  });

  it.each([
    ['18.20.4', 'missing'],
    ['20.18.1', 'missing'],
    ['20.19.0', 'ok'],
    ['26.0.0', 'ok'],
  ])('with Node %s', (version, finding) => {
    expect(nodeCheck(version).finding).toBe(finding);
  });
});

describe('the printed report', () => {
  it('names each thing, what was found and how to mend it', () => {
    const checks: Check[] = [
      { section: 'Cards', name: 'card service', finding: 'missing', found: 'there is no socket', mend: 'sudo pcscd' },
      { section: 'Versions', name: 'Node', finding: 'ok', found: '20.19.0' },
      { section: 'This computer', name: 'swap', finding: 'warning', found: 'on a disk' },
    ];
    expect(renderReport({ at: '2026-01-02T03:04:05.000Z', checks })).toBe(
      [
        'Countersign doctor, 2026-01-02T03:04:05.000Z',
        '',
        'Versions',
        '  ok       Node          20.19.0',
        '',
        'Cards',
        '  missing  card service  there is no socket',
        '                         to mend it: sudo pcscd',
        '',
        'This computer',
        '  warning  swap          on a disk',
        '',
        'No station could work here. Missing: card service. Worth a look: swap.',
        '',
      ].join('\n'),
    );
  });
});
