/** Opens the one door of the agent: a TCP port on the loopback interface, and no other. */
import { createApp, type AppOptions } from './app.ts';

export interface ServerOptions extends Omit<AppOptions, 'port'> {
  /** 0 takes any free port. Not 80: browsers leave that one out of Host and Origin. */
  readonly port: number;
  readonly host: '127.0.0.1';
}

export interface RunningServer {
  /** What a browser opens, for example `http://127.0.0.1:8443/`. */
  readonly address: string;
  readonly port: number;
  /** Ends the streams, closes every connection and stops listening. */
  close(): Promise<void>;
}

/** The agent cannot listen on the port that its configuration names; `reason` tells what a person must change. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly reason: 'port-in-use' | 'port-not-allowed' | 'not-loopback';
  readonly port: number;

  constructor(reason: ListenError['reason'], port: number, cause?: unknown) {
    super(`cannot listen on port ${port}: ${reason}`, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.port = port;
  }
}

/** Starts to listen. Throws ListenError, and KioskMissing when there is no kiosk to serve. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const host: string = options.host;
  if (host !== '127.0.0.1') throw new ListenError('not-loopback', options.port);
  if (options.port === 80) throw new ListenError('port-not-allowed', options.port);
  const bound: { port?: number } = {};
  const app = createApp({ ...options, port: () => bound.port });
  try {
    await app.listen({ host, port: options.port });
  } catch (error) {
    await app.close();
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') throw new ListenError('port-in-use', options.port, error);
    if (code === 'EACCES') throw new ListenError('port-not-allowed', options.port, error);
    throw error;
  }
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('listening, but not on a TCP port');
  bound.port = address.port;
  return { address: `http://127.0.0.1:${address.port}/`, port: address.port, close: () => app.close() };
}
