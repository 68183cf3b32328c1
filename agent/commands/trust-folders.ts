/** The folders that say whom to trust, as options of commands that need no station; and why a file or folder could not be read. */
import { readFile, readdir } from 'node:fs/promises';
import { RevocationFolder } from '../documents/crl-folder.ts';
import { loadTrust, type Trust } from '../documents/trust.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';

/** What --trust and --crl say; undefined without --trust. Lists that are not used are named. Throws StartRefused, and WrongUsage for --crl alone. */
export async function trustFrom(
  { trust, crl }: { readonly trust?: string | undefined; readonly crl?: string | undefined },
  io: CommandIo,
): Promise<Trust | undefined> {
  if (crl !== undefined && trust === undefined) throw new WrongUsage('--crl needs --trust: a revocation list counts by its issuer.');
  if (trust === undefined) return undefined;
  const issuers = await loadTrust(trust).catch((error: unknown) => {
    throw new StartRefused(`The trust folder ${trust} cannot be read${because(error)}.`, 2, error);
  });
  if (crl === undefined) return issuers;
  await readdir(crl).catch((error: unknown) => {
    throw new StartRefused(`The folder of revocation lists ${crl} cannot be read${because(error)}.`, 2, error);
  });
  const folder = new RevocationFolder(crl, issuers, { stale: 'refuse' });
  const found = await folder.trust(new Date());
  for (const { name, sentence } of folder.unused()) io.err(`${name}: ${sentence}\n`);
  return found;
}

/** The bytes of a file that was named. Throws StartRefused. */
export async function readInput(file: string): Promise<Uint8Array> {
  return readFile(file).catch((error: unknown) => {
    throw new StartRefused(`${file} cannot be read${because(error)}.`, 2, error);
  });
}

/** The end of a sentence about a file that could not be used. */
export function because(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return ': it does not exist';
  if (code === 'EACCES') return ': there is no permission';
  if (code === 'EISDIR') return ': it is a folder';
  return typeof code === 'string' ? ` (${code})` : '';
}
