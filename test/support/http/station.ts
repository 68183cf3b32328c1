/** A really listening HTTP room over an in-memory visit, with a small kiosk on disk, and a client that behaves like the kiosk's page. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { csrfHeader, pinBodyLength } from '../../../agent/contract/api.ts';
import type { WorkbenchPort } from '../../../agent/http/ports.ts';
import { startServer, type RunningServer } from '../../../agent/http/server.ts';
import { InMemoryVisit } from './in-memory-visit.ts';

export interface Station {
  readonly visit: InMemoryVisit;
  readonly server: RunningServer;
  readonly origin: string;
  readonly faults: unknown[];
  close(): Promise<void>;
}

/** A folder with a built kiosk of three files; the caller removes it. */
export function makeKiosk(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kiosk-'));
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>Countersign</title>');
  writeFileSync(join(directory, 'assets', 'main-a1B2c3D4.js'), 'export {};');
  writeFileSync(join(directory, 'assets', 'pdf.worker-a1B2c3D4.mjs'), 'export {};');
  writeFileSync(join(directory, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(directory, '.hidden'), 'not for anybody');
  return directory;
}

export async function startStation(workbench?: WorkbenchPort): Promise<Station> {
  const kioskDirectory = makeKiosk();
  const visit = new InMemoryVisit();
  const faults: unknown[] = [];
  const options = { visit, kioskDirectory, port: 0, host: '127.0.0.1', onFault: (error: unknown) => faults.push(error) } as const;
  const server = await startServer(workbench === undefined ? options : { ...options, workbench });
  const close = async (): Promise<void> => {
    await server.close();
    rmSync(kioskDirectory, { recursive: true });
  };
  return { visit, server, origin: `http://127.0.0.1:${server.port}`, faults, close };
}

/** Takes the session and returns the headers that every later call of the page carries. */
export async function takeSession(origin: string): Promise<Record<string, string>> {
  const response = await fetch(`${origin}/api/session`, { method: 'POST', headers: { origin } });
  const { csrf } = (await response.json()) as { csrf: string };
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return { origin, cookie, [csrfHeader]: csrf };
}

/** A station and the headers that the calls of its page carry. */
export interface SharedStation {
  readonly station: Station;
  readonly headers: Record<string, string>;
}

/** One station for all tests of a file or a describe; it is there once the tests run, and closed behind the last. */
export function stationForTests(workbench?: WorkbenchPort): SharedStation {
  const shared = {} as { station: Station; headers: Record<string, string> };
  beforeAll(async () => {
    shared.station = await startStation(workbench);
    shared.headers = await takeSession(shared.station.origin);
  });
  afterAll(() => shared.station.close());
  return shared;
}

/** The body of POST /api/pin. */
export function pinBody(pin: string, length = pinBodyLength): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(length);
  const bytes = new TextEncoder().encode(pin);
  body[0] = bytes.length;
  body.set(bytes, 1);
  return body;
}

/** Waits until something is true; fails after `limitMs`. */
export async function until(condition: () => boolean, limitMs = 15_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error('it did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
