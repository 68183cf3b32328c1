/** `countersign bundle open`: head office looks into a bundle. It needs no station, and writes nothing that does not verify. */
import { resolve } from 'node:path';
import { NotOpened, openBundles } from '../log/bundle/open.ts';
import { checkParts } from '../log/verify/bundle-folder.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { findBundles, inWords, withIdentities } from './bundle-paths.ts';
import { readKey } from './kept-elsewhere.ts';

const help = `countersign bundle open PATH... --identity FILE --to DIR [--key VKEY]

Opens a bundle of a station at head office: checks all of it, and then writes it out. DIR gets the tiles of the log (C2SP tlog-tiles), its
checkpoint, its entries as lines of JSON (entries.jsonl), attachments by their hash, checkpoints of seals, sealed fields and tables as lines of JSON, and the
configuration of the station. Where PATH begins behind entry 0, name the earlier bundles of that log too.

  PATH             a drive, its folder COUNTSGN/<STATION> (the newest export), or a manifest in it
  --identity FILE  the age identity of head office; may be given several times
  --to DIR         a folder that is new or empty
  --key VKEY       the key of the log as it was brought from elsewhere (countersign log key shows it)
  --help

Exit codes: 0 opened, 1 the bundle is broken, 2 it cannot be read, or DIR cannot be written. Unless it is 0, nothing is written.`;

export const bundleOpen = command(
  {
    name: 'bundle open',
    help,
    options: { identity: { type: 'string', multiple: true, default: [] }, to: { type: 'string' }, key: { type: 'string' } },
    takesWords: true,
  },
  async ({ values: { identity, to, key }, words }, io) => {
    if (words.length === 0) throw new WrongUsage('Name a bundle: countersign bundle open PATH --identity FILE --to DIR.');
    if (identity.length === 0) throw new WrongUsage('A bundle is opened with the identity of head office: --identity FILE.');
    if (to === undefined) throw new WrongUsage('Name the folder that the bundle is opened into: --to DIR.');
    const known = key === undefined ? undefined : readKey(key);
    return withIdentities(identity, async (identities) => {
      const result = await inWords(async () => {
        const bundles = await findBundles(words, known);
        for (const found of bundles) await checkParts(found);
        return await openBundles(bundles, identities, resolve(to));
      }).catch((error: unknown) => {
        if (error instanceof NotOpened) throw new StartRefused(`Not opened: ${error.message}.`, 2, error);
        const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
        throw code === undefined ? error : new StartRefused(`Not opened: ${to} cannot be written (${code}).`, 2, error);
      });
      if (result.verdict === 'broken')
        throw new StartRefused(`The bundle is broken: ${result.bad?.sentence ?? ''}. Nothing was written.`, 1);
      if (result.verdict === 'unreadable') {
        const why = result.cause instanceof Error ? result.cause.message : '';
        throw new StartRefused(`The bundle cannot be read: ${why}. Nothing was written.`, 2, result.cause);
      }
      io.out(`Opened: ${result.entries} entries, all of them good, in ${to}.`);
      if (known === undefined)
        io.out('The log is signed by the key that it names itself. Whose key that is was not checked: bring it with --key.');
      return 0;
    });
  },
);
