import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { csrfHeader, pinBodyLength } from '../../agent/contract/api.ts';
import type { StateMessage } from '../../agent/contract/state.ts';
import { Connection } from '../../kiosk/connection.ts';

const station = { name: 'branch', demo: false, logSize: 1, cardReaderReady: true, fingerprintReaderReady: true };
const message = (seq: number, visit = 1): StateMessage => ({ seq, visit, station, state: { screen: 'insert-card' } });

/** An HTTP server on a free port that speaks the agent's side, and records what it was asked. */
class Agent {
  readonly asked: { method: string; path: string; csrf: string | undefined; body: Buffer }[] = [];
  readonly streams: ServerResponse[] = [];
  csrf = 'first';
  answer = 204;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  say(text: string): void {
    this.streams.at(-1)?.write(text);
  }

  tell(next: StateMessage): void {
    this.say(`data: ${JSON.stringify(next)}\n\n`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const csrf = request.headers[csrfHeader];
    const path = request.url ?? '';
    this.asked.push({ method: request.method ?? '', path, csrf: typeof csrf === 'string' ? csrf : undefined, body: Buffer.concat(chunks) });
    if (path === '/api/session') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ csrf: this.csrf }));
    } else if (csrf !== this.csrf) {
      response.writeHead(403).end();
    } else if (path === '/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      this.streams.push(response);
      this.tell(message(100));
    } else if (path.startsWith('/api/documents/')) {
      response.writeHead(200).end('bytes');
    } else {
      response.writeHead(this.answer).end();
    }
  }
}

interface Seen {
  readonly messages: StateMessage[];
  readonly reachable: boolean[];
}

const endings: (() => Promise<void> | void)[] = [];

async function start(
  options: { silenceMs?: number; retryMs?: number } = {},
): Promise<{ agent: Agent; connection: Connection; seen: Seen }> {
  const agent = new Agent();
  const origin = await agent.listen();
  const seen: Seen = { messages: [], reachable: [] };
  const connection = new Connection(
    { origin, retryMs: 20, ...options },
    { message: (next) => seen.messages.push(next), reachable: (reachable) => seen.reachable.push(reachable) },
  );
  void connection.run();
  endings.push(
    () => connection.stop(),
    () => agent.close(),
  );
  await until(() => seen.messages.length > 0);
  return { agent, connection, seen };
}

async function until(condition: () => boolean, withinMs = 5000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("the kiosk's line to the agent", () => {
  afterEach(async () => {
    for (const end of endings.splice(0)) await end();
  });

  test('it takes one session, and every other call carries its proof', async () => {
    const { agent, connection } = await start();
    expect(await connection.act({ type: 'begin' })).toBe('done');
    expect(new TextDecoder().decode(await connection.fetchDocument('a/b'))).toBe('bytes');
    const [session, ...others] = agent.asked;
    expect(session?.path).toBe('/api/session');
    expect(others.map(({ path }) => path)).toEqual(['/api/events', '/api/actions', '/api/documents/a%2Fb']);
    expect(others.every(({ csrf }) => csrf === 'first')).toBe(true);
    expect(others[1]?.body.toString()).toBe('{"type":"begin"}');
  });

  test('the sign of life alone keeps the screen open', async () => {
    const { agent, seen } = await start({ silenceMs: 400 });
    for (let beat = 0; beat < 10; beat += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      agent.say(':\n\n');
    }
    expect(seen.reachable).toEqual([]);
    expect(agent.streams.length).toBe(1);
  });

  test('an agent that hangs is noticed, and the screen opens again by itself once it speaks', async () => {
    const { seen, agent } = await start({ silenceMs: 300 });
    const from = performance.now();
    await until(() => seen.reachable.length > 0);
    expect(seen.reachable[0]).toBe(false);
    expect(performance.now() - from).toBeLessThan(900);
    await until(() => seen.reachable.at(-1) === true);
    expect(agent.streams.length).toBeGreaterThan(1);
  });

  test('silence covers the screen within two seconds by default', async () => {
    const { seen } = await start();
    const from = performance.now();
    await until(() => seen.reachable[0] === false);
    expect(performance.now() - from).toBeLessThan(2000);
  });

  test('a lost message makes it ask anew instead of going on with a gap', async () => {
    const { agent, seen } = await start();
    agent.tell(message(101));
    agent.tell(message(103, 9));
    await until(() => agent.streams.length === 2);
    await until(() => seen.messages.length === 3);
    expect(seen.messages.map(({ seq }) => seq)).toEqual([100, 101, 100]);
  });

  test('after a restart of the agent it takes a new session by itself', async () => {
    const { agent, seen } = await start();
    agent.csrf = 'second';
    agent.streams[0]?.destroy();
    await until(() => seen.messages.length === 2);
    expect(agent.asked.at(-1)).toMatchObject({ path: '/api/events', csrf: 'second' });
  });

  test('the PIN goes out once as bytes, and the copy in hand is zeroed at once', async () => {
    const { agent, connection } = await start();
    const body = new Uint8Array(pinBodyLength);
    body.set([4, 0x31, 0x32, 0x33, 0x34]);
    const sending = connection.sendPin(body);
    expect(body.every((byte) => byte === 0)).toBe(true);
    expect(await sending).toBe('done');
    const sent = agent.asked.filter(({ path }) => path === '/api/pin');
    expect(sent.length).toBe(1);
    expect(sent[0]?.body.length).toBe(pinBodyLength);
    expect(Array.from(sent[0]?.body.subarray(0, 6) ?? [])).toEqual([4, 0x31, 0x32, 0x33, 0x34, 0]);
  });

  test('what the agent refuses is told apart from what did not reach it, and nothing is sent twice', async () => {
    const { agent, connection } = await start();
    agent.answer = 409;
    expect(await connection.act({ type: 'continue' })).toBe('not-now');
    agent.answer = 500;
    expect(await connection.act({ type: 'continue' })).toBe('failed');
    expect(agent.asked.filter(({ path }) => path === '/api/actions').length).toBe(2);
    connection.stop();
    await agent.close();
    expect(await connection.sendPin(new Uint8Array(pinBodyLength))).toBe('failed');
  });
});
