/** A station in a process of its own, from the build, and a client that does over HTTP what the kiosk does. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { csrfHeader, pinBodyLength, type Action, type WorkbenchAction } from '../../agent/contract/api.ts';
import type { PublicState, ScreenName, StateMessage } from '../../agent/contract/state.ts';
import { builtCli } from './built-program.ts';

type Screen<N extends ScreenName> = Extract<PublicState, { screen: N }>;

const patienceMs = 25_000;

export class RunningAgent {
  readonly process: ChildProcess;
  readonly address: string;
  readonly #stderr: string[];

  private constructor(child: ChildProcess, address: string, stderr: string[]) {
    this.process = child;
    this.address = address;
    this.#stderr = stderr;
  }

  /** Starts `countersign start` on this port (0: a free one), with `env` besides our variables, and waits until it says its address. */
  static async start(data: string, port = 0, env: Readonly<Record<string, string>> = {}): Promise<RunningAgent> {
    const words = [builtCli(), 'start', '--data', data, '--port', String(port)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const stderr: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
    let said = '';
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      said += chunk.toString();
      const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
      if (address !== undefined) return new RunningAgent(child, address, stderr);
    }
    throw new Error(`the agent did not start: ${said}${stderr.join('')}`);
  }

  get said(): string {
    return this.#stderr.join('');
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return this.process.exitCode;
    const exited = once(this.process, 'exit');
    this.process.kill(signal);
    await exited;
    return this.process.exitCode;
  }

  client(): Promise<KioskClient> {
    return KioskClient.open(this.address.slice(0, -1));
  }
}

export class KioskClient {
  readonly #origin: string;
  readonly #headers: Record<string, string>;

  constructor(origin: string, headers: Record<string, string>) {
    this.#origin = origin;
    this.#headers = headers;
  }

  /** Asks for a session, as the page does when it is opened. */
  static async open(origin: string): Promise<KioskClient> {
    const answer = await fetch(`${origin}/api/session`, { method: 'POST', headers: { origin } });
    const { csrf } = (await answer.json()) as { csrf: string };
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    return new KioskClient(origin, { origin, cookie, [csrfHeader]: csrf });
  }

  /** The state now: the first message of a fresh stream. */
  async message(): Promise<StateMessage> {
    const end = new AbortController();
    const answer = await fetch(`${this.#origin}/api/events`, { headers: this.#headers, signal: end.signal });
    let text = '';
    try {
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString('utf8');
        const data = /^data: ?(.*)\n/m.exec(text)?.[1];
        if (data !== undefined) return JSON.parse(data) as StateMessage;
      }
    } finally {
      end.abort();
    }
    throw new Error('the stream ended without a message');
  }

  async until<N extends ScreenName>(screen: N, also: (state: Screen<N>) => boolean = () => true): Promise<Screen<N>> {
    const end = Date.now() + patienceMs;
    let last: PublicState | undefined;
    while (Date.now() < end) {
      const { state } = await this.message();
      last = state;
      if (state.screen === screen && also(state as Screen<N>)) return state as Screen<N>;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`waited for ${screen}, but the screen shows ${JSON.stringify(last)}`);
  }

  /** Status of a plain GET, as the page of the kiosk would ask. */
  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`${this.#origin}${path}`, { headers: this.#headers });
    return { status: answer.status, text: await answer.text() };
  }

  act(action: Action): Promise<number> {
    return this.#post('/api/actions', JSON.stringify(action), 'application/json');
  }

  workbench(action: WorkbenchAction): Promise<number> {
    return this.#post('/workbench/actions', JSON.stringify(action), 'application/json');
  }

  typePin(digits: string): Promise<number> {
    const body = Buffer.alloc(pinBodyLength);
    body[0] = digits.length;
    body.write(digits, 1, 'ascii');
    return this.#post('/api/pin', body, 'application/octet-stream');
  }

  /** Walks up to the PIN as a holder who knows the way, with the first documents of the list. */
  async walkTo(target: 'review-document' | 'confirm' | 'touch-reader' | 'enter-pin', card = 'ada', count = 1): Promise<void> {
    await this.workbench({ type: 'insert-card', card });
    const { documents } = await this.until('choose-document', (state) => state.documents.length >= count);
    await this.act({ type: 'choose-documents', documentIds: documents.slice(0, count).map(({ id }) => id) });
    for (let place = 1; place <= count; place += 1) {
      await this.until('review-document', (state) => state.place.place === place && state.opening !== true);
      if (target === 'review-document') return;
      await this.act({ type: 'reviewed' });
    }
    const { documents: agreed } = await this.until('confirm');
    if (target === 'confirm') return;
    await this.act({ type: 'consent', digests: agreed.map(({ digest }) => digest) });
    await this.until('touch-reader');
    if (target === 'touch-reader') return;
    const end = Date.now() + patienceMs;
    while ((await this.workbench({ type: 'touch', finger: 'right-index' })) !== 204) {
      if (Date.now() > end)
        throw new Error(`no finger is waited for, and the screen shows ${JSON.stringify((await this.message()).state)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.until('enter-pin');
  }

  async #post(path: string, body: string | Uint8Array<ArrayBuffer>, type: string): Promise<number> {
    const answer = await fetch(`${this.#origin}${path}`, { method: 'POST', headers: { ...this.#headers, 'content-type': type }, body });
    await answer.arrayBuffer();
    return answer.status;
  }
}
