import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../../agent/http/app.ts';
import { KioskMissing } from '../../../agent/http/kiosk-files.ts';
import { startServer } from '../../../agent/http/server.ts';
import { InMemoryVisit } from '../../support/http/in-memory-visit.ts';
import { makeKiosk } from '../../support/http/station.ts';

const port = 4711;
const headers = { host: `127.0.0.1:${port}` };
const kioskDirectory = makeKiosk();
const faults: unknown[] = [];
const app = createApp({ visit: new InMemoryVisit(), kioskDirectory, port: () => port, onFault: (error) => faults.push(error) });

beforeAll(() => app.ready());
afterAll(async () => {
  await app.close();
  rmSync(kioskDirectory, { recursive: true });
});

describe('the kiosk', () => {
  test.each(['/', '/index.html'])('its page %s is never kept by the browser', async (url) => {
    const answer = await app.inject({ url, headers });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('<title>Countersign</title>');
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'text/html; charset=utf-8' });
  });

  test('its parts with a hash in the name are kept for good, the others are asked for again', async () => {
    const script = await app.inject({ url: '/assets/main-a1B2c3D4.js', headers });
    expect(script.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': expect.stringMatching(/^(text|application)\/javascript/) as string,
    });
    const worker = await app.inject({ url: '/assets/pdf.worker-a1B2c3D4.mjs', headers });
    expect(worker.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': expect.stringMatching(/^(text|application)\/javascript/) as string,
    });
    const icon = await app.inject({ url: '/icon.svg', headers });
    expect(icon.headers).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'image/svg+xml' });
    const again = await app.inject({ url: '/icon.svg', headers: { ...headers, 'if-none-match': String(icon.headers['etag']) } });
    expect(again.statusCode).toBe(304);
  });

  test('every answer tells the browser to run nothing but the kiosk', async () => {
    for (const url of ['/', '/assets/main-a1B2c3D4.js', '/api/events', '/nothing']) {
      const answer = await app.inject({ url, headers });
      expect(answer.headers).toMatchObject({
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; " +
          "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(answer.headers['permissions-policy']).toContain('camera=()');
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  test.each([
    '/nothing',
    '/.hidden',
    '/assets',
    '/assets/',
    '/../package.json',
    '/..%2fpackage.json',
    '/assets/..%5c..%5cindex.html',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/index.html%00.js',
    '/INDEX.HTML',
    '/workbench/state',
  ])('there is nothing at %s', async (url) => {
    const answer = await app.inject({ url, headers });
    expect(answer.json()).toEqual({ code: 'not-found', recover: 'none' });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('a file that appears after the start is not served', async () => {
    writeFileSync(join(kioskDirectory, 'later.js'), 'alert(1)');
    expect((await app.inject({ url: '/later.js', headers })).statusCode).toBe(404);
  });

  test('a file that is gone after the start is answered like any other that is not there', async () => {
    rmSync(join(kioskDirectory, 'assets', 'pdf.worker-a1B2c3D4.mjs'));
    const answer = await app.inject({ url: '/assets/pdf.worker-a1B2c3D4.mjs', headers });
    expect(answer.json()).toEqual({ code: 'not-found', recover: 'none' });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(faults).toEqual([]);
  });
});

test('an agent without a kiosk does not start, and says what is missing', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'no-kiosk-'));
  const start = (directory: string): Promise<unknown> =>
    startServer({ visit: new InMemoryVisit(), kioskDirectory: directory, port: 0, host: '127.0.0.1', onFault: () => undefined });
  await expect(start(empty)).rejects.toThrow(KioskMissing);
  await expect(start(join(empty, 'nowhere'))).rejects.toThrow(/index\.html is missing, build it first/);
  rmSync(empty, { recursive: true });
});
