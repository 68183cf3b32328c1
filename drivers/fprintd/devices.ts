/** Which readers fprintd has now. */
import { DeviceError, isDeviceError } from '../errors.ts';
import { devicePathsOf, deviceInterface, managerInterface, managerPath, objectManager } from './names.ts';
import type { FprintSession } from './session.ts';

/** One reader as fprintd lists it. */
export interface FprintDevice {
  /** Object path; a reader that is plugged in anew gets another one. */
  readonly path: string;
  readonly name: string;
}

/** One look: the readers that fprintd has now. Throws DeviceError: reader-lost (no bus, no fprintd), device-error, cancelled. */
export async function listDevices(session: FprintSession): Promise<readonly FprintDevice[]> {
  const devices: FprintDevice[] = [];
  for (const path of await pathsOf(session)) {
    const name = await nameOf(session, path);
    if (name !== undefined) devices.push({ path, name });
  }
  return devices;
}

async function pathsOf(session: FprintSession): Promise<readonly string[]> {
  const [answer] = await session.call({ path: managerPath, interface: managerInterface, member: 'GetDevices' });
  const paths = devicePathsOf(answer);
  if (paths !== undefined) return paths;
  throw new DeviceError('device-error', 'fprintd lists devices by names that it does not use', { recover: 'ask-staff' });
}

/** Undefined when the device went away since it was listed. */
async function nameOf(session: FprintSession, path: string): Promise<string | undefined> {
  const call = { path, interface: 'org.freedesktop.DBus.Properties', member: 'Get', signature: 'ss', body: [deviceInterface, 'name'] };
  try {
    const [name] = await session.call(call);
    return typeof name === 'string' && name !== '' ? name.slice(0, 200) : 'Fingerprint reader';
  } catch (error) {
    if (isDeviceError(error) && error.code === 'reader-lost' && session.gone === undefined) return undefined;
    throw error;
  }
}

/** True when fprintd has the device now and still has it after `ms`. Throws as `listDevices` does. */
export async function staysListed(session: FprintSession, path: string, ms: number): Promise<boolean> {
  const release: (() => void)[] = [];
  const removed = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(true), ms);
    const stop = session.onSignal(({ interface: name, member, body: [which] }) => {
      if (name === objectManager && member === 'InterfacesRemoved' && which === path) resolve(false);
    });
    release.push(stop, () => clearTimeout(timer));
  });
  try {
    return (await pathsOf(session)).includes(path) && (await removed);
  } finally {
    for (const one of release) one();
  }
}
