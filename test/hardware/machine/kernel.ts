/**
 * The kernel that the test boots: Debian's own, taken out of the package that `scripts/setup.mjs --hardware` downloaded. It is never installed. What the
 * machine needs of it (the kernel itself, unpacked, and a few modules with what they stand on) is kept beside the package, so that it is made once.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What the guest is asked to load, in this order, each after what it stands on. */
const wantedModules = [
  ...['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'virtio_net'],
  ...['xhci_pci', 'hid_generic', 'usbhid', 'evdev'],
  ...['sd_mod', 'usb_storage', 'vfat', 'exfat', 'nls_cp437', 'nls_iso8859-1', 'nls_utf8', 'nls_ascii'],
];

export interface Kernel {
  /** An ELF file that QEMU starts by its PVH entry. */
  readonly vmlinux: string;
  /** Paths of module files, in the order in which they are to be loaded. */
  readonly modules: readonly string[];
}

/** Takes the kernel out of the only package in `folder`. Throws Error, in words for a person, where there is none. */
export function unpackKernel(folder: string): Kernel {
  const packages = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.deb')) : [];
  const [name, second] = packages;
  if (name === undefined || second !== undefined)
    throw new Error(`${folder} must hold one kernel package; get it with: node scripts/setup.mjs --hardware`);
  const wanted = createHash('sha256').update(wantedModules.join(' ')).digest('hex').slice(0, 8);
  const ready = join(folder, `${basename(name, '.deb')}-${wanted}`);
  if (!existsSync(ready)) {
    const work = mkdtempSync(join(folder, 'unpacking-'));
    try {
      takeOut(join(folder, name), work);
      renameSync(join(work, 'ready'), ready);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const order = readFileSync(join(ready, 'order'), 'utf8').trimEnd().split('\n');
  return { vmlinux: join(ready, 'vmlinux'), modules: order.map((file) => join(ready, file)) };
}

function takeOut(deb: string, work: string): void {
  const all = join(work, 'all');
  const ready = join(work, 'ready');
  mkdirSync(ready);
  execFileSync('dpkg-deb', ['-x', deb, all]);
  const image = readdirSync(join(all, 'boot')).find((file) => file.startsWith('vmlinuz-'));
  if (image === undefined) throw new Error(`${deb} holds no kernel`);
  const payload = compressedKernel(readFileSync(join(all, 'boot', image)));
  writeFileSync(join(ready, 'vmlinux'), execFileSync('xz', ['-dc', '--single-stream'], { input: payload, maxBuffer: 2 ** 30 }));
  const files = moduleOrder(all, image.slice('vmlinuz-'.length));
  for (const file of files) copyFileSync(file, join(ready, basename(file)));
  writeFileSync(join(ready, 'order'), `${files.map((file) => basename(file)).join('\n')}\n`);
}

/** The compressed kernel inside a bzImage (Documentation/arch/x86/boot.rst, fields setup_sects, payload_offset and payload_length), without its size at the end. */
export function compressedKernel(image: Uint8Array): Uint8Array {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (view.getUint32(0x202, true) !== 0x53726448) throw new Error('this is not a kernel image of the boot protocol');
  const start = ((view.getUint8(0x1f1) || 4) + 1) * 512 + view.getUint32(0x248, true);
  const payload = image.subarray(start, start + view.getUint32(0x24c, true) - 4);
  if (payload[0] !== 0xfd || payload[1] !== 0x37) throw new Error('the kernel in this image is not compressed with xz');
  return payload;
}

/** Asks kmod what each module stands on. A module that this kernel has built in needs no file. */
function moduleOrder(root: string, version: string): string[] {
  execFileSync('/sbin/depmod', ['-b', root, version], { stdio: ['ignore', 'ignore', 'ignore'] });
  const lines = wantedModules.flatMap((name) =>
    execFileSync('/sbin/modprobe', ['-d', root, '-S', version, '--show-depends', name], { encoding: 'utf8' }).split('\n'),
  );
  return [...new Set(lines.filter((line) => line.startsWith('insmod ')).map((line) => line.split(' ')[1] ?? ''))];
}
