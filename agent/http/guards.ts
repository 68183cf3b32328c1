/**
 * The guard at the door: who may be heard at all. It looks at nothing but the request line and headers, before any route, and it is asked for
 * requests, upgrades, CONNECT and expectations alike, because Fastify's hooks see only the first of these (faults.md, finding 8).
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpRefusal } from '../contract/problems.ts';
import { refuseSocket } from './refusals.ts';

const headerLimit = 64;

/**
 * Says why a request is not heard, or `undefined` when it may pass on. `port` is the port that this agent listens on; while it is `undefined`
 * every host is wrong. Host and Origin are compared exactly (DNS rebinding, cross-site requests); Sec-Fetch-Site is W3C Fetch Metadata, section 2.2.
 */
export function refusedAtTheDoor(request: IncomingMessage, port: number | undefined): HttpRefusal | undefined {
  if (port === undefined || headerValues(request, 'host').join() !== `127.0.0.1:${port}`) return 'wrong-host';
  if (request.method !== 'GET' && request.method !== 'POST') return 'method-not-allowed';
  // HTTP/1.0, absolute form (RFC 9112 section 3.2.2) and expectations: no browser sends them to this agent.
  if (request.httpVersion !== '1.1' || !request.url?.startsWith('/') || request.headers.expect !== undefined) return 'bad-request';
  const origins = headerValues(request, 'origin');
  if (origins.length > 0 ? origins.join() !== `http://127.0.0.1:${port}` : request.method === 'POST') return 'wrong-origin';
  const sites = headerValues(request, 'sec-fetch-site');
  if (sites.length > 0 && sites.join() !== 'same-origin' && !(sites.join() === 'none' && isPage(request))) return 'wrong-origin';
  return undefined;
}

/** Refuses what never becomes a Fastify request. There is no WebSocket in this product, so no upgrade is ever taken. */
export function guardServer(server: Server, port: () => number | undefined): void {
  server.maxHeadersCount = headerLimit;
  const refuse = (request: IncomingMessage, socket: Duplex): void => {
    refuseSocket(socket, refusedAtTheDoor(request, port()) ?? 'bad-request');
  };
  server.on('upgrade', refuse);
  server.on('connect', refuse);
  server.on('checkContinue', (request) => refuse(request, request.socket));
  server.on('checkExpectation', (request) => refuse(request, request.socket));
}

/** What Node's parser could not read or waited too long for. Node's own answer would carry none of our headers. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'HPE_INVALID_METHOD') refuseSocket(socket, 'method-not-allowed');
  else if (error.code === 'HPE_HEADER_OVERFLOW') refuseSocket(socket, 'too-large', 431);
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuseSocket(socket, 'bad-request', 408);
  else refuseSocket(socket, 'bad-request');
}

/** The values of a header, as they came: Node's own table keeps only the first of two Host headers. */
function headerValues(request: IncomingMessage, name: string): string[] {
  const raw = request.rawHeaders;
  return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);
}

/** A page that a person or the kiosk's launcher opens, and not something that a page asks for. */
function isPage(request: IncomingMessage): boolean {
  const path = request.url?.split('?', 1)[0] ?? '';
  if (path.startsWith('/api/') || path.startsWith('/workbench/')) return false;
  return request.method === 'GET' && (path.endsWith('/') || path.endsWith('.html'));
}
