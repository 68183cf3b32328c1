/** Signs files in one visit: the station with an inbox of its own for them, and an output file or folder that the caller names as its outbox. */
import { lstat, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { defaultMaxDocuments, readConfig, stationPaths } from '../config.ts';
import type { OutputFormat } from '../contract/state.ts';
import { startStation, type Station } from '../main.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { tellEnd, type Target } from './tell-end.ts';
import { readTerminalDocuments } from './terminal-documents.ts';
import { walk, type Walker } from './walk.ts';

/** A walker that can also put the token in and take it out again, for the demo. */
export type FilesWalker = Omit<Walker, 'digests'> & {
  readonly begin?: (station: Station) => Promise<void>;
  readonly end?: (station: Station) => Promise<void>;
};

export interface FilesOptions {
  readonly data: string;
  readonly out: string | undefined;
  readonly outDir: string | undefined;
  readonly json: boolean;
  readonly format: OutputFormat | undefined;
}

/** Signs the files in one visit. Gives the exit code. Throws StartRefused when the station or the output cannot be used. */
export async function signFiles(files: readonly string[], options: FilesOptions, io: CommandIo, walker: FilesWalker): Promise<number> {
  const target = await targetOf(files, options);
  const config = await readConfig(options.data);
  const { maxDocuments = defaultMaxDocuments } = config.limits;
  if (files.length > maxDocuments)
    throw new StartRefused(`One visit may sign ${maxDocuments} documents here, and ${files.length} were named.`);
  const paths = stationPaths(options.data, config);
  const given = new AbortController();
  const onSignal = (): void => given.abort();
  let fault: Error | undefined;
  const inbox = await mkdtemp(join(paths.data, 'terminal-')).catch((error: unknown) => {
    throw new StartRefused(`The data folder ${paths.data} cannot be written.`, 2, error);
  });
  let station: Station | undefined;
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    station = await startStation({
      data: options.data,
      inbox,
      ...target,
      format: options.format,
      inboxPollMs: 100,
      onFault: (error) => {
        fault = error instanceof Error ? error : new Error(String(error));
        given.abort();
      },
    });
    const read = await readTerminalDocuments(files, options.format, options.out !== undefined, station);
    if (!read.ok) {
      const { refusal, sentence } = read.refusal;
      await station.recorder.record({ op: 'document-refused', actor: { id: 'station', role: 'station' }, refusal });
      const isGone = files.includes(read.file) && !(await isThere(read.file));
      io.err(`${basename(read.file)}: ${isGone ? 'There is no such document.' : sentence}\n`);
      if (options.json) io.out(JSON.stringify({ outcome: 'nothing-signed', problem: 'document-refused', refusal }));
      return 1;
    }
    if (!options.json) for (const note of read.notes) io.out(`${note}\n`);
    for (const { name, bytes } of read.documents) await writeFile(join(inbox, name), bytes, { mode: 0o600, flag: 'wx' });
    const digests = read.documents.map(({ digest }) => digest);
    await walker.begin?.(station);
    const end = await walk(station.visit, { ...walker, digests }, given.signal);
    return tellEnd(end, target, options.json, io);
  } catch (error) {
    if (fault !== undefined) throw fault;
    if (!given.signal.aborted) throw error;
    // A token that was asked already is not cut off.
    await station?.visit.settled();
    const state = station?.visit.message().state;
    if (state?.screen === 'signed') return tellEnd(state, target, options.json, io);
    io.err('Given up. Nothing more was done; see countersign log show.\n');
    return 1;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    try {
      if (station !== undefined) await walker.end?.(station);
    } finally {
      await station?.close();
      await rm(inbox, { recursive: true, force: true });
    }
  }
}

/** One output file, or a folder for whatever comes. Throws WrongUsage or StartRefused. */
async function targetOf(files: readonly string[], { out, outDir, format }: FilesOptions): Promise<Target> {
  if (out !== undefined && outDir !== undefined) throw new WrongUsage('Say --out or --out-dir, and not both.');
  if (outDir !== undefined) {
    const outbox = resolve(outDir);
    const folder = await stat(outbox).catch(() => undefined);
    if (folder?.isDirectory() !== true) throw new StartRefused(`There is no folder ${outbox}.`);
    return { outbox };
  }
  if (out === undefined)
    throw new WrongUsage(
      files.length === 1 ? 'Say where the signed document goes: --out OUT.' : 'Say where the signed documents go: --out-dir DIR.',
    );
  if (files.length > 1 && format !== 'asic-e')
    throw new WrongUsage('Several documents go into a folder: --out-dir DIR. Or into one container: --format asic-e.');
  await mustBeFree(resolve(out));
  return { outputFile: resolve(out) };
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => !(error instanceof Error && 'code' in error && error.code === 'ENOENT'),
  );
}

async function mustBeFree(out: string): Promise<void> {
  if (await isThere(out)) throw new StartRefused(`There is a file at ${out} already. It was left as it is; choose another name.`);
  const folder = await stat(dirname(out)).catch(() => undefined);
  if (folder?.isDirectory() !== true) throw new StartRefused(`There is no folder ${dirname(out)}.`);
}
