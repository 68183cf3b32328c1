/** pcscd and the station as programs of the guest, and the way from the host to the station's loopback. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const [program = ''] = process.argv.slice(1);
const running = new Map<string, ChildProcess>();
const said = new Map<string, string[]>();

/** Starts a program and waits until it says a line that matches. Throws with all that it said when it ends before. */
async function start(name: string, command: string, args: readonly string[], ready: RegExp): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.set(name, child);
  const lines: string[] = [];
  said.set(name, lines);
  await new Promise<void>((resolve, reject) => {
    const line = (text: string): void => {
      lines.push(text);
      if (ready.test(text)) resolve();
    };
    createInterface({ input: child.stdout }).on('line', line);
    createInterface({ input: child.stderr }).on('line', line);
    child.once('error', reject).once('exit', (code) => reject(new Error(`${name} ended with ${String(code)}: ${lines.join('\n')}`)));
  });
}

export const stationCalls = {
  /** Debian's pcscd with the readers that it finds on USB, and none that a configuration names. */
  startPcscd(): Promise<void> {
    const noReaders = mkdtempSync('/tmp/reader.conf.d-');
    return start('pcscd', '/usr/sbin/pcscd', ['--foreground', '--info', '--config', noReaders], /daemon ready/);
  },

  /** Takes a copy of the host's data folder, once, into the memory of the guest. */
  takeData(from: string, to: string): void {
    cpSync(from, to, { recursive: true });
  },

  startStation: (root: string, data: string, port: number) =>
    start('station', process.execPath, [program, 'station', root, data, String(port)], /^ready$/),

  /** Starts any program, and waits for a line that matches. */
  startProgram: (name: string, command: string, args: readonly string[], ready: string) => start(name, command, args, new RegExp(ready)),

  /** Ends a program in order; its exit code. */
  async stop(name: string): Promise<number | null> {
    const child = running.get(name);
    if (child === undefined) throw new Error(`${name} was not started`);
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill('SIGTERM');
    const [code] = await exited;
    running.delete(name);
    return code;
  },

  said: (name: string) => said.get(name) ?? [],

  /** Leads connections from the host to the same port of the guest's loopback, where alone the station listens. */
  async relay(port: number): Promise<void> {
    const server = createServer((outside) => {
      const inside = connect(port, '127.0.0.1');
      outside.on('error', () => inside.destroy()).pipe(inside);
      inside.on('error', () => outside.destroy()).pipe(outside);
    });
    await once(server.listen(port, '10.0.2.15'), 'listening');
  },

  removeFolder: (path: string) => rmSync(path, { recursive: true, force: true }),
};
