/** What the doctor says of card services, readers, cards and modules that are not as they should be, each made for real in a folder of this test. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cards } from '../../../agent/commands/doctor/cards.ts';
import { unloadable } from '../../../agent/commands/doctor/library.ts';
import { stationModules } from '../../../agent/commands/doctor/modules.ts';
import type { Check, Place } from '../../../agent/commands/doctor/report.ts';
import { newConfig } from '../../../agent/station.ts';
import { unknownCard } from '../../support/unknown-card.ts';
import { openscPath, startTestReader, testCard, type TestReader } from '../../support/virtual-reader.ts';
import { softhsmModule } from '../../support/softhsm.ts';

const folder = mkdtempSync(join(tmpdir(), 'doctor-cards-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const here: Place = { root: '/', env: process.env, demo: false, now: Date.now(), ms: 30_000 };

function told(checks: readonly Check[], name: string): string {
  const found = checks.filter((one) => one.name === name);
  return found
    .map(({ finding, found: what, mend }) => [`${finding}: ${what}`, ...(mend === undefined ? [] : [mend])].join(' | '))
    .join('\n');
}

function put(path: string, content: string | Uint8Array): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

function build(name: string, source: string, ...more: string[]): string {
  const library = join(folder, name);
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, put(`${name}.c`, source), ...more]);
  return library;
}

describe('a card service', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  it('that is not installed comes with the command that installs it, and its reader driver', async () => {
    const checks = await cards({ ...here, root: join(folder, 'nothing'), env: { PATH: join(folder, 'no-programs') } });
    expect(told(checks, 'card service')).toBe(
      'missing: pcscd is not installed, there is no socket | sudo apt-get install -y --no-install-recommends pcscd libccid',
    );
    expect(told(checks, 'reader driver')).toMatch(/^warning: libccid is not installed.* \| sudo apt-get install .*libccid/);
  });

  it('that is installed and does not run comes with the command that starts it', async () => {
    const checks = await cards({ ...here, env: { ...process.env, PCSCLITE_CSOCK_NAME: join(folder, 'nobody') } });
    expect(told(checks, 'card service')).toMatch(/^missing: pcscd is installed; .*there is no socket \| sudo .*pcscd/);
    expect(told(checks, 'reader driver')).toBe('ok: libccid is installed');
  });

  it('that ended and left its socket behind is told from one that never ran', async () => {
    const path = join(folder, 'left-behind');
    const child = spawn(
      process.execPath,
      ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const checks = await cards({ ...here, env: { ...process.env, PCSCLITE_CSOCK_NAME: path } });
    expect(told(checks, 'card service')).toMatch(/^missing: .*left behind/);
  });

  // What is built with polkit does not run here, so its two words on the wire and on the command line stand in for it.
  it.each([
    [
      'libsystemd serial usb libudev polkit',
      /polkit.*\| let the user of the station in, and nobody else.*access_pcsc.*access_card.*subject\.user == /,
    ],
    ['libsystemd serial usb libudev', /hung up.*\| look at its log/],
  ])('that hangs up at the first word, built with: %s', async (features, expected) => {
    const name = `hangs-up-${servers.length}`;
    const path = join(folder, name);
    servers.push(createServer((socket) => socket.destroy()).listen(path));
    const program = put(`${name}-bin/pcscd`, `#!/bin/sh\necho "pcsc-lite version 2.3.3."\necho "Enabled features: Linux ${features}"\n`);
    chmodSync(program, 0o755);
    const checks = await cards({
      ...here,
      root: join(folder, 'nothing'),
      env: { ...process.env, PATH: `${dirname(program)}:${process.env['PATH'] ?? ''}`, PCSCLITE_CSOCK_NAME: path },
    });
    expect(told(checks, 'card service')).toMatch(/^missing: /);
    expect(told(checks, 'card service')).toMatch(expected);
  });
});

describe('a private pcscd', () => {
  let test: TestReader;
  let place: Place;
  beforeAll(async () => {
    test = await startTestReader();
    place = { ...here, env: { ...process.env, PCSCLITE_CSOCK_NAME: test.reader.socket } };
  });
  afterAll(() => test.stop());

  it('with a card that a module knows', async () => {
    await test.reader.insert(await testCard());
    const checks = await cards(place);
    expect(told(checks, 'card service')).toMatch(/^ok: /);
    expect(told(checks, 'cards')).toBe('ok: 1 in a reader, known to opensc');
    await test.reader.remove();
    expect(told(await cards(place), 'cards')).toBe('');
  });

  it('with a card that no module of the station knows', async () => {
    await test.reader.insert(unknownCard());
    const data = dirname(put('unknown-card/station.json', stationJson([{ name: 'opensc', path: openscPath }])));
    const checks = await cards({ ...place, data });
    expect(told(checks, 'cards')).toMatch(
      /^warning: 1 of 1 that no module knows \(asked: opensc\) \| install the PKCS#11 module of its vendor/,
    );
    expect(told(checks, 'module opensc')).toMatch(/^ok: OpenSC/);
    await test.reader.remove();
  });

  it('without a reader: plug one in, or, where the kernel sees one, install the driver', async () => {
    await test.reader.unplug();
    expect(told(await cards(place), 'card readers')).toBe('warning: none seen | plug a card reader in');
    put('usb/sys/bus/usb/devices/1-1:1.0/bInterfaceClass', '0b\n');
    const checks = await cards({ ...place, root: join(folder, 'usb') });
    expect(told(checks, 'card readers')).toMatch(/^warning: 1 on USB, but pcscd sees none \| sudo apt-get install .*libccid/);
    await test.reader.plug();
  });
});

describe('a module of station.json', () => {
  const judge = async (path: string): Promise<string> => told(await stationModules(here, [{ name: 'vendor', path }]), 'module vendor');

  it('that is not there: where it lies instead, which package brings it, or whose software does', async () => {
    expect(await judge('/nowhere/opensc-pkcs11.so')).toMatch(/^missing: \/nowhere\/opensc-pkcs11.so is not there \| it lies at \/usr\/lib/);
    expect(await judge('/nowhere/libcackey.so')).toMatch(/is not there \| sudo apt-get install .* cackey$/);
    expect(await judge('/nowhere/libvendor.so')).toMatch(/is not there \| install the vendor's software that brings libvendor\.so/);
  });

  it('that is made for another processor, or is no library at all, is not even loaded', async () => {
    // The head of an ELF file for 32-bit x86 (System V ABI): class 1, little-endian, ET_DYN, EM_386.
    const elf32 = Buffer.alloc(64);
    elf32.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
    elf32.writeUInt16LE(3, 16);
    elf32.writeUInt16LE(3, 18);
    expect(await judge(put('old.so', elf32))).toMatch(
      /^missing: .*old\.so is made for another processor \(x86, 32 bits\), this program runs on /,
    );
    expect(await judge(put('text.so', 'this is a text and no library at all'))).toMatch(/is no library: it has no ELF header/);
    expect(await judge(put('short.so', 'x'))).toMatch(/is no library: it is too short/);
    expect(await unloadable(folder)).toBe('is a folder');
    expect(await unloadable(openscPath)).toBeUndefined();
    expect(await unloadable(openscPath, process.arch === 'arm64' ? 'x64' : 'arm64')).toMatch(/another processor/);
  });

  it('that is a library, but no PKCS#11 module', async () => {
    expect(await judge(build('plain.so', 'int answer(void) { return 42; }'))).toMatch(
      /is a library, but no PKCS#11 module: it has no C_GetFunctionList/,
    );
  });

  it('that needs a library which is not installed', async () => {
    const needed = build('libneeded.so', 'int needed(void) { return 1; }');
    const module = build('needing.so', 'int needed(void); int answer(void) { return needed(); }', `-L${folder}`, '-lneeded');
    rmSync(needed);
    expect(await judge(module)).toMatch(/needs libneeded\.so, which is not installed \| install the package that brings libneeded\.so/);
  });

  it('that crashes or hangs takes its own process with it, and the agent would put it aside', async () => {
    const crashing = build('crashing.so', '#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { abort(); }');
    expect(await judge(crashing)).toMatch(/does not start: SIGABRT.*puts such a module aside and tries it again every minute \| reinstall/);
    const hanging = build('hanging.so', '#include <unistd.h>\n__attribute__((constructor)) static void start(void) { for (;;) pause(); }');
    const checks = await stationModules({ ...here, ms: 1500 }, [{ name: 'vendor', path: hanging }]);
    expect(told(checks, 'module vendor')).toMatch(/does not start: no answer within 1\.5 s/);
  });

  it('that works says who it is, and a station without any is told so', async () => {
    expect(await judge(softhsmModule)).toMatch(/^ok: Implementation of PKCS11/);
    expect(told(await stationModules(here, []), 'station modules')).toMatch(/^missing: station.json names none \| add one/);
  });

  it('stands in a configuration that can be read, or the doctor says where it is wrong', async () => {
    const data = dirname(put('damaged/station.json', '{ "name": 1 }'));
    expect(told(await cards({ ...here, data }), 'station.json')).toMatch(/^missing: The configuration .* is not right at "name"/);
  });
});

function stationJson(modules: readonly { readonly name: string; readonly path: string }[]): string {
  return JSON.stringify(newConfig({ name: 'a.example.org', rpId: 'example.org', port: 0, modules: [...modules], demo: false }));
}
