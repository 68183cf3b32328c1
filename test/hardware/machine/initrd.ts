/** The first file system of the guest: one static busybox, the modules, and a script that makes the host's files the guest's root, changes in memory. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly data: Uint8Array;
}

const folder = (name: string): Entry => ({ name, mode: 0o040755, data: new Uint8Array() });
const program = (name: string, data: Uint8Array): Entry => ({ name, mode: 0o100755, data });

/** One `newc` archive (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). */
export function cpio(entries: readonly Entry[]): Buffer {
  const pieces = [...entries, { name: 'TRAILER!!!', mode: 0, data: new Uint8Array() }].flatMap(({ name, mode, data }, inode) => {
    const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length + 1, 0];
    const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
    return [Buffer.from(head, 'latin1'), padding(head.length), data, padding(data.length)];
  });
  return Buffer.concat(pieces);
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

/** Relative to the root. */
const emptyFolders = ['tmp', 'run', 'var/tmp', 'media', 'mnt'] as const;

/** Lines that put the host's checkout back where an empty folder hides it, changes in memory. */
function shown(checkout: string): string {
  const layers = `lowerdir=/host${checkout},upperdir=/memory/checkout,workdir=/memory/checkout-scratch`;
  return `/bin/busybox mkdir -p /memory/checkout /memory/checkout-scratch /new${checkout}
/bin/busybox mount -t overlay -o ${layers} checkout /new${checkout}
`;
}

/**
 * The script that the kernel starts. `command` runs in the new root when everything is mounted; the machine goes off when it ends. Folders in which the
 * host keeps what belongs to its own running programs are empty in the guest, but for a checkout that lies in one of them.
 */
function init(command: string, checkout: string): string {
  const hidden = emptyFolders.some((name) => `${checkout}/`.startsWith(`/${name}/`));
  return `#!/bin/busybox sh
set -e
/bin/busybox mkdir -p /dev /proc /sys /host /memory /new
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
for module in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$module; done
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 hostroot /host
/bin/busybox mount -t tmpfs -o size=1g memory /memory
/bin/busybox mkdir /memory/upper /memory/scratch
/bin/busybox mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/scratch root /new
for made in dev proc sys; do /bin/busybox mount --move /$made /new/$made; done
for empty in ${emptyFolders.join(' ')}; do /bin/busybox mount -t tmpfs -o mode=1777 memory /new/$empty; done
${hidden ? shown(checkout) : ''}/bin/busybox mkdir -p /new/dev/shm /new/dev/pts
/bin/busybox mount -t tmpfs -o mode=1777 memory /new/dev/shm
/bin/busybox mount -t devpts devpts /new/dev/pts
/bin/busybox ip link set lo up
/bin/busybox ip link set eth0 up
/bin/busybox ip addr add 10.0.2.15/24 dev eth0
exec /bin/busybox switch_root /new /bin/busybox sh -c '${command}; /bin/busybox poweroff -f'
`;
}

/** The archive, uncompressed: unpacking would cost the guest more time than reading. `command` has no single quotes in it. */
export function makeInitrd(modules: readonly string[], command: string, checkout: string): Buffer {
  if (command.includes("'")) throw new Error('the command of the guest may hold no single quotes');
  if (!/^\/[\w./+@-]+$/.test(checkout))
    throw new Error(`the path ${checkout} has characters that the guest would read otherwise; move the checkout`);
  return cpio([
    folder('bin'),
    folder('modules'),
    program('bin/busybox', readFileSync('/bin/busybox')),
    program('init', Buffer.from(init(command, checkout))),
    { name: 'modules/order', mode: 0o100644, data: Buffer.from(modules.map((path) => basename(path)).join('\n')) },
    ...modules.map((path) => program(`modules/${basename(path)}`, readFileSync(path))),
  ]);
}
