/** Serves the built kiosk: exactly the files that were there at start, nothing that appears later, no folder lists and no hidden files. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** The kiosk was not built, or is somewhere else. For whoever starts the agent; `directory` is where it was looked for. */
export class KioskMissing extends Error {
  override readonly name = 'KioskMissing';
  readonly directory: string;

  constructor(directory: string) {
    super(`no kiosk in ${directory}: index.html is missing, build it first`);
    this.directory = directory;
  }
}

/** The absolute path of a kiosk build. Throws KioskMissing. */
export function findKiosk(directory: string): string {
  const root = resolve(directory);
  if (statSync(join(root, 'index.html'), { throwIfNoEntry: false })?.isFile() !== true) throw new KioskMissing(root);
  return root;
}

/** Adds one route per file to a scope of its own. */
export async function addKioskFiles(scope: FastifyInstance, root: string): Promise<void> {
  scope.addHook('onRequest', (request, reply, done) => {
    reply.header('cache-control', cacheFor(request.url.split('?', 1)[0] ?? ''));
    done();
  });
  await scope.register(fastifyStatic, {
    root,
    wildcard: false,
    decorateReply: false,
    acceptRanges: false,
    cacheControl: false,
    dotfiles: 'ignore',
  });
}

/** A name with a hash of its content never changes its meaning; a page must always be the one of the agent that runs now. */
function cacheFor(path: string): string {
  if (path.endsWith('/') || path.endsWith('.html')) return 'no-store';
  return /^\/assets\/[^/]+-[\w-]{8}\.\w+$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
}
