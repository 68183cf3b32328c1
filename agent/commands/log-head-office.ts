/** `countersign log head-office`: shows whom bundles are encrypted to, and enters another key of head office into the log. */
import { configDigest, readConfig, stationPaths } from '../config.ts';
import { headOfficeOf, headOfficeTaken } from '../log/bundle/head-office.ts';
import { readEntry } from '../log/entry.ts';
import { readLog } from '../log/readable.ts';
import { findRows } from '../log/schema.ts';
import { openStationLog } from '../opening.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { command } from './arguments.ts';
import { takeHeadOfficeKey } from './head-office-key.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';

const help = `countersign log head-office [--data DIR] [--recipient AGE1 | --identity FILE]

Shows whom bundles of this station are encrypted to (countersign export). With --recipient, bundles go to another key from now on; with
--identity, that key is made, and its secret part is written once into a new file. Either is an entry of the log; the agent must not run.

  --data DIR        folder of the station (default: ./station)
  --recipient AGE1  the public key of head office, as age-keygen shows it
  --identity FILE   make a key for head office; FILE is new and outside of the data folder, is carried to head office and deleted here
  --help

Exit codes: 0 shown or entered, 1 there is none, or it is the one already, 2 cannot be read or entered.`;

export const logHeadOffice = command(
  {
    name: 'log head-office',
    help,
    options: { data: { type: 'string', default: './station' }, recipient: { type: 'string' }, identity: { type: 'string' } },
  },
  async ({ values: { data, recipient, identity } }, io) => {
    if (recipient === undefined && identity === undefined)
      return refuseUnreadable(io, async () => {
        const known = await readLog(data, async ({ database }) => {
          const all = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER, newestFirst: false };
          return headOfficeOf((await findRows(database, { ...all, ops: ['key'] })).map(readEntry));
        });
        if (known !== undefined) io.out(known);
        else io.err(`The log knows no key of head office. Bring one with: countersign log head-office --recipient age1... --data ${data}`);
        return known === undefined ? 1 : 0;
      });
    const config = await readConfig(data);
    const { log } = await openStationLog(stationPaths(data, config), config, { software, configDigest: configDigest(config) });
    try {
      const key = await takeHeadOfficeKey(data, { recipient: '--recipient', identity: '--identity' }, { recipient, identity });
      if (key === undefined) return 2;
      if (headOfficeOf(await log.entries({ op: 'key' })) === key.recipient)
        throw new StartRefused(`Bundles are encrypted to ${key.recipient} already. Nothing was entered.`, 1);
      const entry = await log.append(headOfficeTaken(key.recipient)).catch(async (error: unknown) => {
        await key.undo();
        throw error;
      });
      io.out(`Bundles are encrypted to ${key.recipient} from now on: entry ${entry.seq} of the log.`);
      for (const sentence of key.sentences) io.out(sentence);
      return 0;
    } finally {
      await log.close();
    }
  },
);
