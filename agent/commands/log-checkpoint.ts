/** `countersign log checkpoint`: the newest checkpoint of a station's log, to be kept elsewhere; with --new, one that is signed now. */
import { configDigest, readConfig, stationPaths } from '../config.ts';
import { newestCheckpoint } from '../log/schema.ts';
import { seal } from '../log/seal.ts';
import { readLog } from '../log/readable.ts';
import { NotSigned } from '../log/note-key.ts';
import { openStationLog, openStationSigner } from '../opening.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { command } from './arguments.ts';
import { credentialName, keySecrets } from './log-passphrase.ts';
import { giveOut } from './new-file.ts';
import { openStored } from './stored-checkpoint.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';

const help = `countersign log checkpoint [--data DIR] [--out FILE] [--new]

Gives out the newest checkpoint of the operation log, a C2SP signed note: its size and root hash under the key of the log. Whoever
keeps it elsewhere can find later that the log was cut short, put back or made anew: countersign log verify --checkpoint FILE.

  --data DIR  folder of the station (default: ./station)
  --out FILE  a new file; without it the checkpoint goes to the output
  --new       sign one now; the agent must not run. The passphrase of the key, or the PIN of the token that holds it, is
              the systemd credential ${credentialName}, or is asked at the terminal
  --help

Exit codes: 0 given out, 1 there is none, or it does not hold, 2 cannot be read, signed or written.`;

/** Exit code 0, 1 when there is none, 2 when the call is wrong or something cannot be read or written. */
export const logCheckpoint = command(
  {
    name: 'log checkpoint',
    help,
    options: { data: { type: 'string', default: './station' }, out: { type: 'string' }, new: { type: 'boolean', default: false } },
  },
  async ({ values: { data, out, new: isNew } }, io) => {
    if (isNew) {
      await giveOut(await sign(data), out, io);
      return 0;
    }
    return refuseUnreadable(io, async () => {
      const note = await readLog(data, async ({ database, facts }) => {
        const stored = facts.hasTree ? await newestCheckpoint(database) : undefined;
        if (stored === undefined)
          throw new StartRefused(
            'The log has no checkpoint yet. One is signed while the agent runs, or by: countersign log checkpoint --new',
            1,
          );
        return openStored(stored, facts).note;
      });
      await giveOut(note, out, io);
      return 0;
    });
  },
);

async function sign(data: string): Promise<Uint8Array> {
  const config = await readConfig(data);
  const paths = stationPaths(data, config);
  const opened = await openStationLog(paths, config, { software, configDigest: configDigest(config) });
  try {
    const key = await openStationSigner(paths, config, opened, keySecrets);
    if (key === undefined) throw new StartRefused(`The log has no key. Make one with: countersign log key --make --data ${data}`, 1);
    try {
      return (await seal(opened.log, key.signer)).note;
    } finally {
      await key.close();
    }
  } catch (error) {
    throw error instanceof NotSigned ? new StartRefused(`Nothing was signed: ${error.message}.`, 2, error) : error;
  } finally {
    await opened.log.close();
  }
}
