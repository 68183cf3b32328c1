/**
 * A system bus of our own with Debian's polkitd and fprintd on it, and libfprint's virtual image sensor behind them. The policy of the bus is the one
 * that Debian ships. They see a rule folder and a user list of the test, mounted for them alone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VirtualSensor } from './sensor.ts';

export interface PrivateBusOptions {
  /** Files for /etc/polkit-1/rules.d, by name. */
  readonly rules?: Readonly<Record<string, string>>;
  /** A user beside those of this computer, in a group of the same name. */
  readonly user?: { readonly name: string; readonly id: number };
  /** Without a polkitd, as on a computer that lacks it. */
  readonly polkit?: boolean;
  readonly fprintd?: boolean;
}

export class PrivateBus {
  readonly folder: string;
  readonly address: string;
  readonly sensor: VirtualSensor;
  readonly #options: PrivateBusOptions;
  readonly #running = new Set<ChildProcess>();
  #fprintd: ChildProcess | undefined;
  #daemon: ChildProcess | undefined;
  /** What the processes said, for a test that fails. */
  output = '';

  private constructor(options: PrivateBusOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'countersign-bus-'));
    chmodSync(this.folder, 0o755);
    this.address = `unix:path=${join(this.folder, 'bus')}`;
    this.sensor = new VirtualSensor(join(this.folder, 'sensor'), this.address);
  }

  static async start(options: PrivateBusOptions = {}): Promise<PrivateBus> {
    const bus = new PrivateBus(options);
    try {
      bus.#writeFiles();
      bus.#daemon = bus.#inside('dbus-daemon', [`--config-file=${join(bus.folder, 'bus.conf')}`, '--nofork', '--nopidfile']);
      await until(
        () => existsSync(join(bus.folder, 'bus')),
        () => `the bus does not listen\n${bus.output}`,
      );
      if (options.polkit ?? true) {
        bus.#inside('/usr/lib/polkit-1/polkitd', ['--no-debug']);
        await bus.#owned('org.freedesktop.PolicyKit1');
      }
      if (options.fprintd ?? true) await bus.startFprintd();
      return bus;
    } catch (error) {
      await bus.stop();
      throw error;
    }
  }

  async startFprintd(): Promise<void> {
    this.#fprintd = this.#inside('/usr/libexec/fprintd', ['-t'], {
      FP_VIRTUAL_IMAGE: join(this.folder, 'sensor'),
      FP_DRIVERS_WHITELIST: 'virtual_image',
      STATE_DIRECTORY: join(this.folder, 'state'),
    });
    await this.#owned('net.reactivated.Fprint');
  }

  /** As when it crashes. */
  async killFprintd(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await ended(this.#fprintd, signal);
  }

  async killBus(): Promise<void> {
    await ended(this.#daemon, 'SIGKILL');
  }

  /** Stops fprintd from doing anything at all, without its end. */
  freezeFprintd(): void {
    this.#fprintd?.kill('SIGSTOP');
  }

  thawFprintd(): void {
    this.#fprintd?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.sensor.close();
    for (const child of this.#running) {
      child.kill('SIGCONT');
      await ended(child, 'SIGKILL');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #writeFiles(): void {
    const at = (name: string): string => join(this.folder, name);
    for (const name of ['state', 'rules.d']) mkdirSync(at(name));
    for (const [name, text] of Object.entries(this.#options.rules ?? {})) writeFileSync(join(at('rules.d'), name), text);
    const { user } = this.#options;
    const line = user === undefined ? '' : `${user.name}:x:${user.id}:`;
    writeFileSync(
      at('passwd'),
      readFileSync('/etc/passwd', 'utf8') + (line === '' ? '' : `${line}${user?.id}::/nonexistent:/usr/sbin/nologin\n`),
    );
    writeFileSync(at('group'), readFileSync('/etc/group', 'utf8') + (line === '' ? '' : `${line}\n`));
    // Debian's own, with another socket, in the foreground and as the user who runs the test; nothing is started by the bus.
    const debian = readFileSync('/usr/share/dbus-1/system.conf', 'utf8');
    const ours = debian
      .replace(
        /<user>.*<\/user>|<fork\/>|<pidfile>.*<\/pidfile>|<syslog\/>|<standard_system_servicedirs\/>|<servicehelper>.*<\/servicehelper>/g,
        '',
      )
      .replace(/<listen>.*<\/listen>/, `<listen>${this.address}</listen>`)
      .replace('<includedir>system.d</includedir>', '<includedir>/usr/share/dbus-1/system.d</includedir>')
      .replace(/<include ignore_missing[^]*?<\/include>|<include if_selinux[^]*?<\/include>/g, '');
    writeFileSync(at('bus.conf'), ours);
  }

  /** Runs a program that sees the rules and users of the test in place of the computer's. */
  #inside(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const script = [
      'set -e',
      'mount --bind "$FOLDER/rules.d" /etc/polkit-1/rules.d',
      'mount --bind "$FOLDER/passwd" /etc/passwd',
      'mount --bind "$FOLDER/group" /etc/group',
      'exec "$@"',
    ].join('\n');
    return this.#run('unshare', ['--mount', '--propagation', 'private', ...ends, 'sh', '-c', script, 'sh', program, ...args], env);
  }

  #run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'], DBUS_SYSTEM_BUS_ADDRESS: this.address, FOLDER: this.folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        this.output += data.toString();
      });
    }
    this.#running.add(child);
    return child;
  }

  async #owned(name: string): Promise<void> {
    const end = Date.now() + 15_000;
    const args = [
      `--bus=${this.address}`,
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/',
      'org.freedesktop.DBus.NameHasOwner',
      `string:${name}`,
    ];
    for (;;) {
      const asked = spawn('dbus-send', args, { stdio: ['ignore', 'pipe', 'ignore'] });
      let said = '';
      asked.stdout.on('data', (data: Buffer) => {
        said += data.toString();
      });
      await once(asked, 'close');
      if (said.includes('boolean true')) return;
      if (Date.now() > end) throw new Error(`${name} does not come up\n${this.output}`);
      await sleep(20);
    }
  }
}

/** They end with the test, also when it is killed; polkitd, which changes its user, ends with the bus. */
const ends = ['setpriv', '--pdeathsig', 'KILL'] as const;

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

async function until(holds: () => boolean, otherwise: () => string): Promise<void> {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(otherwise());
    await sleep(10);
  }
}
