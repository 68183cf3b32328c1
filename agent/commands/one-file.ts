/** Signs one file in one visit: the station with an inbox of its own for that file, and the one output file as its outbox. */
import { lstat, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readConfig, stationPaths } from '../config.ts';
import { readDocument } from '../documents/intake.ts';
import { remarkSentence } from '../documents/intake-findings.ts';
import { startStation, type Station } from '../main.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { tellEnd } from './tell.ts';
import { walk, type Walker } from './walk.ts';

/** A walker that can also put the token in and take it out again, for the demo. */
export type OneFileWalker = Omit<Walker, 'digest'> & {
  readonly begin?: (station: Station) => Promise<void>;
  readonly end?: (station: Station) => Promise<void>;
};

/** Signs `file` into `out`. Gives the exit code. Throws StartRefused when the station or the output cannot be used. */
export async function signOneFile(
  file: string,
  options: { readonly data: string; readonly out: string | undefined; readonly json: boolean },
  io: CommandIo,
  walker: OneFileWalker,
): Promise<number> {
  if (options.out === undefined) throw new WrongUsage('Say where the signed document goes: --out OUT.');
  const out = resolve(options.out);
  await mustBeFree(out);
  const config = await readConfig(options.data);
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
      outputFile: out,
      inboxPollMs: 100,
      onFault: (error) => {
        fault = error instanceof Error ? error : new Error(String(error));
        given.abort();
      },
    });
    const read = await readDocument(resolve(file), station.examiner);
    const judged = read.ok ? (station.desk.refusal(nameInInbox(file), read.document.remarks) ?? read) : read;
    if (!judged.ok) {
      const { refusal, sentence } = judged;
      await station.recorder.record({ op: 'document-refused', actor: { id: 'station', role: 'station' }, refusal });
      io.err(`${basename(file)}: ${(await isThere(file)) ? sentence : 'There is no such document.'}\n`);
      if (options.json) io.out(JSON.stringify({ outcome: 'nothing-signed', problem: 'document-refused', refusal }));
      return 1;
    }
    if (!options.json) for (const remark of judged.document.remarks) io.out(`Note: ${remarkSentence(remark)}\n`);
    await writeFile(join(inbox, nameInInbox(file)), judged.document.bytes, { mode: 0o600, flag: 'wx' });
    await walker.begin?.(station);
    const end = await walk(station.visit, { ...walker, digest: judged.document.digest }, given.signal);
    return tellEnd(end, out, options.json, io);
  } catch (error) {
    if (fault !== undefined) throw fault;
    if (!given.signal.aborted) throw error;
    // A token that was asked already is not cut off.
    await station?.visit.settled();
    const state = station?.visit.message().state;
    if (state?.screen === 'signed') return tellEnd(state, out, options.json, io);
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

/** The inbox passes over names of half-copied files, and here the copy is whole whatever its name is. */
function nameInInbox(file: string): string {
  const stem = basename(file)
    .replace(/^[.~$]+/, '')
    .replace(/\.pdf$/i, '');
  return `${Array.from(stem).slice(0, 60).join('')}.pdf`;
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
