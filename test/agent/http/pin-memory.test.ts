import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csrfHeader } from '../../../agent/contract/api.ts';
import { countInMemory } from './memory.ts';
import { rawRequest } from './raw.ts';
import { makeKiosk, pinBody, takeSession } from '../../support/http/station.ts';

interface Host {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  readonly session: Record<string, string>;
}

const kiosk = makeKiosk();
const hosts: Host[] = [];

async function startHost(mode: 'take' | 'keep'): Promise<Host> {
  const child = fork(new URL('./memory-host.ts', import.meta.url), [kiosk, mode], { execArgv: ['--import', 'tsx'] });
  const [message] = (await once(child, 'message')) as [{ port: number }];
  if (child.pid === undefined) throw new Error('the process did not start');
  const host = { child, pid: child.pid, port: message.port, session: await takeSession(`http://127.0.0.1:${message.port}`) };
  hosts.push(host);
  return host;
}

let host: Host;
beforeAll(async () => {
  host = await startHost('take');
});
afterAll(async () => {
  for (const { child } of hosts) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  rmSync(kiosk, { recursive: true });
});

/** Sends the parts one by one, each after the agent has read the one before, and returns the first line of the answer. */
async function send({ port }: Host, parts: readonly (string | Uint8Array)[], hangUp = false): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (part: string) => (answer += part));
  socket.on('error', () => undefined);
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (hangUp) socket.destroy();
  if (!socket.closed) await once(socket, 'close');
  return answer.split('\r\n', 1)[0] ?? '';
}

function head({ port, session }: Host, length: number, more: readonly string[] = []): string {
  return rawRequest(
    'POST /api/pin HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Origin: http://127.0.0.1:${port}`,
    `Cookie: ${session['cookie'] ?? ''}`,
    `X-Countersign: ${session[csrfHeader] ?? ''}`,
    'Content-Type: application/octet-stream',
    `Content-Length: ${length}`,
    'Connection: close',
    ...more,
  );
}

/** How often a PIN is found once the agent had time to clear up. */
async function left(pid: number, pin: string, limitMs = 5000): Promise<number> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = countInMemory(pid, Buffer.from(pin));
    if (found === 0 || performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function newPin(): string {
  return randomBytes(16).toString('hex');
}

describe('no byte of a PIN stays in the memory of the agent', () => {
  test('when headers and PIN arrive together', async () => {
    const pin = newPin();
    const body = pinBody(pin);
    expect(await send(host, [Buffer.concat([Buffer.from(head(host, body.length)), body])])).toBe('HTTP/1.1 204 No Content');
    expect(await left(host.pid, pin)).toBe(0);
  });

  test('when the PIN arrives behind very long headers', async () => {
    const pin = newPin();
    const body = pinBody(pin);
    const long = head(host, body.length, [`X-Long: ${'a'.repeat(7000)}`]);
    expect(await send(host, [Buffer.concat([Buffer.from(long), body])])).toBe('HTTP/1.1 204 No Content');
    expect(await left(host.pid, pin)).toBe(0);
  });

  test('when it arrives in pieces', async () => {
    const pin = newPin();
    const body = pinBody(pin);
    const parts = [head(host, body.length), body.subarray(0, 40), body.subarray(40, 1000), body.subarray(1000)];
    expect(await send(host, parts)).toBe('HTTP/1.1 204 No Content');
    expect(await left(host.pid, pin)).toBe(0);
  });

  test('when the page has no session any more', async () => {
    const pin = newPin();
    const body = pinBody(pin);
    const stale = { ...host, session: { ...host.session, [csrfHeader]: 'A'.repeat(43) } };
    expect(await send(host, [head(stale, body.length), body])).toBe('HTTP/1.1 403 Forbidden');
    expect(await left(host.pid, pin)).toBe(0);
  });

  test('when the body is malformed', async () => {
    const pin = newPin();
    const body = pinBody(pin);
    body[body.length - 1] = 1;
    expect(await send(host, [head(host, body.length), body])).toBe('HTTP/1.1 400 Bad Request');
    expect(await left(host.pid, pin)).toBe(0);
  });

  test('when the body is too short or too long', async () => {
    const pin = newPin();
    const short = pinBody(pin, 100);
    expect(await send(host, [head(host, short.length), short])).toBe('HTTP/1.1 400 Bad Request');
    const long = pinBody(pin, 9000);
    expect(await send(host, [Buffer.concat([Buffer.from(head(host, long.length)), long])])).toBe('HTTP/1.1 413 Payload Too Large');
    expect(await left(host.pid, pin)).toBe(0);
  });

  test('when the page goes away half-way', async () => {
    const pin = newPin();
    const body = pinBody(pin);
    await send(host, [head(host, body.length), body.subarray(0, 1000)], true);
    expect(await left(host.pid, pin)).toBe(0);
  });
});

test('a PIN that somebody kept would be found', async () => {
  const keeping = await startHost('keep');
  const pin = newPin();
  const body = pinBody(pin);
  expect(await send(keeping, [head(keeping, body.length), body])).toBe('HTTP/1.1 204 No Content');
  expect(await left(keeping.pid, pin, 500)).toBe(1);
});
