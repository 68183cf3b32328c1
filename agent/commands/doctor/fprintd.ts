/**
 * Fingerprint readers that do not sign: whether fprintd is there, whether it has one, and whether this user may use it. It asks which fingers nobody has
 * enrolled; no reader is taken for that.
 */
import { isDeviceError, type DeviceError } from '../../../drivers/errors.ts';
import { systemBusAddress } from '../../../drivers/fprintd/bus.ts';
import { listDevices } from '../../../drivers/fprintd/devices.ts';
import { FprintReader } from '../../../drivers/fprintd/reader.ts';
import { FprintSession } from '../../../drivers/fprintd/session.ts';
import { readConfig, takesStationsWord } from '../../config.ts';
import type { Check, Place } from './report.ts';

const section = 'Fingerprint readers';
const name = 'fprintd';
const nobody = '0'.repeat(32);

/** No check at all for a station that does not take its own word for a finger. */
export async function readersThatDoNotSign(place: Place): Promise<Check[]> {
  if (place.data === undefined) return [];
  const config = await readConfig(place.data).catch(() => undefined);
  if (config === undefined || !takesStationsWord(config)) return [];
  const note: Check = { section, name, finding: 'note', found: 'this station takes its own word for a finger (station-asserted)' };
  return [note, await lookAt(place)];
}

async function lookAt({ env, ms }: Place): Promise<Check> {
  const { DBUS_SYSTEM_BUS_ADDRESS: told } = env;
  const address = told === undefined || told === '' ? systemBusAddress : told;
  // Several questions, one after the other, in the time for one.
  const limits = { address, answerMs: ms / 8, startMs: ms / 2 };
  try {
    const session = await FprintSession.open(limits);
    const devices = await listDevices(session).finally(() => session.close());
    const [device, other] = devices;
    if (device === undefined) return warning('runs, and has no reader', 'plug in a fingerprint reader that libfprint knows');
    if (other !== undefined) return warning(`has ${devices.length} readers`, 'leave the one at which the holders were enrolled');
    const reader = await FprintReader.open(device, limits);
    await reader.fingers(nobody).finally(() => reader.close());
    const isRoot = process.getuid?.() === 0;
    const found = isRoot
      ? `${device.name}; whether the user of the station may use it, is seen when that user asks`
      : `${device.name}, and this user may use it`;
    return { section, name, finding: 'ok', found };
  } catch (error) {
    if (!isDeviceError(error)) throw error;
    return warning(error.message, mendOf(error));
  }
}

function warning(found: string, mend: string): Check {
  return { section, name, finding: 'warning', found, mend };
}

function mendOf(error: DeviceError): string {
  const said = error.cause instanceof Error ? error.cause.message : '';
  switch (String(error.origin?.value)) {
    case 'net.reactivated.Fprint.Error.PermissionDenied':
    case 'org.freedesktop.DBus.Error.AccessDenied':
      return said.includes('PolicyKit1 was not provided')
        ? 'sudo apt-get install polkitd'
        : 'sudo install -m 0644 deploy/polkit/60-countersign.rules /etc/polkit-1/rules.d/ and run the station as the user "countersign"';
    case 'org.freedesktop.DBus.Error.ServiceUnknown':
      return 'sudo apt-get install fprintd';
    default:
      return 'see that dbus and fprintd run: systemctl status dbus fprintd';
  }
}
