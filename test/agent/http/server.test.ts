import { rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { strangerLimit } from '../../../agent/http/connections.ts';
import { ListenError, startServer } from '../../../agent/http/server.ts';
import { InMemoryVisit } from '../../support/http/in-memory-visit.ts';
import { makeKiosk, startStation, takeSession, until, type Station } from '../../support/http/station.ts';
import { StreamReader } from './stream-reader.ts';

let station: Station;
const kioskDirectory = makeKiosk();
const options = { visit: new InMemoryVisit(), kioskDirectory, host: '127.0.0.1', onFault: () => undefined } as const;

beforeEach(async () => {
  station = await startStation();
});
afterEach(() => station.close());
afterAll(() => rmSync(kioskDirectory, { recursive: true }));

function tryConnect(host: string, port: number): Promise<'open' | 'refused'> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve('open');
    });
    socket.on('error', () => resolve('refused'));
  });
}

describe('the agent listens', () => {
  test('on the loopback address and on no other', async () => {
    const { port } = station.server;
    expect(station.server.address).toBe(`http://127.0.0.1:${port}/`);
    expect(await tryConnect('127.0.0.1', port)).toBe('open');
    const others = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((each) => each.address));
    for (const address of ['127.0.0.2', '::1', ...others.filter((each) => each !== '127.0.0.1' && !each.startsWith('fe80'))])
      expect(await tryConnect(address, port), address).toBe('refused');
  });

  test('on no address but loopback, whatever it is told', async () => {
    const anywhere = { ...options, port: 0, host: '0.0.0.0' as '127.0.0.1' };
    await expect(startServer(anywhere)).rejects.toMatchObject({ name: 'ListenError', reason: 'not-loopback' });
  });

  test('and says clearly that its port is taken', async () => {
    const { port } = station.server;
    await expect(startServer({ ...options, port })).rejects.toMatchObject({ name: 'ListenError', reason: 'port-in-use', port });
    await expect(startServer({ ...options, port })).rejects.toThrow(ListenError);
    expect(await takeSession(station.origin)).toHaveProperty('cookie');
  });

  test('not on port 80, which browsers leave out of the origin', async () => {
    await expect(startServer({ ...options, port: 80 })).rejects.toMatchObject({ reason: 'port-not-allowed' });
  });

  test('no more once it is closed, and its port is free again', async () => {
    const { port } = station.server;
    const idle = connect(port, '127.0.0.1');
    idle.on('error', () => undefined);
    await until(() => idle.readyState === 'open');
    const started = performance.now();
    await station.server.close();
    expect(performance.now() - started).toBeLessThan(3000);
    expect(await tryConnect('127.0.0.1', port)).toBe('refused');
    const next = await startServer({ ...options, port });
    expect(next.port).toBe(port);
    await next.close();
  });
});

test('a thousand open connections do not shut the kiosk out', async () => {
  const headers = await takeSession(station.origin);
  const stream = await StreamReader.open(station.origin, headers);
  const crowd: Socket[] = [];
  let closed = 0;
  for (let index = 0; index < 1000; index += 1) {
    const socket = connect(station.server.port, '127.0.0.1');
    socket.on('error', () => undefined).on('close', () => (closed += 1));
    crowd.push(socket.resume());
    // In the order in which they came, and not in the one in which the kernel tries again.
    if (index % 50 === 49) await until(() => !socket.connecting);
  }
  await until(() => closed >= 1000 - strangerLimit);
  // Those that waited longest have gone, and not the ones that came last.
  expect(crowd.slice(-10).map((socket) => socket.closed)).toEqual(crowd.slice(-10).map(() => false));

  station.visit.show({ screen: 'insert-card' });
  await until(() => stream.messages.at(-1)?.state.screen === 'insert-card');
  const action = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{"type":"reviewed"}' };
  expect((await fetch(`${station.origin}/api/actions`, action)).status).toBe(204);
  expect((await fetch(`${station.origin}/`)).status).toBe(200);
  expect(stream.ended).toBe(false);
  stream.close();
  for (const socket of crowd) socket.destroy();
});
