/** A bundle goes to a drive that is pulled out the moment the station says that it is done; what the drive then holds is read from outside. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { bundleOpen } from '../../../agent/commands/bundle-open.ts';
import { call } from '../../support/keyed-station.ts';
import { type Bench, root } from '../bench.ts';
import { copyFromFat, type DriveFormat, DrivePort, drivePath, makeDrive } from '../usb/drives.ts';

const data = '/tmp/station';
const soon = { timeout: 10_000, interval: 100 } as const;

/** The station must have its data in the guest, and must not run. */
export function driveScenes(bench: () => Bench): void {
  const folder = mkdtempSync(join(tmpdir(), 'drives-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function mounted(serial: string, format: DriveFormat, options = 'rw'): Promise<string> {
    const place = `/mnt/${serial}`;
    await expect.poll(async () => (await bench().call('run', 'test', ['-b', drivePath(serial)])).code, soon).toBe(0);
    await bench().call('run', 'mkdir', ['-p', place]);
    expect(await bench().call('run', 'mount', ['-t', format, '-o', options, drivePath(serial), place])).toMatchObject({ code: 0, err: '' });
    return place;
  }

  /** Pulls a drive out, and waits until USB has told of it: nothing of it is left to be told later. */
  async function pull(serial: string): Promise<void> {
    await bench().call('usbChanges');
    await port().pull(serial);
    await expect.poll(() => bench().call('usbChanges'), soon).toMatchObject([{ what: 'detached', kinds: ['drive'] }]);
  }

  const port = () => new DrivePort(bench().parts.machine.monitor);
  const forget = (place: string) => bench().call('run', 'umount', ['-l', place]);

  /** What lies on a drive: FAT is read by mtools, exFAT by the guest's kernel after the drive was put in again, for the host has no reader of it. */
  async function readOutside(image: string, format: DriveFormat, name: string, to: string): Promise<void> {
    mkdirSync(to);
    if (format === 'vfat') {
      copyFromFat(image, name, to);
      return;
    }
    const serial = `again${Date.now()}`;
    await port().plug(serial, image);
    const place = await mounted(serial, format, 'ro');
    const { out, code } = await bench().call('run', 'bash', ['-o', 'pipefail', '-c', `tar -C ${place} -c ${name} | base64 -w0`]);
    await forget(place);
    await pull(serial);
    if (code !== 0) throw new Error(`${name} is not on the drive`);
    execFileSync('tar', ['-x', '-C', to], { input: Buffer.from(out, 'base64') });
  }

  describe.each(['vfat', 'exfat'] as const)('a drive with %s', (format) => {
    const image = () => join(folder, format);
    const identity = () => join(folder, 'identity');

    test('is told by USB, takes a bundle, and is pulled out as soon as that is done: head office opens the bundle', async () => {
      writeFileSync(identity(), `${bench().parts.station.identity}\n`);
      makeDrive(image(), format);
      await bench().call('usbChanges');
      await port().plug(format, image());
      const place = await mounted(format, format);
      expect(await bench().call('usbChanges')).toMatchObject([{ what: 'attached', kinds: ['drive'] }]);
      const words = [join(root, 'dist/agent/cli.js'), 'export', '--data', data, '--to', place];
      await bench().call('startProgram', `export-${format}`, process.execPath, words, '^All of it was read back and is right');
      await pull(format);
      await forget(place);

      const found = join(folder, `${format}-found`);
      await readOutside(image(), format, 'COUNTSGN', found);
      const opened = await call(bundleOpen, join(found, 'COUNTSGN'), '--identity', identity(), '--to', join(folder, `${format}-opened`));
      expect(opened).toMatchObject({ code: 0, out: expect.stringMatching(/^Opened: \d+ entries, all of them good/) as string });
    });

    test('that is pulled out right after a copy that nobody made sure of does not hold it: the pull is a real one', async () => {
      await port().plug(format, image());
      const place = await mounted(format, format);
      const wanted = 'careless '.repeat(10_000);
      await bench().call('writeText', `${place}/CARELESS`, wanted);
      expect(await bench().call('readText', `${place}/CARELESS`), 'as the station sees it, all is well').toBe(wanted);
      await pull(format);
      await forget(place);
      const found = join(folder, `${format}-careless`);
      const held = await readOutside(image(), format, 'CARELESS', found).then(
        () => readFileSync(join(found, 'CARELESS'), 'utf8'),
        () => undefined,
      );
      expect(held).not.toBe(wanted);
    });
  });
}
