/** One QEMU process: its command line, its console, and the monitor by which drives are plugged in and pulled out. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Monitor } from './monitor.ts';

export interface MachineOptions {
  readonly vmlinux: string;
  readonly initrd: string;
  /** Folder for sockets; short, because a socket's path has 107 bytes. */
  readonly folder: string;
  /** File that takes what the guest says on its console. */
  readonly consoleLog: string;
  /** Host ports on the loopback that lead to the same ports of the guest. */
  readonly ports: readonly number[];
  /** Devices behind the USB controller, in QEMU's words. */
  readonly devices: readonly string[];
}

/** Without KVM, which on some machines is there and hangs. One processor: two are not faster without it. */
const fixed = [
  ...['-M', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '1', '-m', '1536'],
  ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
];

export class Machine {
  readonly monitor: Monitor;
  readonly consoleLog: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, monitor: Monitor, consoleLog: string) {
    this.#process = child;
    this.#exited = child.exitCode === null ? once(child, 'exit') : Promise.resolve();
    this.monitor = monitor;
    this.consoleLog = consoleLog;
  }

  /** Starts the machine; the guest is not up yet when this resolves. Throws Error with what QEMU said. */
  static async start(options: MachineOptions): Promise<Machine> {
    const { folder, consoleLog, ports, devices } = options;
    const socket = join(folder, 'monitor');
    const forwards = ports.map((port) => `hostfwd=tcp:127.0.0.1:${port}-10.0.2.15:${port}`);
    const args = [
      ...fixed,
      ...['-kernel', options.vmlinux, '-initrd', options.initrd, '-append', 'console=ttyS0 quiet panic=-1 random.trust_cpu=on'],
      ...['-serial', 'stdio', '-qmp', `unix:${socket},server=on,wait=off`],
      ...['-fsdev', 'local,id=host,path=/,security_model=none,readonly=on,multidevs=remap'],
      ...['-device', 'virtio-9p-pci,fsdev=host,mount_tag=hostroot'],
      ...['-netdev', ['user,id=net,restrict=on', ...forwards].join(','), '-device', 'virtio-net-pci,netdev=net,romfile='],
      // More ports than devices: QEMU puts a hub of its own before the last free one, and what is plugged in behind that comes and goes otherwise.
      ...['-device', 'qemu-xhci,id=usb,p2=12,p3=12'],
      ...devices,
    ];
    const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    // A run that is ended half way leaves no machine behind.
    process.once('exit', () => child.kill('SIGKILL'));
    const log: WriteStream = createWriteStream(consoleLog);
    let [said, failed] = ['', false];
    child.once('error', (error) => ([said, failed] = [error.message, true]));
    child.stdout.pipe(log);
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    for (let tries = 0; ; tries += 1) {
      const monitor = await Monitor.open(socket).catch(() => undefined);
      if (monitor !== undefined) return new Machine(child, monitor, consoleLog);
      if (failed || child.exitCode !== null || tries > 100) throw new Error(`QEMU does not start: ${said}`);
      await sleep(50);
    }
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Waits until a program of the guest listens on a forwarded port. */
  async answering(port: number, deadlineMs: number): Promise<void> {
    const end = Date.now() + deadlineMs;
    for (;;) {
      if (!this.running) throw new Error(`the guest went off; its console: ${this.consoleLog}`);
      if (Date.now() > end) throw new Error(`the guest did not come up in ${deadlineMs / 1000} s; its console: ${this.consoleLog}`);
      const said = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
      if (said !== undefined) return;
      await sleep(200);
    }
  }

  /** Waits for the guest to go off by itself, and ends the process where it does not. True when it went by itself. */
  async off(deadlineMs: number): Promise<boolean> {
    const alone = await Promise.race([this.#exited.then(() => true), sleep(deadlineMs, false, { ref: false })]);
    this.monitor.close();
    if (!alone && this.running) {
      this.#process.kill('SIGKILL');
      await this.#exited;
    }
    return alone;
  }
}

/** Ports of this computer that are free now, on the loopback. */
export async function freePorts(count: number): Promise<number[]> {
  const { createServer } = await import('node:net');
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') ports.push(address.port);
  }
  for (const server of servers) await once(server.close(), 'close');
  return ports;
}
