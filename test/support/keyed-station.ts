/** Stations with a log key, and one as it was made before logs had keys, in folders of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDigest, originOf, readConfig, stationPaths, type StationConfig, type StationPaths } from '../../agent/config.ts';
import { createStore } from '../../agent/log/new-store.ts';
import { type OpenedLog, openStationLog } from '../../agent/opening.ts';
import type { KeyWrapping } from '../../agent/new-log-key.ts';
import { makeStation, newConfig } from '../../agent/station.ts';

export const passphrase = 'correct horse battery staple';
export const ask = (text = passphrase) => Promise.resolve(Uint8Array.from(Buffer.from(text)));

export interface KeyedStation {
  readonly data: string;
  readonly config: StationConfig;
  readonly paths: StationPaths;
  open(): Promise<OpenedLog>;
  remove(): Promise<void>;
}

/** `none`: a station of before. */
export async function makeKeyedStation(wrapping: KeyWrapping | 'none' = 'unwrapped'): Promise<KeyedStation> {
  const data = await mkdtemp(join(tmpdir(), 'keyed-'));
  const made = newConfig({ name: 'branch-12.example.org', rpId: 'example.org', port: 0, modules: [], demo: false });
  await makeStation(data, made, wrapping === 'none' ? 'unwrapped' : wrapping);
  const config = await readConfig(data);
  const paths = stationPaths(data, config);
  const software = { software: 'countersign test', configDigest: configDigest(config) };
  if (wrapping === 'none') {
    await rm(paths.logKey);
    await rm(paths.anchor);
    await rm(paths.log, { recursive: true });
    await createStore(paths.log, { ...software, origin: originOf(config), stationName: config.name, demo: false });
  }
  return {
    data,
    config,
    paths,
    open: () => openStationLog(paths, config, software),
    remove: () => rm(data, { recursive: true, force: true }),
  };
}

/** What a command said and its exit code; a refusal is what the program would print. */
export async function call(
  command: (args: string[], io: { out(text: string): void; err(text: string): void }) => Promise<number>,
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' };
  const line = (text: string) => (text.endsWith('\n') ? text : `${text}\n`);
  try {
    const code = await command(args, { out: (text) => void (said.out += line(text)), err: (text) => void (said.err += line(text)) });
    return { code, ...said };
  } catch (error) {
    if (!(error instanceof Error && 'exitCode' in error)) throw error;
    return { code: Number(error.exitCode), out: said.out, err: `${said.err}${error.message}\n` };
  }
}
