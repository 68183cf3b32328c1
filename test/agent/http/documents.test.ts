import { expect, test } from 'vitest';
import { documentId } from '../../support/http/in-memory-visit.ts';
import { stationForTests } from '../../support/http/station.ts';

const shared = stationForTests();

function get(id: string): Promise<Response> {
  return fetch(`${shared.station.origin}/api/documents/${encodeURIComponent(id)}`, { headers: shared.headers });
}

test('the holder gets the very bytes that will be signed', async () => {
  shared.station.visit.reviewing = true;
  const response = await get(documentId);
  expect(response.status).toBe(200);
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(shared.station.visit.document);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'application/pdf',
    'content-length': String(shared.station.visit.document.length),
    'content-disposition': 'inline',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
});

test('bytes that lie inside a larger buffer are sent alone', async () => {
  const large = new Uint8Array(1000).fill(1);
  shared.station.visit.documentBytes = () => large.subarray(10, 15);
  const response = await get(documentId);
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([1, 1, 1, 1, 1]);
  Reflect.deleteProperty(shared.station.visit, 'documentBytes');
});

test('a large document arrives whole', async () => {
  const large = new Uint8Array(20_000_000).map((_, index) => index % 251);
  shared.station.visit.documentBytes = () => large;
  const response = await get(documentId);
  expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), large)).toBe(0);
  Reflect.deleteProperty(shared.station.visit, 'documentBytes');
});

test('a document is not told once its review is over', async () => {
  shared.station.visit.reviewing = false;
  const response = await get(documentId);
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({ code: 'not-found', recover: 'none' });
});

test('an unknown, odd or endless id is told apart from nothing', async () => {
  shared.station.visit.reviewing = true;
  for (const id of ['doc-2', '../../etc/passwd', '\0', '%', 'x'.repeat(150)]) expect((await get(id)).status).toBe(404);
  const endless = await get('x'.repeat(1000));
  expect([400, 404, 413]).toContain(endless.status);
  expect(await endless.json()).toMatchObject({ recover: 'none' });
  expect(shared.station.faults).toEqual([]);
});

test('a document is not asked for by POST', async () => {
  const response = await fetch(`${shared.station.origin}/api/documents/${documentId}`, { method: 'POST', headers: shared.headers });
  expect(response.status).toBe(405);
});
