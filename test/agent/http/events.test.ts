import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PublicState, StateMessage } from '../../../agent/contract/state.ts';
import { stalledMs, streamLimit } from '../../../agent/http/events.ts';
import { rawRequest } from './raw.ts';
import { startStation, takeSession, until, type Station } from '../../support/http/station.ts';
import { StreamReader } from './stream-reader.ts';

let station: Station;
let headers: Record<string, string>;

beforeEach(async () => {
  station = await startStation();
  headers = await takeSession(station.origin);
});
afterEach(async () => {
  vi.useRealTimers();
  await station.close();
});

/** A state of about 200 kB: many documents wait. */
function largeState(): PublicState {
  const refused = Array.from({ length: 1000 }, () => ({ name: 'n'.repeat(150), refusal: 'empty' as const }));
  const holder = { name: 'Ada Lovelace', issuer: 'Test CA', serial: '01', validTo: '2030-01-01T00:00:00Z' };
  return { screen: 'choose-document', holder, documents: [], refused, most: 50 };
}

/** Opens the stream on a bare socket that reads nothing until it is told to. */
async function openUnread(): Promise<Socket> {
  const lines = Object.entries({ host: `127.0.0.1:${station.server.port}`, ...headers }).map(([name, value]) => `${name}: ${value}`);
  const socket = connect(station.server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(rawRequest('GET /api/events HTTP/1.1', ...lines));
  await until(() => station.visit.listeners.size === 1);
  return socket;
}

describe('the event stream', () => {
  test('tells the newest state at once and every change after it, in order', async () => {
    station.visit.show({ screen: 'insert-card' });
    const stream = await StreamReader.open(station.origin, headers);
    expect(stream.response.status).toBe(200);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    expect(stream.response.headers.get('x-content-type-options')).toBe('nosniff');
    await until(() => stream.messages.length === 1);
    expect(stream.messages[0]).toEqual(station.visit.message());

    for (let index = 0; index < 200; index += 1) station.visit.show({ screen: 'start', documentsWaiting: index });
    await until(() => stream.messages.length === 201);
    expect(stream.messages.map((message) => message.seq)).toEqual(Array.from({ length: 201 }, (_, index) => index + 1));
    expect(stream.messages.at(-1)?.state).toEqual({ screen: 'start', documentsWaiting: 199 });
    stream.close();
    await until(() => station.visit.listeners.size === 0);
  });

  test('gives a sign of life every second', async () => {
    const stream = await StreamReader.open(station.origin, headers);
    const started = performance.now();
    await until(() => stream.comments >= 3);
    expect(performance.now() - started).toBeGreaterThan(1900);
    expect(performance.now() - started).toBeLessThan(8000);
    expect(stream.messages).toHaveLength(1);
    stream.close();
  });

  test('does not tell twice what a listener is told when it subscribes', async () => {
    const subscribe = station.visit.subscribe.bind(station.visit);
    station.visit.subscribe = (listener: (message: StateMessage) => void) => {
      listener(station.visit.message());
      return subscribe(listener);
    };
    const stream = await StreamReader.open(station.origin, headers);
    station.visit.show({ screen: 'reading-card' });
    await until(() => stream.messages.length >= 2);
    expect(stream.messages.map((message) => message.seq)).toEqual([0, 1]);
    stream.close();
  });

  test('is given to so many pages and no more, and again when one has left', async () => {
    const streams = await Promise.all(Array.from({ length: streamLimit }, () => StreamReader.open(station.origin, headers)));
    expect(streams.map((stream) => stream.response.status)).toEqual(streams.map(() => 200));
    const refused = await fetch(`${station.origin}/api/events`, { headers });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({ code: 'too-many-requests', recover: 'retry' });

    streams[0]?.close();
    await until(() => station.visit.listeners.size === streamLimit - 1);
    const next = await StreamReader.open(station.origin, headers);
    expect(next.response.status).toBe(200);
    for (const stream of [...streams, next]) stream.close();
  });

  test('gives a page that reads slowly the newest state and leaves out what came between', async () => {
    const socket = await openUnread();
    const large = largeState();
    for (let index = 0; index < 1000; index += 1) station.visit.show(large);
    station.visit.show({ screen: 'take-card', outcome: 'nothing-signed' });
    await new Promise((resolve) => setTimeout(resolve, 50));

    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.resume();
    await until(() => text.includes('"take-card"'));
    const seqs = [...text.matchAll(/"seq":(\d+)/g)].map((match) => Number(match[1]));
    expect(seqs.length).toBeLessThan(500);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(seqs.at(-1)).toBe(1001);
    // From here on it misses nothing again.
    station.visit.show({ screen: 'start', documentsWaiting: 0 });
    await until(() => text.includes('"seq":1002,'));
    socket.destroy();
  });

  test('drops a page that reads nothing any more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const socket = connect(station.server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    const lines = Object.entries({ host: `127.0.0.1:${station.server.port}`, ...headers }).map(([name, value]) => `${name}: ${value}`);
    socket.write(rawRequest('GET /api/events HTTP/1.1', ...lines));
    for (let waited = 0; station.visit.listeners.size === 0 && waited < 500; waited += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const large = largeState();
    for (let index = 0; index < 300; index += 1) {
      station.visit.show(large);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(station.visit.listeners.size).toBe(1);

    vi.advanceTimersByTime(stalledMs - 1000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(station.visit.listeners.size).toBe(1);
    vi.advanceTimersByTime(3000);
    for (let waited = 0; station.visit.listeners.size > 0 && waited < 500; waited += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(station.visit.listeners.size).toBe(0);
    socket.destroy();
  });

  test('ends at once when the agent closes', async () => {
    const streams = await Promise.all(Array.from({ length: 3 }, () => StreamReader.open(station.origin, headers)));
    const started = performance.now();
    await station.server.close();
    expect(performance.now() - started).toBeLessThan(3000);
    await until(() => streams.every((stream) => stream.ended));
    expect(streams.map((stream) => stream.cut)).toEqual([false, false, false]);
    expect(station.visit.listeners.size).toBe(0);
  });

  test('goes on while a thousand requests come at once', async () => {
    const stream = await StreamReader.open(station.origin, headers);
    let shown = 0;
    const ticking = setInterval(() => station.visit.show({ screen: 'start', documentsWaiting: (shown += 1) }), 5);
    const paths = ['/', '/api/session', '/api/documents/none', '/nothing', '/api/actions'];
    const post = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{"type":"alive"}' };
    const statuses = new Set<number>();
    let asked = 0;
    // As many at a time as five browsers would send.
    const ask = async (): Promise<void> => {
      while (asked < 1000) {
        const path = paths[asked % paths.length] ?? '/';
        asked += 1;
        const response = await fetch(station.origin + path, path === '/api/actions' ? post : { headers });
        statuses.add(response.status);
        await response.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: 30 }, ask));
    clearInterval(ticking);
    statuses.delete(429);
    expect([...statuses].sort()).toEqual([200, 204, 404, 405]);
    await until(() => stream.messages.length === shown + 1);
    expect(stream.messages.map((message) => message.seq)).toEqual(Array.from({ length: shown + 1 }, (_, index) => index));
    expect(shown).toBeGreaterThan(3);
    expect(station.faults).toEqual([]);
    stream.close();
  });
});
