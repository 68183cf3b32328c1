/** USB drives of the machine: QEMU's own, each over a file of the host, plugged in and pulled out through the monitor. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import type { Monitor } from '../machine/monitor.ts';

export type DriveFormat = 'vfat' | 'exfat';

const size = 64 * 1024 * 1024;
const makers = { vfat: ['/sbin/mkfs.vfat', '-F', '32', '-n', 'COUNTER'], exfat: ['/sbin/mkfs.exfat', '-L', 'COUNTER'] } as const;

/** Makes an empty drive as shops sell them: one file system, here without a partition table before it. */
export function makeDrive(path: string, format: DriveFormat): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, size);
  closeSync(file);
  const [maker, ...options] = makers[format];
  execFileSync(maker, [...options, path], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Takes a folder of a FAT drive out into `to`, by tools that know nothing of the guest. Throws when there is none. */
export function copyFromFat(image: string, folder: string, to: string): void {
  execFileSync('mcopy', ['-s', '-n', '-i', image, `::${folder}`, to], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Where udev puts a drive with this serial number. */
export function drivePath(serial: string): string {
  return `/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_${serial}-0:0`;
}

export class DrivePort {
  readonly #monitor: Monitor;

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
  }

  async plug(serial: string, image: string): Promise<void> {
    const file = { driver: 'file', filename: image };
    await this.#monitor.do('blockdev-add', { driver: 'raw', 'node-name': serial, file });
    await this.#monitor.do('device_add', { driver: 'usb-storage', id: `drive-${serial}`, drive: serial, serial, bus: 'usb.0' });
  }

  /** Pulls it out: nobody asks the guest, and what it has not written is lost. */
  async pull(serial: string): Promise<void> {
    await this.#monitor.do('device_del', { id: `drive-${serial}` });
    // QEMU lets go of the file a moment after the device is gone.
    for (let tries = 0; ; tries += 1) {
      const gone = await this.#monitor.do('blockdev-del', { 'node-name': serial }).then(
        () => true,
        (error: unknown) => {
          if (tries > 100) throw error;
          return false;
        },
      );
      if (gone) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
