/** Three neighbouring ports: vpcd needs two, and the first is held by us as a mark, so that two readers never choose the same ones. */
import { createServer, type Server } from 'node:net';
import { randomInt } from 'node:crypto';

/** Below the ports that Linux hands out to outgoing connections (32768 and up). */
const lowest = 20_001;
const blocks = 4000;

export interface PortBlock {
  /** The first of two free ports. */
  readonly first: number;
  release(): Promise<void>;
}

/** Finds a block whose mark is free and whose ports nobody listens on. Throws when there is none after many tries. */
export async function claimPorts(): Promise<PortBlock> {
  for (let attempt = 1; attempt <= 50; attempt += 1) {
    const mark = lowest + 3 * randomInt(blocks);
    const held = await listen(mark);
    if (held === undefined) continue;
    const free = (await isFree(mark + 1)) && (await isFree(mark + 2));
    if (free) return { first: mark + 1, release: () => close(held) };
    await close(held);
  }
  throw new Error('no free ports for a card reader');
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await close(server);
  return true;
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
