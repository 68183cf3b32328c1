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
import { KeyDevice } from './usb/key-device.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

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

export class Bench {
  readonly machine: Machine;
  /** The fingerprint reader; unplugged at first. */
  readonly reader: KeyDevice;
  /** Path of the guest's program, the same in the guest. */
  readonly guestProgram: string;
  readonly #port: number;
  readonly #folder: string;

  private constructor(machine: Machine, reader: KeyDevice, guestProgram: string, port: number, folder: string) {
    this.guestProgram = guestProgram;
    this.machine = machine;
    this.reader = reader;
    this.#port = port;
    this.#folder = folder;
  }

  /** Boots. Throws Error when something is missing or the guest does not come up. */
  static async boot(): Promise<Bench> {
    const cache = join(root, '.cache/hardware');
    const kernel = unpackKernel(cache);
    const program = await bundleGuest(root, cache);
    const folder = mkdtempSync(join(tmpdir(), 'hw-'));
    const [port = 0, agentPort = 0] = await freePorts(2);
    const initrd = join(folder, 'initrd');
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const command = [
      `export PATH=${path}`,
      'rm -f /etc/udev/rules.d/*countersign*',
      '/lib/systemd/systemd-udevd --daemon',
      'udevadm trigger --action=add',
      `cd ${root}`,
      `${process.execPath} ${program} ${port}`,
    ].join('; ');
    writeFileSync(initrd, makeInitrd(kernel.modules, command));
    const key = VirtualBioKey.create({ fingers: ['right-index', 'left-thumb'], matchMs: 300 });
    const reader = await KeyDevice.listen(join(folder, 'key'), key);
    const devices = ['-chardev', `socket,id=key,path=${join(folder, 'key')}`, '-device', 'usb-redir,chardev=key,id=usb-key,bus=usb.0'];
    const machine = await Machine.start({ vmlinux: kernel.vmlinux, initrd, folder, ports: [port, agentPort], devices });
    await machine.answering(port, 60_000);
    return new Bench(machine, reader, program, port, folder);
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
    await this.call('off').catch(() => undefined);
    const alone = await this.machine.off(10_000);
    this.reader.close();
    rmSync(this.#folder, { recursive: true, force: true });
    return alone;
  }
}
