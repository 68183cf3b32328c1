/** What the doctor says of readers that do not sign, on a bus of the test: what is missing, and the command that brings it. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readersThatDoNotSign } from '../../../agent/commands/doctor/fprintd.ts';
import type { Check, Place } from '../../../agent/commands/doctor/report.ts';
import { newConfig } from '../../../agent/station.ts';
import { PrivateBus, type PrivateBusOptions } from '../../support/fprintd/private-bus.ts';

const run = promisify(execFile);
const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const rule = readFileSync(at('deploy/polkit/60-countersign.rules'), 'utf8');
const station = { name: 'countersign', id: 62_123 };

let data: string;
let bus: PrivateBus | undefined;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'doctor-fprintd-'));
  chmodSync(data, 0o755);
  accept('accept');
});
afterEach(async () => {
  await bus?.stop();
  bus = undefined;
  rmSync(data, { recursive: true, force: true });
});

function accept(stationAsserted: 'accept' | 'refuse' | undefined): void {
  const config = newConfig({ name: 'branch-12.example.org', rpId: 'example.org', port: 0, modules: [], demo: false });
  const fingerprint = stationAsserted === undefined ? {} : { fingerprint: { stationAsserted } };
  writeFileSync(join(data, 'station.json'), JSON.stringify({ ...config, ...fingerprint }));
}

const place = (address: string): Place => ({
  root: '/',
  env: { DBUS_SYSTEM_BUS_ADDRESS: address },
  data,
  demo: false,
  now: 0,
  ms: 8000,
});

async function lookAt(options: PrivateBusOptions): Promise<Check | undefined> {
  bus = await PrivateBus.start(options);
  return (await readersThatDoNotSign(place(bus.address))).at(-1);
}

/** The same by a user who is not root. */
async function asUser(id: number, options: PrivateBusOptions): Promise<Check | undefined> {
  bus = await PrivateBus.start(options);
  const probe = at('agent/commands/doctor/fprintd.ts');
  const script = `import { readersThatDoNotSign } from ${JSON.stringify(probe)}; console.log(JSON.stringify(await readersThatDoNotSign(${JSON.stringify(place(bus.address))})));`;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    uid: id,
    gid: id,
    cwd: at('.'),
    env: { PATH: process.env['PATH'], TMPDIR: '/tmp', TSX_DISABLE_CACHE: '1' },
  });
  return (JSON.parse(stdout) as Check[]).at(-1);
}

describe('a station that takes its own word for a finger', () => {
  it('has a reader, and the user of the station may use it', async () => {
    const check = await asUser(station.id, { user: station, rules: { '60-countersign.rules': rule } });
    expect(check).toMatchObject({ finding: 'ok', found: 'Virtual image device for debugging, and this user may use it' });
  });

  it('has a reader that this user may not use: the rule is named', async () => {
    const check = await asUser(station.id, { user: station });
    expect(check).toMatchObject({ finding: 'warning', mend: expect.stringContaining('deploy/polkit/60-countersign.rules') as string });
  });

  it('has no polkitd, no fprintd, or no bus: what to install, or what to look at', async () => {
    expect(await lookAt({ polkit: false })).toMatchObject({ finding: 'warning', mend: 'sudo apt-get install polkitd' });
    await bus?.stop();
    expect(await lookAt({ polkit: false, fprintd: false })).toMatchObject({ finding: 'warning', mend: 'sudo apt-get install fprintd' });
    const [note, check] = await readersThatDoNotSign(place('unix:path=/nonexistent/bus'));
    expect(note).toMatchObject({ finding: 'note', found: expect.stringContaining('station-asserted') as string });
    expect(check).toMatchObject({ finding: 'warning', found: expect.stringContaining('there is no system bus') as string });
  });

  it('has an fprintd that hangs: an answer all the same', async () => {
    bus = await PrivateBus.start();
    bus.freezeFprintd();
    const began = Date.now();
    expect((await readersThatDoNotSign(place(bus.address))).at(-1)).toMatchObject({ finding: 'warning' });
    expect(Date.now() - began).toBeLessThan(8000);
  });
});

it.each(['refuse', undefined] as const)('a station that does not (%s) is told nothing of them', async (stationAsserted) => {
  accept(stationAsserted);
  expect(await readersThatDoNotSign(place('unix:path=/nonexistent/bus'))).toEqual([]);
});
