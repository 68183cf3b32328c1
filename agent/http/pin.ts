/**
 * `POST /api/pin`: carries a PIN from the page to the visit and leaves no byte of it behind. It must never make a string of it, and answers
 * the same whatever the PIN is.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Secret } from '../../drivers/secret.ts';
import { pinBodyLength, pinMaxLength } from '../contract/api.ts';
import type { VisitPort } from './ports.ts';
import { Refusal } from './refusals.ts';

export interface PinRouteOptions {
  readonly visit: VisitPort;
  /** Throws Refusal `no-session` or `too-many-requests`. */
  readonly admit: (request: FastifyRequest) => void;
  /** Clears what is left of a request in buffers that this room cannot reach. */
  readonly wash: () => void;
}

/**
 * Adds the route to a scope of its own, the only one that reads `application/octet-stream`. The session is asked for after the body is read,
 * for a body that Node throws away unread keeps its bytes in memory.
 */
export function addPinRoute(scope: FastifyInstance, { visit, admit, wash }: PinRouteOptions): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/octet-stream', (_request: FastifyRequest, payload: IncomingMessage) =>
    collectAndWipe(payload, pinBodyLength),
  );
  scope.addHook('onRequest', (request, _reply, next) => {
    // Read to its end, refused or broken off: afterwards nothing of it comes in any more.
    request.raw.once('close', wash);
    next();
  });
  scope.post('/api/pin', async (request, reply) => {
    const body = request.body;
    if (!(body instanceof Uint8Array)) throw new Refusal('bad-request');
    request.body = undefined;
    let pin: Secret | undefined;
    try {
      admit(request);
      if (!visit.takesPin()) throw new Refusal('not-now');
      pin = takePin(body);
      if (!visit.enterPin(pin)) throw new Refusal('not-now');
      // From here on the PIN is the visit's.
      pin = undefined;
    } finally {
      body.fill(0);
      pin?.wipe();
    }
    return reply.code(204).send();
  });
}

/**
 * Reads a body of exactly `length` bytes and zeroes every chunk it came in. Throws Refusal `too-large` or `bad-request`, after zeroing what it
 * had gathered.
 */
export function collectAndWipe(source: Readable, length: number): Promise<Uint8Array> {
  const body = new Uint8Array(length);
  let filled = 0;
  return new Promise<Uint8Array>((resolve, reject) => {
    source.on('data', (chunk: Uint8Array) => {
      if (filled + chunk.length <= length) body.set(chunk, filled);
      filled += chunk.length;
      chunk.fill(0);
      if (filled > length) reject(new Refusal('too-large'));
    });
    source.on('end', () => {
      if (filled === length) resolve(body);
      else reject(new Refusal('bad-request'));
    });
    // The page went away half-way, or took too long. After `end` these change nothing any more.
    source.on('error', () => reject(new Refusal('bad-request')));
    source.on('close', () => reject(new Refusal('bad-request')));
  }).catch((error: unknown) => {
    body.fill(0);
    throw error;
  });
}

/** Takes the PIN out of a body (one length byte, the PIN, zeros). Throws Refusal `bad-request` when it is anything else. */
export function takePin(body: Uint8Array): Secret {
  const length = body[0] ?? 0;
  const wellFormed = length >= 1 && length <= pinMaxLength && body.subarray(1 + length).every((byte) => byte === 0);
  if (!wellFormed) throw new Refusal('bad-request');
  return new Secret(body.subarray(1, 1 + length));
}
