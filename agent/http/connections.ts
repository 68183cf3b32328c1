/**
 * Keeps a crowd of sockets from shutting the kiosk out: a connection that has shown no session is a stranger, only so many strangers are kept,
 * and the one that has waited longest goes first. It never touches a connection that the kiosk uses.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Most connections without a session; a page that is loading needs six. */
export const strangerLimit = 64;
/** Most connections altogether, for the sake of open files. Node counts one until it is wholly closed, so a whole backlog (511) must fit. */
const connectionLimit = 1000;

export class Connections {
  readonly #strangers = new Set<Socket>();

  constructor(server: Server) {
    server.maxConnections = connectionLimit;
    server.on('connection', (socket: Socket) => this.#add(socket));
  }

  /** A request on this connection has shown the session. */
  know(socket: Socket): void {
    this.#strangers.delete(socket);
  }

  #add(socket: Socket): void {
    this.#strangers.add(socket);
    socket.once('close', () => this.#strangers.delete(socket));
    for (const oldest of this.#strangers) {
      if (this.#strangers.size <= strangerLimit) return;
      this.#strangers.delete(oldest);
      oldest.destroy();
    }
  }
}
