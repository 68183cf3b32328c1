/** The whole of one run: the machine, what is plugged into it, and the way to have things done in the guest. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VirtualBioKey } from '../../drivers/virtual/bio-key.ts';
import type { Calls } from './guest/calls.ts';
import { bundleGuest } from './machine/bundle.ts';
import { makeInitrd } from './machine/initrd.ts';
import { unpackKernel } from './machine/kernel.ts';
import { freePorts, Machine } from './machine/machine.ts';
import { makeStationThings, type StationThings } from './station-data.ts';
import { CardReaderDevice } from './usb/card-reader-device.ts';
import { CardDevice } from './usb/card-device.ts';
import { KeyboardDevice } from './usb/keyboard-device.ts';
import { KeyDevice } from './usb/key-device.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** How long the reader takes to compare a finger: time to pull it out meanwhile. */
const matchMs = 300;

/** What the guest said of a call that failed there. */
export class GuestError extends Error {
  readonly code: unknown;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(details: Readonly<Record<string, unknown>>) {
    super(`in the guest: ${String(details['message'])}`);
    this.details = details;
    this.code = details['code'];
  }
}

interface Parts {
  readonly machine: Machine;
  /** The fingerprint reader; unplugged at first. */
  readonly reader: KeyDevice;
  /** A fingerprint reader as it comes from the factory; unplugged at first. */
  readonly factoryKey: KeyDevice;
  /** A card reader without a keypad; unplugged and empty at first. */
  readonly cardReader: CardReaderDevice;
  /** The card reader that is part of the machine and says that it has a keypad, which is not so; empty at first. */
  readonly boastfulReader: CardDevice;
  /** Keyboards in the shape of a drive and of a FIDO key; unplugged at first. */
  readonly driveKeyboard: KeyboardDevice;
  readonly keyKeyboard: KeyboardDevice;
  readonly station: StationThings;
  /** Path of the guest's program, the same in the guest. */
  readonly guestProgram: string;
  /** Port of the loopback at which the station is to listen, inside and outside. */
  readonly stationPort: number;
}

export class Bench {
  readonly parts: Parts;
  readonly #port: number;
  readonly #folder: string;

  private constructor(parts: Parts, port: number, folder: string) {
    this.parts = parts;
    this.#port = port;
    this.#folder = folder;
  }

  /** Boots. Throws Error when something is missing or the guest does not come up. */
  static async boot(): Promise<Bench> {
    const folder = mkdtempSync(join(tmpdir(), 'hw-'));
    try {
      return await Bench.#bootIn(folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  static async #bootIn(folder: string): Promise<Bench> {
    const cache = join(root, '.cache/hardware');
    const kernel = unpackKernel(cache);
    const at = (name: string): string => join(folder, name);
    const [port = 0, stationPort = 0] = await freePorts(2);
    const guestProgram = await bundleGuest(root, cache);
    // Not in the folder for temporary files, which the guest has one of its own of.
    const data = join(cache, 'station');
    rmSync(data, { recursive: true, force: true });
    const station = await makeStationThings(data, matchMs);
    const reader = await KeyDevice.listen(at('key'), station.key);
    const factoryKey = await KeyDevice.listen(at('new-key'), VirtualBioKey.create({ fingers: [] }));
    const cardReader = await CardReaderDevice.listen(at('ccid'));
    const driveKeyboard = await KeyboardDevice.inDrive(at('odd-drive'));
    const keyKeyboard = await KeyboardDevice.inDisguise(at('odd-key'));
    writeFileSync(at('initrd'), makeInitrd(kernel.modules, guestCommand(guestProgram, port), root.replace(/\/$/, '')));
    const outside = ['key', 'new-key', 'ccid', 'odd-drive', 'odd-key'].flatMap((name) => [
      ...['-chardev', `socket,id=${name},path=${at(name)}`],
      ...['-device', `usb-redir,chardev=${name},id=usb-${name},bus=usb.0`],
    ]);
    const devices = [
      ...outside,
      ...['-chardev', `socket,id=card,path=${at('card')},server=on,wait=off`, '-device', 'usb-ccid,id=slot,bus=usb.0'],
      ...['-device', 'ccid-card-passthru,chardev=card,bus=slot.0'],
    ];
    const ports = [port, stationPort];
    const consoleLog = join(cache, 'console.log');
    const machine = await Machine.start({ vmlinux: kernel.vmlinux, initrd: at('initrd'), folder, consoleLog, ports, devices });
    const boastfulReader = await CardDevice.connect(at('card'));
    await machine.answering(port, 60_000);
    return new Bench(
      { machine, reader, factoryKey, cardReader, boastfulReader, driveKeyboard, keyKeyboard, station, guestProgram, stationPort },
      port,
      folder,
    );
  }

  /** Has the guest do something. Throws GuestError with what was thrown there. */
  async call<Name extends keyof Calls>(name: Name, ...args: Parameters<Calls[Name]>): Promise<Awaited<ReturnType<Calls[Name]>>> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/`, { method: 'POST', body: JSON.stringify({ name, args }) });
    const said = (await answer.json()) as { value?: unknown; error?: Record<string, unknown> };
    if (said.error !== undefined) throw new GuestError(said.error);
    return said.value as Awaited<ReturnType<Calls[Name]>>;
  }

  /** Switches the guest off; true when it went by itself. */
  async off(): Promise<boolean> {
    // For whoever looks for the cause of a failure: what the guest's kernel said.
    const kernelLog = await this.call('run', 'dmesg', []).catch((error: unknown) => ({ out: String(error) }));
    writeFileSync(join(root, '.cache/hardware/kernel.log'), kernelLog.out);
    await this.call('off').catch(() => undefined);
    const alone = await this.parts.machine.off(10_000);
    const { reader, factoryKey, cardReader, boastfulReader, driveKeyboard, keyKeyboard } = this.parts;
    for (const device of [reader, factoryKey, cardReader, boastfulReader, driveKeyboard, keyKeyboard]) device.close();
    rmSync(this.#folder, { recursive: true, force: true });
    return alone;
  }
}

/** What the guest does first: udev, without rules of ours that the host may have, then our program until that ends. */
function guestCommand(program: string, port: number): string {
  return [
    'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'rm -f /etc/udev/rules.d/*countersign*',
    '/lib/systemd/systemd-udevd --daemon',
    'udevadm trigger --action=add',
    `cd "${root}"`,
    `"${process.execPath}" "${program}" ${port}`,
  ].join('; ');
}
