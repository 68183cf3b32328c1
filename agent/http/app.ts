/**
 * The HTTP room: carries states to the kiosk's page and what a person does back to the visit. It must decide nothing, keep nothing of what
 * passes through it, print nothing, and be heard by nobody but the page that it served itself. Contract: `contract/api.ts`.
 */
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import type { HttpRefusal } from '../contract/problems.ts';
import { Connections } from './connections.ts';
import { EventStreams } from './events.ts';
import { guardServer, refusedAtTheDoor, refuseUnreadable } from './guards.ts';
import { addKioskFiles, findKiosk } from './kiosk-files.ts';
import type { VisitPort, WorkbenchPort } from './ports.ts';
import { RateLimit } from './rate.ts';
import { problemOf, refusalOf, refusals } from './refusals.ts';
import { addRoutes } from './routes.ts';
import { idLimit } from './schemas.ts';
import { securityHeaders } from './security-headers.ts';
import { Session } from './session.ts';
import { washParserBuffer } from './wash.ts';

export interface AppOptions {
  readonly visit: VisitPort;
  /** Folder of the built kiosk. */
  readonly kioskDirectory: string;
  /** The port that this agent listens on, for Host and Origin; nobody is heard while it is `undefined`. */
  readonly port: () => number | undefined;
  /** Only on a demo station; without it the workbench routes do not exist. */
  readonly workbench?: WorkbenchPort;
  /** Told of every error that is a bug; the page is told `fault` and nothing else. */
  readonly onFault: (error: unknown) => void;
}

/** Longest that a request may take to arrive, headers and body, milliseconds. */
export const headersTimeoutMs = 4000;
export const requestTimeoutMs = 6000;
/** Longest JSON body, bytes; the longest action is a tenth of it. */
export const jsonLimit = 4096;
/** Actions and PINs per second; a person manages five. */
export const actionsPerSecond = 50;

/** Builds the app with its plugins, hooks and error handlers; it does not listen. Throws KioskMissing. */
export function createApp(options: AppOptions): FastifyInstance {
  const kioskRoot = findKiosk(options.kioskDirectory);
  const app = fastify({
    logger: false,
    // Read here and nowhere else: Node's own checks would answer in words and headers that are not ours.
    http: { requireHostHeader: false, maxHeaderSize: 8192, headersTimeout: headersTimeoutMs, connectionsCheckingInterval: 500 },
    requestTimeout: requestTimeoutMs,
    bodyLimit: jsonLimit,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    return503OnClosing: false,
    routerOptions: { maxParamLength: idLimit },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false, discriminator: true } },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (_error, request, reply) => {
      // The router could not read the path; hooks do not run for it.
      reply.headers(securityHeaders);
      refuse(reply, refusedAtTheDoor(request.raw, options.port()) ?? 'bad-request', true);
    },
  });
  const connections = new Connections(app.server);
  const streams = new EventStreams(options.visit);
  guardServer(app.server, options.port);

  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers(securityHeaders).header('cache-control', 'no-store');
    const refusal = refusedAtTheDoor(request.raw, options.port());
    if (refusal === undefined) next();
    else refuse(reply, refusal, true);
  });
  app.addHook('preClose', (done) => {
    streams.close();
    done();
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 'not-found', false));
  app.setErrorHandler((error, _request, reply) => {
    const refusal = refusalOf(error);
    if (refusal !== undefined) return refuse(reply, refusal, false);
    options.onFault(error);
    return reply.code(500).header('cache-control', 'no-store').send(problemOf('fault'));
  });

  addRoutes(app, {
    visit: options.visit,
    workbench: options.workbench,
    session: new Session(),
    streams,
    connections,
    limit: new RateLimit(actionsPerSecond),
    wash: () => {
      const port = options.port();
      if (port !== undefined && app.server.listening) washParserBuffer(port);
    },
  });
  app.register((scope) => addKioskFiles(scope, kioskRoot));
  return app;
}

/** Answers a refusal. `hangUp` closes the connection, whose unread body nobody wants. */
function refuse(reply: FastifyReply, code: HttpRefusal, hangUp: boolean): FastifyReply {
  if (hangUp) reply.header('connection', 'close');
  if (code === 'method-not-allowed') reply.header('allow', 'GET, POST');
  return reply.code(refusals[code].status).header('cache-control', 'no-store').send(problemOf(code));
}
