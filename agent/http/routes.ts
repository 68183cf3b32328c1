/** The routes of `contract/api.ts`, one line of decision each: the visit decides, this room translates. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Action } from '../contract/api.ts';
import type { Connections } from './connections.ts';
import type { EventStreams } from './events.ts';
import { addPinRoute } from './pin.ts';
import type { VisitPort, WorkbenchPort } from './ports.ts';
import type { RateLimit } from './rate.ts';
import { Refusal } from './refusals.ts';
import { actionSchema, documentParamsSchema } from './schemas.ts';
import type { Session } from './session.ts';
import { addWorkbenchRoutes } from './workbench-routes.ts';

export interface RouteOptions {
  readonly visit: VisitPort;
  readonly workbench: WorkbenchPort | undefined;
  readonly session: Session;
  readonly streams: EventStreams;
  readonly connections: Connections;
  readonly limit: RateLimit;
  readonly wash: () => void;
}

/** Adds every route. Each but `POST /api/session` asks for the session first. */
export function addRoutes(app: FastifyInstance, options: RouteOptions): void {
  const { visit, workbench, session, limit } = options;

  const requireSession = (request: FastifyRequest): void => {
    if (!session.holds(request.raw)) throw new Refusal('no-session');
    options.connections.know(request.raw.socket);
  };
  const requireRate = (): void => {
    if (!limit.take()) throw new Refusal('too-many-requests');
  };

  app.post('/api/session', (request, reply) => {
    if (request.body !== undefined) throw new Refusal('bad-request');
    return reply.header('set-cookie', session.setCookie()).send({ csrf: session.csrf });
  });

  app.register((scope, _options, done) => {
    scope.addHook('onRequest', (request, _reply, next) => {
      requireSession(request);
      next();
    });
    addVisitRoutes(scope, options, requireRate);
    if (workbench !== undefined) addWorkbenchRoutes(scope, workbench, requireRate);
    done();
  });

  app.register((scope, _options, done) => {
    addPinRoute(scope, {
      visit,
      admit: (request) => {
        requireSession(request);
        requireRate();
      },
      wash: options.wash,
    });
    done();
  });

  const wrongMethod = (): never => {
    throw new Refusal('method-not-allowed');
  };
  for (const url of ['/api/session', '/api/actions', '/api/pin']) app.get(url, wrongMethod);
  for (const url of ['/api/events', '/api/documents/:id']) app.post(url, wrongMethod);
}

function addVisitRoutes(scope: FastifyInstance, { visit, streams }: RouteOptions, requireRate: () => void): void {
  scope.get('/api/events', (_request, reply: FastifyReply) => {
    const first = visit.message();
    if (streams.full) throw new Refusal('too-many-requests');
    reply.hijack();
    streams.open(reply.raw, reply.getHeaders(), first);
  });

  scope.get<{ Params: { id: string } }>('/api/documents/:id', { schema: { params: documentParamsSchema } }, (request, reply) => {
    const bytes = visit.documentBytes(request.params.id);
    if (bytes === undefined) throw new Refusal('not-found');
    // A view of the same bytes, not a copy.
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return reply.type('application/pdf').header('content-disposition', 'inline').send(body);
  });

  scope.post<{ Body: Action }>('/api/actions', { schema: { body: actionSchema } }, (request, reply) => {
    requireRate();
    if (!visit.act(request.body)) throw new Refusal('not-now');
    return reply.code(204).send();
  });
}
