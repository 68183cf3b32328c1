import { beforeEach, describe, expect, test } from 'vitest';
import type { Action } from '../../../agent/contract/api.ts';
import { actionsPerSecond } from '../../../agent/http/app.ts';
import { parseRaw, rawRequest, sendRaw } from './raw.ts';
import { stationForTests } from '../../support/http/station.ts';

const shared = stationForTests();
beforeEach(() => {
  shared.station.visit.acted.length = 0;
});

function post(body: string, type = 'application/json'): Promise<Response> {
  return fetch(`${shared.station.origin}/api/actions`, { method: 'POST', headers: { ...shared.headers, 'content-type': type }, body });
}

const digest = 'ab'.repeat(32);

describe('an action that fits the state is taken', () => {
  const actions: Action[] = [
    { type: 'begin' },
    { type: 'choose-certificate', certificateSha256: digest },
    { type: 'choose-documents', documentIds: ['doc-1'] },
    { type: 'place-mark', page: 1, left: 0, top: 20_000 },
    { type: 'remove-mark' },
    { type: 'reviewed' },
    { type: 'consent', digests: [digest, digest] },
    { type: 'back' },
    { type: 'continue' },
    { type: 'more-time' },
  ];
  test.each(actions)('$type', async (action) => {
    const response = await post(JSON.stringify(action));
    expect(response.status).toBe(204);
    expect(shared.station.visit.acted).toEqual([action]);
  });
});

test('an action that does not fit the state is answered with not-now', async () => {
  shared.station.visit.show({ screen: 'start', documentsWaiting: 0 });
  const response = await post('{"type":"cancel"}');
  expect(response.status).toBe(409);
  expect(await response.json()).toEqual({ code: 'not-now', recover: 'none' });
});

describe('an action with unknown, missing or wrongly typed fields is refused, never repaired', () => {
  test.each([
    '{"type":"begin","extra":1}',
    `{"type":"consent","digests":["${digest}"],"documentId":"doc-1"}`,
    '{"type":"consent"}',
    '{"type":"place-mark","page":0,"left":1,"top":1}',
    '{"type":"place-mark","page":1,"left":1.5,"top":1}',
    '{"type":"place-mark","page":1,"left":-1,"top":1}',
    '{"type":"place-mark","page":1,"left":"1","top":1}',
    `{"type":"consent","digests":["${digest.toUpperCase()}"]}`,
    `{"type":"consent","digests":["${digest}","${digest}0"]}`,
    `{"type":"consent","digests":"${digest}"}`,
    `{"type":"consent","digest":"${digest}"}`,
    '{"type":"consent","digests":[]}',
    '{"type":"consent","digests":[null]}',
    '{"type":"choose-documents","documentIds":[7]}',
    '{"type":"choose-documents","documentIds":[""]}',
    `{"type":"choose-documents","documentIds":["${'x'.repeat(201)}"]}`,
    JSON.stringify({ type: 'choose-documents', documentIds: Array.from({ length: 201 }, (_, index) => `doc-${index}`) }),
    '{"type":"sign"}',
    '{"type":"Begin"}',
    '{"type":["begin"]}',
    '{}',
    '[]',
    '[{"type":"begin"}]',
    '"begin"',
    'null',
    '1',
    '',
    '{"type":"begin"',
    '{"type":"begin"}}',
    '{"type":"begin","__proto__":{"admin":true}}',
    '{"type":"begin","constructor":{"prototype":{}}}',
  ])('%s', async (body) => {
    const response = await post(body);
    expect(await response.json()).toEqual({ code: 'bad-request', recover: 'none' });
    expect(response.status).toBe(400);
    expect(shared.station.visit.acted).toEqual([]);
  });
});

describe('an action in another content type is refused', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream', 'application/jsonx', 'text/json', 'json'])(
    '%s',
    async (type) => {
      const response = await post('{"type":"begin"}', type);
      expect(await response.json()).toEqual({ code: 'unsupported-media-type', recover: 'none' });
      expect(response.status).toBe(415);
      expect(shared.station.visit.acted).toEqual([]);
    },
  );
});

test('an action is not taken by GET', async () => {
  const response = await fetch(`${shared.station.origin}/api/actions`, { headers: shared.headers });
  expect(response.status).toBe(405);
  expect(await response.json()).toEqual({ code: 'method-not-allowed', recover: 'none' });
});

test('a body that is too long is refused, whether it tells its length or not', async () => {
  const long = await post(JSON.stringify({ type: 'begin', padding: 'x'.repeat(5000) }));
  expect(long.status).toBe(413);
  expect(await long.json()).toEqual({ code: 'too-large', recover: 'none' });

  const chunk = `1000\r\n${' '.repeat(4096)}\r\n`;
  const lines = Object.entries({ host: `127.0.0.1:${shared.station.server.port}`, ...shared.headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const head = rawRequest('POST /api/actions HTTP/1.1', ...lines, 'Content-Type: application/json', 'Transfer-Encoding: chunked');
  const answer = parseRaw(await sendRaw(shared.station.server.port, head + chunk + chunk));
  expect(answer.status).toBe(413);
  expect(answer.body).toBe('{"code":"too-large","recover":"none"}');
});

test('of two consents at the same time exactly one is taken', async () => {
  let open = true;
  const act = shared.station.visit.act.bind(shared.station.visit);
  shared.station.visit.act = (action) => {
    if (action.type === 'consent' && !open) return false;
    if (action.type === 'consent') open = false;
    return act(action);
  };
  const consent = JSON.stringify({ type: 'consent', digests: [digest] });
  const answers = await Promise.all(Array.from({ length: 10 }, () => post(consent)));
  expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([204, ...Array.from({ length: 9 }, () => 409)]);
  expect(shared.station.visit.acted).toHaveLength(1);
  shared.station.visit.act = act;
});

test('a flood of actions is held back', async () => {
  const body = '{"type":"alive"}';
  const lines = Object.entries({ host: `127.0.0.1:${shared.station.server.port}`, ...shared.headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const request = (...more: readonly string[]): string =>
    rawRequest('POST /api/actions HTTP/1.1', ...lines, 'Content-Type: application/json', `Content-Length: ${body.length}`, ...more) + body;
  const started = performance.now();
  const text = await sendRaw(shared.station.server.port, request().repeat(999) + request('Connection: close'));
  const seconds = (performance.now() - started) / 1000;

  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1]);
  expect(statuses).toHaveLength(1000);
  const taken = statuses.filter((status) => status === '204').length;
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThanOrEqual(actionsPerSecond * (1 + seconds) + 1);
  expect(statuses.filter((status) => status === '429')).toHaveLength(1000 - taken);
  expect(text).toContain('{"code":"too-many-requests","recover":"retry"}');

  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await post(body)).status).toBe(204);
});
