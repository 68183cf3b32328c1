import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { csrfHeader } from '../../../agent/contract/api.ts';
import { documentId } from '../../support/http/in-memory-visit.ts';
import { pinBody, startStation, takeSession, type Station } from '../../support/http/station.ts';

let station: Station;
let session: Record<string, string>;

beforeAll(async () => {
  station = await startStation({
    state: () => Promise.reject(new Error('nobody may ask')),
    act: () => Promise.reject(new Error('nobody may ask')),
  });
  session = await takeSession(station.origin);
});
afterAll(() => station.close());
beforeEach(() => {
  station.visit.reviewing = true;
  station.visit.wantsPin = true;
});

const routes = [
  { method: 'GET', path: '/api/events' },
  { method: 'GET', path: `/api/documents/${documentId}` },
  { method: 'POST', path: '/api/actions', type: 'application/json', body: '{"type":"begin"}' },
  { method: 'POST', path: '/api/pin', type: 'application/octet-stream', body: pinBody('123456') },
  { method: 'GET', path: '/workbench/state' },
  { method: 'POST', path: '/workbench/actions', type: 'application/json', body: '{"type":"remove-card"}' },
];

async function ask(route: (typeof routes)[number], headers: Record<string, string>): Promise<Response> {
  const withType = route.type === undefined ? headers : { ...headers, 'content-type': route.type };
  return fetch(station.origin + route.path, { method: route.method, headers: withType, body: route.body ?? null });
}

describe('without the session of this boot nothing is told and nothing is done', () => {
  describe.each(routes)('$method $path', (route) => {
    test.each([
      ['no session', () => ({ origin: station.origin })],
      ['the cookie alone', () => ({ origin: station.origin, cookie: session['cookie'] ?? '' })],
      ['the header alone', () => ({ origin: station.origin, [csrfHeader]: session[csrfHeader] ?? '' })],
      ['a wrong cookie', () => ({ ...session, cookie: 'countersign=AAAA' })],
      ['an empty cookie', () => ({ ...session, cookie: 'countersign=' })],
      ['a wrong header of the same length', () => ({ ...session, [csrfHeader]: 'A'.repeat(43) })],
      [
        'the two values swapped',
        () => ({ ...session, cookie: `countersign=${session[csrfHeader] ?? ''}`, [csrfHeader]: session['cookie']?.slice(12) ?? '' }),
      ],
    ])('%s', async (_name, headers) => {
      const response = await ask(route, headers());
      expect(await response.json()).toEqual({ code: 'no-session', recover: 'retry' });
      expect(response.status).toBe(403);
      expect(station.visit.acted).toEqual([]);
      expect(station.visit.pins).toEqual([]);
      expect(station.visit.listeners.size).toBe(0);
      expect(station.faults).toEqual([]);
    });
  });
});

test('the cookie is kept from scripts and from other sites, and is new with every boot', async () => {
  const take = (origin: string): Promise<Response> => fetch(`${origin}/api/session`, { method: 'POST', headers: { origin } });
  const first = await take(station.origin);
  expect(first.headers.getSetCookie()).toEqual([expect.stringMatching(/^countersign=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)]);
  expect(first.headers.get('cache-control')).toBe('no-store');
  expect(await first.json()).toEqual({ csrf: expect.stringMatching(/^[\w-]{43}$/) as string });

  const other = await startStation();
  try {
    const second = await take(other.origin);
    expect(second.headers.getSetCookie()).not.toEqual(first.headers.getSetCookie());
    const stale = await fetch(`${other.origin}/api/documents/x`, { headers: { ...session, origin: other.origin } });
    expect(await stale.json()).toMatchObject({ code: 'no-session' });
  } finally {
    await other.close();
  }
});

test('a page that reconnects gets the same session', async () => {
  expect(await takeSession(station.origin)).toEqual(session);
});

test('a cookie that another server on this host has set does not lock the page out', async () => {
  const headers = { ...session, cookie: `countersign=theirs; ${session['cookie'] ?? ''}; other=1` };
  const response = await fetch(`${station.origin}/api/documents/${documentId}`, { headers });
  expect(response.status).toBe(200);
});

test('taking the session needs no body and takes none', async () => {
  const send = (type: string, body: string): Promise<Response> =>
    fetch(`${station.origin}/api/session`, { method: 'POST', headers: { origin: station.origin, 'content-type': type }, body });
  expect(await (await send('application/json', '{}')).json()).toMatchObject({ code: 'bad-request' });
  expect(await (await send('text/plain', 'hello')).json()).toMatchObject({ code: 'unsupported-media-type' });
});
