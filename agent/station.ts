/** Makes a station: folders, configuration and the first entry of its log. The one place that does; starting never makes anything. */
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { configDigest, defaultCrlPolicy, defaultLimits, originOf, parseConfig, stationPaths, type StationConfig } from './config.ts';
import { LogRefusal } from './log/errors.ts';
import { createStore } from './log/store.ts';
import { StartRefused } from './refusals.ts';
import { software } from './version.ts';

/** A checked configuration with the defaults filled in. Throws StartRefused for a name or a port that cannot be. */
export function newConfig(parts: Pick<StationConfig, 'name' | 'rpId' | 'port' | 'modules' | 'demo'>): StationConfig {
  const config = { ...parts, epoch: 1, inbox: 'inbox', outbox: 'outbox', trust: 'trust', crl: defaultCrlPolicy, limits: defaultLimits };
  return parseConfig(JSON.stringify(config), 'station.json');
}

/** Makes folders, configuration and log. Throws StartRefused when there is a station already or the folder cannot be written. */
export async function makeStation(data: string, config: StationConfig): Promise<void> {
  const paths = stationPaths(data, config);
  if (await exists(paths.config)) throw new StartRefused(`There is a station in ${paths.data} already. It was left as it is.`);
  try {
    await mkdir(paths.data, { recursive: true, mode: 0o700 });
    await chmod(paths.data, 0o700);
    for (const folder of [paths.inbox, paths.outbox, paths.check, paths.staging, paths.originals, paths.trust, paths.crl])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(paths.config, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new StartRefused(`The station cannot be made in ${paths.data}: ${reason(error)}.`, 2, error);
  }
  try {
    const options = { origin: originOf(config), stationName: config.name, demo: config.demo, software, configDigest: configDigest(config) };
    await createStore(paths.log, options);
  } catch (error) {
    await rm(paths.config, { force: true });
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
