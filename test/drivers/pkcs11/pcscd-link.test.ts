import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PcscdLink, states } from '../../../drivers/pkcs11/pcscd-link.ts';
import { hasLeft } from '../../../drivers/pkcs11/reader-watch.ts';

/** What pcscd answers: 16 places, of which the first ones have a reader. */
function answer(...readers: readonly (readonly [name: string, flags: number, events: number])[]): Buffer {
  const bytes = Buffer.alloc(16 * 184);
  for (const [index, [name, flags, events]] of readers.entries()) {
    bytes.write(name, index * 184);
    bytes.writeUInt32LE(events, index * 184 + 128);
    bytes.writeUInt32LE(flags, index * 184 + 132);
  }
  return bytes;
}

describe('what pcscd says of its readers', () => {
  it('is names, cards and events; empty places are none', () => {
    expect(states(answer(['A 00 00', 0x2, 0], ['B 00 00', 0x34, 7]))).toEqual([
      { name: 'A 00 00', cardIn: false, events: 0 },
      { name: 'B 00 00', cardIn: true, events: 7 },
    ]);
  });

  it.each([Buffer.alloc(0), Buffer.alloc(16 * 180), Buffer.alloc(16 * 184, 0x41)])('is refused when it is nonsense (%#)', (bytes) => {
    expect(() => states(bytes)).toThrow('pcscd gave');
  });

  it('decides whether a token has left, and nothing does where nobody can tell', () => {
    const seat = (cardIn: boolean, insertion: string) => ({ is: 'reader', cardIn, insertion }) as const;
    expect(hasLeft({ is: 'unknown' }, '0.1')).toBe(false);
    expect(hasLeft({ is: 'no-reader' }, undefined)).toBe(true);
    expect(hasLeft({ is: 'no-service' }, '0.1')).toBe(true);
    expect(hasLeft(seat(true, '0.1'), '0.1')).toBe(false);
    expect(hasLeft(seat(true, '0.3'), '0.1')).toBe(true);
    expect(hasLeft(seat(true, '0.3'), undefined)).toBe(false);
    expect(hasLeft(seat(false, '0.1'), '0.1')).toBe(true);
  });
});

describe('the link to pcscd', () => {
  let folder: string;
  let path: string;
  let server: Server | undefined;
  let link: PcscdLink;
  const clients = new Set<Socket>();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pcscd-'));
    path = join(folder, 'socket');
    link = new PcscdLink(path);
  });
  const stop = async (): Promise<void> => {
    for (const client of clients) client.destroy();
    clients.clear();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server = undefined;
  };
  afterEach(async () => {
    link.close();
    await stop();
    await rm(folder, { recursive: true });
  });

  /** Answers as pcscd does: a version is taken or refused with its own, a question gets `say`. */
  const serve = (minor: number, say: (client: Socket) => void): Promise<void> => {
    server = createServer((client) => {
      clients.add(client);
      client.on('error', () => undefined);
      client.on('data', (bytes: Buffer) => {
        if (bytes.readUInt32LE(4) !== 0x11) {
          say(client);
          return;
        }
        const reply = Buffer.from(bytes.subarray(8, 20));
        reply.writeUInt32LE(reply.readUInt32LE(4) === minor ? 0 : 0x8010001d, 8);
        reply.writeUInt32LE(minor, 4);
        client.write(reply);
      });
    });
    return new Promise((resolve) => server?.listen(path, resolve));
  };

  it('knows that there is no pcscd, and finds it when it comes', async () => {
    expect(await link.ask()).toBe('no-service');
    await serve(4, (client) => void client.write(answer(['A 00 00', 0x2, 0])));
    expect(await link.ask()).toHaveLength(1);
  });

  it.each([3, 4, 5])('speaks version 4.%i', async (minor) => {
    await serve(minor, (client) => void client.write(answer(['A 00 00', 0x4, 1])));
    expect(await link.ask()).toEqual([{ name: 'A 00 00', cardIn: true, events: 1 }]);
  });

  it('knows nothing where pcscd speaks a version that it does not', async () => {
    await serve(9, (client) => void client.write(answer()));
    expect(await link.ask()).toBe('unknown');
  });

  it('knows nothing where pcscd is silent, and does not wait long', async () => {
    await serve(4, () => undefined);
    const begin = performance.now();
    expect(await link.ask()).toBe('unknown');
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  it('notices that pcscd ended and was started again: its counters begin anew', async () => {
    const say = (client: Socket): void => void client.write(answer(['A 00 00', 0x4, 1]));
    await serve(4, say);
    await link.ask();
    const before = link.generation;
    await stop();
    expect(await link.ask()).toBe('no-service');
    await serve(4, say);
    expect(await link.ask()).toHaveLength(1);
    expect(link.generation).toBeGreaterThan(before);
  });
});
