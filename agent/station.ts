/** Makes a station: folders, configuration and the first entry of its log. The one place that does; starting never makes anything. */
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import {
  configDigest,
  defaultAnchor,
  defaultCrlPolicy,
  defaultLimits,
  originOf,
  parseConfig,
  stationPaths,
  type StationConfig,
  type StationPaths,
} from './config.ts';
import { LogRefusal } from './log/errors.ts';
import type { AppendableEvent, EventOf } from './log/events.ts';
import { keyMade, LogKeyRefused } from './log/log-key.ts';
import { keyFor, type KeyWrapping, type NewKey } from './new-log-key.ts';
import { AnchorFault, makeAnchor } from './log/anchor-file.ts';
import { createStore } from './log/new-store.ts';
import { makeSealing, type NewStaff } from './log/staff-grants.ts';
import { StartRefused } from './refusals.ts';
import { software } from './version.ts';

/** A checked configuration with the defaults filled in. Throws StartRefused for a name or a port that cannot be. */
export function newConfig(parts: Pick<StationConfig, 'name' | 'rpId' | 'port' | 'modules' | 'demo' | 'anchor'>): StationConfig {
  const { anchor = defaultAnchor, ...named } = parts;
  const folders = { inbox: 'inbox', outbox: 'outbox', trust: 'trust', anchor };
  const config = { ...named, epoch: 1, ...folders, crl: defaultCrlPolicy, limits: defaultLimits };
  return parseConfig(JSON.stringify(config), 'station.json');
}

/** What a log has from the beginning, beside its key. */
export interface Beginning {
  /** What stands behind the first entry, in the same commit; the entry with the key of the log is one of it. */
  readonly then?: (key: EventOf<'key'>) => readonly AppendableEvent[];
  /** The first who may read what is sealed. Of an empty list nobody ever can; where it is left out no keys are made yet and nothing is sealed. */
  readonly staff?: readonly NewStaff[];
}

/** Throws StartRefused when there is a station in a data folder. */
export async function mustNotBeMade(data: string): Promise<void> {
  const paths = stationPaths(data);
  if (await exists(paths.config)) throw new StartRefused(`There is a station in ${paths.data} already. It was left as it is.`);
}

/**
 * Makes folders, configuration, the key of the log, those that personal fields are sealed to, and the log. Throws StartRefused when there is one already
 * or the folder cannot be written.
 */
export async function makeStation(data: string, wanted: StationConfig, wrapping: KeyWrapping, beginning: Beginning = {}): Promise<void> {
  const paths = stationPaths(data, wanted);
  await mustNotBeMade(data);
  // Asked before anything is made, so that whoever gives up leaves nothing behind.
  const key = await keyFor(paths.logKey, originOf(wanted), wrapping);
  try {
    await makeWith(key, paths, { ...wanted, ...key.settings }, beginning);
  } finally {
    await key.close();
  }
}

async function makeWith(newKey: NewKey, paths: StationPaths, config: StationConfig, beginning: Beginning): Promise<void> {
  try {
    await mkdir(paths.data, { recursive: true, mode: 0o700 });
    await chmod(paths.data, 0o700);
    for (const folder of [paths.inbox, paths.outbox, paths.check, paths.staging, paths.originals, paths.trust, paths.crl, paths.readers])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(paths.config, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    await newKey.forget();
    throw new StartRefused(`The station cannot be made in ${paths.data}: ${reason(error)}.`, 2, error);
  }
  const undo: string[] = [];
  try {
    const origin = originOf(config);
    const key = await newKey.make();
    const station = { origin, stationName: config.name, demo: config.demo, software, configDigest: configDigest(config) };
    const { then = (made: EventOf<'key'>) => [made], staff } = beginning;
    const sealing = staff === undefined ? undefined : await makeSealing(staff);
    await createStore(paths.log, {
      ...station,
      then: [...then(keyMade(key)), ...(sealing?.events ?? [])],
      ...(sealing === undefined ? {} : { fill: sealing.fill }),
      async keepHead(head) {
        await makeAnchor(paths.anchor, head);
        undo.push(paths.anchor);
      },
    });
  } catch (error) {
    await newKey.forget();
    for (const file of [...undo, paths.config]) await rm(file, { force: true });
    if (error instanceof AnchorFault)
      throw new StartRefused(`The station is not made: ${error.message}. It must be a new file in a folder that is there.`, 2, error);
    if (error instanceof LogKeyRefused) throw new StartRefused(`The station is not made: ${error.message}.`, 2, error);
    throw error instanceof LogRefusal ? new StartRefused(`The operation log cannot be made: ${error.message}.`, 2, error) : error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM') return 'there is no permission to write there';
  if (code === 'ENOSPC') return 'the disk is full';
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'something that is not a folder is in the way';
  return String(code ?? error);
}
