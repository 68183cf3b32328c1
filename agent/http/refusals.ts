/**
 * Everything that this room answers instead of doing it: one table from code to status, and the two ways to say it (through Fastify, or on a
 * bare socket where there is no reply).
 */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { problems, type HttpProblem, type HttpRefusal, type Recover } from '../contract/problems.ts';
import { securityHeaders } from './security-headers.ts';

interface RefusalRow {
  readonly status: number;
  readonly recover: Recover;
}

/** One row per refusal. 421 is RFC 9110 section 15.5.20: this server does not speak for that host. */
export const refusals: Readonly<Record<HttpRefusal, RefusalRow>> = {
  'wrong-host': { status: 421, recover: 'none' },
  'wrong-origin': { status: 403, recover: 'none' },
  'no-session': { status: 403, recover: 'retry' },
  'not-found': { status: 404, recover: 'none' },
  'bad-request': { status: 400, recover: 'none' },
  'not-now': { status: 409, recover: 'none' },
  'too-large': { status: 413, recover: 'none' },
  'too-many-requests': { status: 429, recover: 'retry' },
  'unsupported-media-type': { status: 415, recover: 'none' },
  'method-not-allowed': { status: 405, recover: 'none' },
};

/** Thrown by a route or hook of this room to refuse a request. Never a bug. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: HttpRefusal;

  constructor(code: HttpRefusal) {
    super(code);
    this.code = code;
  }
}

/** The body of an answer that refuses. */
export function problemOf(code: HttpRefusal | 'fault'): HttpProblem {
  return { code, recover: code === 'fault' ? problems.fault.recover : refusals[code].recover };
}

/**
 * What a thrown value means to the client: a refusal, or `undefined` when it is a bug of ours. Fastify marks what a client did wrong with a
 * status below 500 (its content type parsers, its validation, its router).
 */
export function refusalOf(error: unknown): HttpRefusal | undefined {
  if (error instanceof Refusal) return error.code;
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return undefined;
  if (error.statusCode < 400 || error.statusCode >= 500) return undefined;
  const byStatus: Readonly<Record<number, HttpRefusal>> = {
    404: 'not-found',
    405: 'method-not-allowed',
    413: 'too-large',
    414: 'too-large',
    415: 'unsupported-media-type',
  };
  return byStatus[error.statusCode] ?? 'bad-request';
}

/** Refuses on a bare socket, where Node gave no response object (upgrades, CONNECT, what its parser could not read), and closes it. */
export function refuseSocket(socket: Duplex, code: HttpRefusal, status = refusals[code].status): void {
  // Whatever the other side does now is of no interest any more.
  socket.on('error', () => socket.destroy());
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problemOf(code));
  const headers: Record<string, string> = {
    ...securityHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    connection: 'close',
  };
  if (code === 'method-not-allowed') headers['allow'] = 'GET, POST';
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
}
