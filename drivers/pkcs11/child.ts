/**
 * One host process as the agent sees it: started without core files and with its own environment, its answers checked, its last words on
 * stderr kept within bounds. It is never trusted to end by itself.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Origin } from '../errors.ts';
import { launchWithoutCore } from './environment.ts';
import { pinPipe } from './pin-pipe.ts';
import { parseReply, type HostMessage, type HostReply, type HostRequest } from './protocol.ts';

const running = import.meta.url.endsWith('.ts');
const hostPath = fileURLToPath(new URL(running ? './host.ts' : './host.js', import.meta.url));
/**
 * Built code needs no flags of the agent; sources need the loader that the agent runs with, but never its inspector. A built host compiles its code when it is
 * loaded and not at the first call, because each goes its way once, and somebody waits for it; with the loader that would cost more than it gives.
 */
const nodeArgv = running ? process.execArgv.filter((flag) => !flag.startsWith('--inspect')) : ['--no-lazy'];

const tailBytes = 4096;
/** After the process has ended its last messages may still lie in the pipe. */
const drainMs = 250;

let started = 0;

export class HostProcess {
  /** Tells one host from every other of this agent; process ids come again. */
  readonly number = ++started;
  /** Called with every answer. */
  onReply: (reply: HostReply) => void = () => undefined;
  /** Ends what it is doing as its deadline would, because of something that is no fault of the module; does nothing while it is idle. */
  giveUp: () => void = () => undefined;
  /** True from the moment its end is no fault any more: its work is done, or the agent closes. */
  retired = false;
  /** Resolves once, when the process has ended and everything it sent has been delivered. */
  readonly ended: Promise<Origin>;
  readonly #child: ChildProcess;
  #tail = Buffer.alloc(0);

  constructor(environment: Readonly<Record<string, string>>) {
    const child = fork(hostPath, [String(process.pid)], {
      ...launchWithoutCore(process.execPath, nodeArgv),
      env: environment,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    });
    this.#child = child;
    // A host that is gone is told by `ended`.
    child.stdio[pinPipe]?.on('error', () => undefined);
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-tailBytes);
    });
    child.on('message', (raw) => {
      const reply = parseReply(raw);
      // Nothing a host says is believed once it has spoken nonsense.
      if (reply === undefined) this.kill();
      else this.onReply(reply);
    });
    this.ended = new Promise((resolve) => {
      let origin: Origin | undefined;
      const finish = (): void => {
        if (origin !== undefined) resolve(origin);
      };
      // A message to a host that is gone raises 'error' here (EPIPE); without a listener it would end the agent.
      child.on('error', (error) => {
        if (child.pid !== undefined) return;
        origin = { kind: 'errno', value: 'code' in error && typeof error.code === 'string' ? error.code : error.message };
        finish();
      });
      child.on('exit', (code, signal) => {
        origin = signal === null ? { kind: 'exit', value: code ?? 0 } : { kind: 'signal', value: signal };
        if (child.connected) setTimeout(finish, drainMs);
        else finish();
      });
      child.on('disconnect', finish);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The last words on stderr, for a developer. */
  get lastWords(): string {
    return this.#tail.toString('utf8').trim();
  }

  /** Forgets what was on stderr, because from now on the host knows a PIN. */
  muffle(): void {
    this.#child.stderr?.removeAllListeners('data').resume();
    this.#tail = Buffer.alloc(0);
  }

  /** Sends a request; when this returns its PIN may be zeroed. That the host is gone is told by `ended`, not here. */
  send(request: HostRequest): void {
    if (!this.#child.connected) return;
    if ((request.type !== 'sign' && request.type !== 'key-open') || request.pin === undefined) {
      this.#child.send(request satisfies HostMessage, () => undefined);
      return;
    }
    const { pin, ...job } = request;
    const pins = this.#pins();
    pins.write(pin);
    // The kernel has the bytes by now. Had it not, zeros would follow in their place, and a wrong PIN costs a try.
    if (pins.writableLength > 0) this.kill();
    else this.#child.send({ ...job, pinLength: pin.length } satisfies HostMessage, () => undefined);
  }

  #pins(): Socket {
    const pipe = this.#child.stdio[pinPipe];
    if (pipe instanceof Socket) return pipe;
    throw new Error('a host has no pipe for PINs');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
