import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCardReader } from '../../../drivers/virtual/card-reader.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { pkcs11Tool } from '../../support/pkcs11-tool.ts';
import { startTestReader, testCard } from '../../support/virtual-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'reader-life-'));
let cards: readonly [PivCard, PivCard];

beforeAll(async () => {
  const keys = { '9a': 'p-256', '9c': 'p-256' } as const;
  cards = [await testCard({ keys }), await testCard({ keys })];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Processes whose command line or environment-independent arguments name `directory`. */
function processesOf(directory: string): number[] {
  const listing = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  return listing
    .split('\n')
    .filter((line) => line.includes('pcscd') && line.includes(`${directory}/`))
    .map((line) => Number.parseInt(line, 10));
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('life of a virtual card reader', () => {
  test('two readers side by side keep their cards apart, and nothing is left when they stop', async () => {
    const stations = await Promise.all([startTestReader(), startTestReader()]);
    const [first, second] = stations;
    await Promise.all([first.reader.insert(cards[0]), second.reader.insert(cards[1])]);
    const lists = await Promise.all(stations.map(({ reader }) => pkcs11Tool(reader.socket).run(['-L'])));
    expect(lists[0]?.text).toContain(cards[0].serial.slice(-16));
    expect(lists[0]?.text).not.toContain(cards[1].serial.slice(-16));
    expect(lists[1]?.text).toContain(cards[1].serial.slice(-16));
    for (const { directory } of stations) expect(processesOf(directory)).toHaveLength(1);
    await Promise.all(stations.map((station) => station.stop()));
    for (const { directory } of stations) expect(processesOf(directory)).toEqual([]);
  });

  test('pcscd dies with the process that started it, even when that is killed', async () => {
    const directory = join(folder, 'orphan');
    const module = fileURLToPath(new URL('../../../drivers/virtual/card-reader.ts', import.meta.url));
    const program = `const { startCardReader } = await import(${JSON.stringify(module)});
      await startCardReader({ directory: ${JSON.stringify(directory)} });
      process.stdout.write('ready');`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => parent.stdout.once('data', resolve));
    expect(processesOf(directory)).toHaveLength(1);
    parent.kill('SIGKILL');
    await until(() => processesOf(directory).length === 0);
    // What the dead one left in the folder does not keep a new one from starting there.
    const reader = await startCardReader({ directory });
    await reader.insert(cards[0]);
    await reader.stop();
  });

  test('a pcscd that dies takes the card out, and stopping still works', async () => {
    const station = await startTestReader();
    const { reader, directory } = station;
    await reader.insert(cards[0]);
    let changes = 0;
    reader.watch(() => (changes += 1));
    for (const pid of processesOf(directory)) process.kill(pid, 'SIGKILL');
    await until(() => reader.inserted[0] === undefined);
    expect(changes).toBe(1);
    await station.stop();
  });

  test('a card pulled out and put back at once is seen anew each time', async () => {
    const station = await startTestReader();
    const { reader } = station;
    const tool = pkcs11Tool(reader.socket);
    for (let round = 0; round < 3; round += 1) {
      const inserted = reader.insert(cards[0]);
      await inserted;
      expect((await tool.run(['-L'])).text).toContain(cards[0].serial.slice(-16));
      void reader.remove();
    }
    const interrupted = reader.insert(cards[1]);
    void reader.remove();
    await expect(interrupted).rejects.toThrow('taken out');
    await station.stop();
  });

  test('vpcd listens on the loopback alone', async () => {
    const station = await startTestReader();
    const { reader, directory } = station;
    expect(reader.withoutShim).toBeUndefined();
    const [pid = 0] = processesOf(directory);
    const sockets = readdirSync(`/proc/${pid}/fd`).map((fd) => /^socket:\[(\d+)\]$/u.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]);
    const listening = ['tcp', 'tcp6']
      .flatMap((kind) => readFileSync(`/proc/net/${kind}`, 'utf8').split('\n'))
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.includes(fields[9]))
      .map((fields) => fields[1]?.split(':')[0]);
    expect(listening).toEqual(['0100007F', '0100007F']);
    await station.stop();
  });

  test('a reader is unplugged with its card and plugged in again, and the one beside it notices nothing', async () => {
    const station = await startTestReader(true, 'Virtual PCD', 'Other Reader');
    const { reader } = station;
    const [other] = reader.others;
    if (other === undefined) throw new Error('there is one reader only');
    const tool = pkcs11Tool(reader.socket);
    const shown = async (): Promise<string> => (await tool.run(['-L'])).text;
    await reader.insert(cards[0]);
    await other.insert(cards[1], 1);
    expect(await shown()).toMatch(/Virtual PCD 00 00[^]*Other Reader 00 01/);
    await reader.unplug();
    expect(reader.inserted).toEqual([undefined, undefined]);
    await expect(reader.insert(cards[0])).rejects.toThrow('not plugged in');
    const without = await shown();
    expect(without).not.toContain('Virtual PCD');
    expect(without).toContain(cards[1].serial.slice(-16));
    await reader.plug();
    await reader.insert(cards[0]);
    const again = await shown();
    for (const card of cards) expect(again).toContain(card.serial.slice(-16));
    await station.stop();
  });

  test('without a C compiler the reader is slow, says so, and works', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const path = process.env['PATH'] ?? '';
    for (const command of ['unshare', 'setpriv', 'sh', 'mount', 'mkdir']) {
      const found = path
        .split(':')
        .map((place) => join(place, command))
        .find((file) => existsSync(file));
      if (found === undefined) throw new Error(`${command} is missing here`);
      symlinkSync(found, join(bin, command));
    }
    process.env['PATH'] = bin;
    try {
      const station = await startTestReader();
      const { reader } = station;
      expect(reader.fast).toBe(false);
      expect(reader.withoutShim).toContain('cc');
      process.env['PATH'] = path;
      await reader.insert(cards[0]);
      const begin = performance.now();
      expect((await pkcs11Tool(reader.socket).run(['-L'])).text).toContain(cards[0].serial.slice(-16));
      expect(performance.now() - begin).toBeGreaterThan(500);
      await station.stop();
    } finally {
      process.env['PATH'] = path;
    }
  });

  test('a slow reader can be asked for', async () => {
    const station = await startTestReader(false);
    const { reader } = station;
    expect(reader.fast).toBe(false);
    expect(reader.withoutShim).toBeUndefined();
    await reader.insert(cards[0]);
    const begin = performance.now();
    await pkcs11Tool(reader.socket).run(['-L']);
    expect(performance.now() - begin).toBeGreaterThan(500);
    await station.stop();
  });
});
