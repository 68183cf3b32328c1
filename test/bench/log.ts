/**
 * `npm run bench:log`: how fast the operation log appends, verifies, proves and signs, each beside a yardstick from the same run, in a log of
 * 1,000,000 entries that is made once and kept. Exit code 1 when an aim is missed by more than 25 %.
 */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { bigLog } from './log/big-log.ts';
import { log } from './log/built.ts';
import { durableAppends } from './log/durable.ts';
import { checkpoints, openTimed, proofs } from './log/points.ts';
import { exitCode, type Ratio, table } from './log/ratios.ts';
import { wholeLog } from './log/whole.ts';

const help = `npm run bench:log -- [--entries N] [--rounds N]

Measures the operation log beside its yardsticks and prints a table of ratios.

  --entries N  entries in the log that is verified and proven (default 1000000; made once and kept under XDG_CACHE_HOME or ~/.cache)
  --rounds N   appends that are timed, alone and sixteen at once (default 3000)
  --help

Exit codes: 0 measured, 1 an aim was missed by more than 25 %, 2 the call is wrong.`;

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

const wanted = read();
if (wanted === undefined) process.exitCode ??= 2;
else {
  const ratios = await measure(wanted);
  process.stdout.write(`\n${table(ratios).join('\n')}\n`);
  process.exitCode = exitCode(ratios);
}

function read(): { readonly entries: number; readonly rounds: number } | undefined {
  try {
    const { values } = parseArgs({
      options: { entries: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3000' }, help: { type: 'boolean' } },
    });
    if (values.help === true) {
      process.stdout.write(`${help}\n`);
      process.exitCode = 0;
      return undefined;
    }
    const [entries, rounds] = [Number(values.entries), Number(values.rounds)];
    if (!Number.isInteger(entries) || entries < 1000) throw new Error('--entries takes a whole number from 1000');
    if (!Number.isInteger(rounds) || rounds < 100) throw new Error('--rounds takes a whole number from 100');
    return { entries, rounds };
  } catch (error) {
    tell(`${error instanceof Error ? error.message : String(error)}. See npm run bench:log -- --help`);
    return undefined;
  }
}

async function measure({ entries, rounds }: { readonly entries: number; readonly rounds: number }): Promise<readonly Ratio[]> {
  process.stdout.write(`node ${process.version}, ${cpus()[0]?.model.trim() ?? 'processor'}, ${log.software}\n\n`);
  const kept = await bigLog(entries, tell);
  // On the disk of the kept log, so that every number is of one disk.
  const folder = await mkdtemp(join(dirname(kept), 'run-'));
  try {
    tell(`copying ${kept}`);
    await mkdir(log.logFolder(folder), { mode: 0o700 });
    await copyFile(log.databaseFile(log.logFolder(kept)), log.databaseFile(log.logFolder(folder)));
    tell('verifying the whole log');
    const verified = await wholeLog(kept, tell);
    tell('starting on the log');
    const store = await openTimed(folder, entries);
    tell('appending');
    const appended = await durableAppends(store, folder, rounds);
    tell('proving and signing');
    const signed = await checkpoints(store, 300);
    await store.close();
    return [...appended, ...verified, ...(await proofs(kept, 1000)), ...signed];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
