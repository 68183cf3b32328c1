/** The transport of a real station: hidraw through `node-hid`. Needs libudev, and a udev rule that lets the agent's user open the device. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as NodeHid from 'node-hid';
import { DeviceError } from '../errors.ts';
import { watchUsb } from '../usb/hotplug.ts';
import { reportLength } from './framing.ts';
import type { HidChannel, HidInfo, HidListener, HidTransport } from './transport.ts';

/** FIDO alliance usage page and the CTAPHID usage (CTAP 2.1 section 11.2.8.1). */
const usagePage = 0xf1d0;
const usage = 0x01;

/** When to look after something was plugged in or pulled out, milliseconds: the kernel makes the hidraw device, and udev gives it away, a little later. */
const looksAfterChange = [50, 250, 600, 1200] as const;

/** Looks for authenticators when USB says that something changed, and every `pollMs` milliseconds: node-hid has no event for a device that comes. */
export function createHidrawTransport(pollMs = 1000): HidTransport {
  return { list, open, watch: (onChange) => watch(pollMs, onChange) };
}

/** Loaded at the first use, so that a machine without the system library still starts and says what is missing. */
async function load(): Promise<typeof NodeHid> {
  try {
    const hid = await import('node-hid');
    hid.getHidapiVersion();
    return hid;
  } catch (cause) {
    const message = 'the HID library could not be loaded: fingerprint readers need libudev.so.1 (Debian: libudev1)';
    throw new DeviceError('device-error', message, { cause, recover: 'ask-staff' });
  }
}

async function list(): Promise<readonly HidInfo[]> {
  const { devicesAsync } = await load();
  const devices = await devicesAsync();
  return devices.flatMap((device) =>
    device.usagePage === usagePage && device.usage === usage && device.path !== undefined
      ? [
          {
            path: device.path,
            vendorId: device.vendorId,
            productId: device.productId,
            product: device.product ?? '',
            manufacturer: device.manufacturer ?? '',
            serial: device.serialNumber ?? '',
          },
        ]
      : [],
  );
}

/** node-hid 3.4 rejects and emits values that are not always Errors. */
function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(`node-hid: ${String(value)}`);
}

async function open(path: string, listener: HidListener): Promise<HidChannel> {
  const { HIDAsync } = await load();
  let device: NodeHid.HIDAsync;
  try {
    device = await HIDAsync.open(path);
  } catch (value) {
    const cause = asError(value);
    if (!/permission denied/i.test(cause.message))
      throw new DeviceError('reader-lost', 'the fingerprint reader could not be opened', { cause });
    const message = 'the fingerprint reader may not be opened by this user: a udev rule is missing';
    throw new DeviceError('device-error', message, { cause, recover: 'ask-staff', origin: { kind: 'errno', value: 'EACCES' } });
  }
  let ended = false;
  const letGo = async (): Promise<void> => {
    ended = true;
    // A device that is gone may refuse to be closed; there is nothing left to do about it.
    await device.close().catch(() => undefined);
  };
  device.on('error', (value: unknown) => {
    if (ended) return;
    listener.onGone(asError(value));
    void letGo();
  });
  device.on('data', (report: Buffer) => {
    if (!ended) listener.onReport(new Uint8Array(report));
  });
  // node-hid 3.4 begins to read one tick after it has a listener, and throws where nobody can catch it when the device was closed before.
  await nextTurn();
  return {
    async write(report) {
      if (ended) throw new Error('the device is closed');
      // hidapi wants the report id in front; 0 because CTAPHID has no numbered reports.
      const numbered = Buffer.alloc(1 + reportLength);
      numbered.set(report, 1);
      try {
        await device.write(numbered);
      } catch (value) {
        throw asError(value);
      }
    },
    async close() {
      if (!ended) await letGo();
    },
  };
}

function watch(pollMs: number, onChange: () => void): () => void {
  let before: string | undefined;
  let [looking, again, stopped] = [false, false, false];
  const look = async (): Promise<void> => {
    // Failing to list is a change too: whoever watches lists for themselves and learns the cause.
    const now = await list().then(JSON.stringify, String);
    if (stopped) return;
    if (before !== undefined && now !== before) onChange();
    before = now;
  };
  /** One look at a time; one that is asked for during another follows it, for the other may have been too early. */
  const lookNext = (): void => {
    again = looking;
    if (looking || stopped) return;
    looking = true;
    void look().finally(() => {
      looking = false;
      if (again) lookNext();
    });
  };
  lookNext();
  const poll = setInterval(lookNext, pollMs).unref();
  let after: NodeJS.Timeout[] = [];
  const usb = watchUsb(() => {
    for (const timer of after) clearTimeout(timer);
    after = looksAfterChange.map((ms) => setTimeout(lookNext, ms).unref());
  });
  return () => {
    stopped = true;
    clearInterval(poll);
    for (const timer of after) clearTimeout(timer);
    usb.stop();
  };
}
