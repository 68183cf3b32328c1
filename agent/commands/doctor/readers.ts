/** Fingerprint readers: FIDO devices on USB, and whether this user may open them. */
import { constants } from 'node:fs';
import { access, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { askNode, reasonOf } from './ask.ts';
import type { Check, Place } from './report.ts';

const section = 'Fingerprint readers';
/** HID usage page 0xF1D0 as a report descriptor item (HID 1.11, 6.2.2.7; CTAP 2.1, 11.2.8.2): 06 D0 F1. */
const fidoUsagePage = Buffer.from([0x06, 0xd0, 0xf1]);
const permission =
  'sudo groupadd -f countersign && sudo install -m 0644 deploy/udev/72-countersign.rules /etc/udev/rules.d/' +
  ' && sudo udevadm control --reload && sudo udevadm trigger -s hidraw, put the user of the station into the group countersign, and log in anew';

export async function fingerprintReaders(place: Place): Promise<Check[]> {
  if (place.demo) return [{ section, name: 'FIDO reader', finding: 'ok', found: 'a demo station has a virtual one' }];
  const [devices, seen] = await Promise.all([fidoDevices(place), usbSeen(place)]);
  if (devices.length > 0) return [...devices, seen];
  const none: Check = {
    section,
    name: 'FIDO reader',
    finding: 'warning',
    found: 'none plugged in',
    mend: 'plug a FIDO2 fingerprint reader in',
  };
  return [none, seen];
}

/** One check for each FIDO device that the kernel knows. */
async function fidoDevices({ root }: Place): Promise<Check[]> {
  const folder = join(root, 'sys/class/hidraw');
  const names = (await readdir(folder).catch(() => [])).sort();
  const checks = names.map(async (name): Promise<Check[]> => {
    const descriptor = await readFile(join(folder, name, 'device/report_descriptor')).catch(() => Buffer.alloc(0));
    if (!descriptor.includes(fidoUsagePage)) return [];
    const uevent = await readFile(join(folder, name, 'device/uevent'), 'utf8').catch(() => '');
    const product = /^HID_NAME=(.*)$/m.exec(uevent)?.[1] ?? 'unknown device';
    const [, vendorId = '????', productId = '????'] = /^HID_ID=\w+:0000(\w{4}):0000(\w{4})$/m.exec(uevent) ?? [];
    const found = `${product} (${vendorId.toLowerCase()}:${productId.toLowerCase()})`;
    const refused = await access(join(root, 'dev', name), constants.R_OK | constants.W_OK).then(
      () => undefined,
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : 'unknown'),
    );
    if (refused === undefined) return [{ section, name: 'FIDO reader', finding: 'ok', found }];
    if (refused === 'ENOENT') {
      const mend = `give this container the device: --device /dev/${name}`;
      return [{ section, name: 'FIDO reader', finding: 'warning', found: `${found}, but there is no /dev/${name} here`, mend }];
    }
    return [
      { section, name: 'FIDO reader', finding: 'warning', found: `${found}, but this user may not open /dev/${name}`, mend: permission },
    ];
  });
  return (await Promise.all(checks)).flat();
}

/** What the two packages that the drivers use see themselves: a difference to the kernel's list is worth knowing. */
async function usbSeen({ ms }: Place): Promise<Check> {
  const name = 'USB';
  const script = `
    const fido = require('node-hid').devices().filter((one) => one.usagePage === 0xf1d0).length;
    console.log(require('usb').getDeviceList().length + ' devices on USB, ' + fido + ' of them FIDO by node-hid');
    process.exit(0);`;
  const answer = await askNode(script, [], { ms });
  if (answer.kind === 'said') return { section, name, finding: 'note', found: answer.text.split('\n').at(-1) ?? '' };
  return { section, name, finding: 'warning', found: `cannot be listed: ${reasonOf(answer)}`, mend: 'npm run setup' };
}
