/** `countersign log key`: shows the public key of a station's log, and makes the key in a station that has none yet. */
import { configDigest, readConfig, stationPaths, type StationConfig } from '../config.ts';
import { hasLogKey, keyMade, type LogKey, LogKeyRefused, makeLogKey, openLogKey } from '../log/log-key.ts';
import { formatVerifierKey, makeVerifierKey, NotSigned } from '../log/note-key.ts';
import { readLog } from '../log/readable.ts';
import { tryKey } from '../log-token/make.ts';
import { openTokenSigner } from '../log-token/signer.ts';
import { moduleOf, type OpenedLog, openStationLog } from '../opening.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { command, WrongUsage } from './arguments.ts';
import { credentialName, passphraseToMake, passphraseToOpen, pinsOfToken } from './log-passphrase.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';

const help = `countersign log key [--data DIR] [--make [--unwrapped]]

Shows the key that checkpoints of the log are checked with, as C2SP signed notes write it. With --make, makes the key of a station
that was made before logs had one; the agent must not run meanwhile.

  --data DIR   folder of the station (default: ./station)
  --make       make the key and enter it into the log; where "logKey" in station.json names a key that lies in a token, it is that one
  --unwrapped  the key lies on the disk without a passphrase; otherwise its passphrase is the systemd credential
               ${credentialName}, or is asked at the terminal
  --help

Exit codes: 0 shown or made, 1 there is none, or there is one already, 2 cannot be read or made.`;

/** Exit code 0, 1 when the answer is no, 2 when the call is wrong or something cannot be read. */
export const logKey = command(
  {
    name: 'log key',
    help,
    options: {
      data: { type: 'string', default: './station' },
      make: { type: 'boolean', default: false },
      unwrapped: { type: 'boolean', default: false },
    },
  },
  async ({ values: { data, make: isToBeMade, unwrapped } }, io) => {
    if (unwrapped && !isToBeMade) throw new WrongUsage('--unwrapped says how a key is made, and goes with --make.');
    if (isToBeMade) {
      io.out(await make(data, unwrapped));
      return 0;
    }
    return refuseUnreadable(io, async () => {
      const { origin, key } = await readLog(data, ({ facts }) => Promise.resolve(facts));
      if (key === undefined) {
        io.err(`The log has no key. Make one with: countersign log key --make --data ${data}`);
        return 1;
      }
      io.out(formatVerifierKey(makeVerifierKey(origin, 'ed25519', Buffer.from(key.public_key, 'hex'))));
      return 0;
    });
  },
);

/** The verifier key of what was made. */
async function make(data: string, unwrapped: boolean): Promise<string> {
  const config = await readConfig(data);
  const paths = stationPaths(data, config);
  const opened = await openStationLog(paths, config, { software, configDigest: configDigest(config) });
  try {
    if (opened.key !== undefined) throw new StartRefused('The log has a key already, and a second one is not made.', 1);
    const key = config.logKey === undefined ? await makeIn(paths.logKey, opened, unwrapped) : await takeFromToken(config, opened);
    await opened.log.append(keyMade(key));
    return formatVerifierKey(key.signer.verifier);
  } catch (error) {
    const isRefused = error instanceof LogKeyRefused || error instanceof NotSigned;
    throw isRefused ? new StartRefused(`No key was made: ${error.message}.`, 2, error) : error;
  } finally {
    await opened.log.close();
  }
}

async function makeIn(file: string, { log }: OpenedLog, unwrapped: boolean): Promise<LogKey> {
  // Whoever was stopped between the file and the entry finds the file again: it is taken, and nothing is written over it.
  if (await hasLogKey(file)) return openLogKey(file, log.origin, passphraseToOpen);
  return makeLogKey(file, log.origin, unwrapped ? undefined : await passphraseToMake('--unwrapped'));
}

/** The key that the configuration names, once it has shown that it signs. */
async function takeFromToken(config: StationConfig, { log }: OpenedLog): Promise<LogKey> {
  const { logKey: settings } = config;
  if (settings === undefined) throw new Error('the configuration names no token');
  const signer = await openTokenSigner({ origin: log.origin, module: moduleOf(config), settings, pins: pinsOfToken() }, undefined);
  try {
    await tryKey(signer);
    return { signer, wrapping: 'token' };
  } finally {
    await signer.close();
  }
}
