/** What a station says about its revocation lists when it starts, one sentence each. None of it keeps it from starting. */
import { join } from 'node:path';
import type { Station } from '../main.ts';
import type { CommandIo } from './io.ts';

/** Tells where nobody can say whether a card was revoked, which lists are too old, and which files are not used. */
export function tellRevocation({ revocation, paths }: Pick<Station, 'revocation' | 'paths'>, io: CommandIo, now = new Date()): void {
  const lists = revocation.inUse(now);
  if (lists.length === 0)
    io.err(`There is no revocation list: nobody can tell whether a card was revoked. Lists of the issuers go into ${paths.crl}\n`);
  for (const { list, stale } of lists) {
    const day = list.thisUpdate.toISOString().slice(0, 10);
    if (stale) io.err(`The revocation list of ${list.issuerName}, of ${day}, is too old. A newer one goes into ${paths.crl}\n`);
  }
  for (const { name, sentence } of revocation.unused()) io.err(`${join(paths.crl, name)}: ${sentence}\n`);
}
