/** Cuts the power of a recorded process at every step, and opens what may be found on its disk with the real store. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogRefusal } from '../../../../agent/log/errors.ts';
import { databaseFile, logFolder, openStore } from '../../../../agent/log/store.ts';
import { seeded } from '../../seeded.ts';
import { options } from '../station-log.ts';
import { acknowledgedIn, AgentProcess } from './agent-process.ts';
import { type Step, stepsOf } from './disk-trace.ts';
import { lostOf, numbersIn, verdictOf } from './judged.ts';
import type { Order } from './order.ts';
import { all, type Choice, type Found, none, SimulatedDisk } from './simulated-disk.ts';
import { oneThread, recording } from './strace.ts';

/** The steps of processes that run one after the other on one log, which the first of them makes. Throws when they do not lead to the files that are there. */
export async function record(script: string, orders: readonly Omit<Order, 'directory' | 'acknowledges'>[]): Promise<readonly Step[]> {
  const data = await mkdtemp(join(tmpdir(), 'countersign-recorded-'));
  const [directory, file] = [logFolder(data), join(data, 'record')];
  await mkdir(directory);
  const steps: Step[] = [];
  try {
    for (const order of orders) {
      const agent = new AgentProcess(script, { directory, acknowledges: 'after-commit', ...order }, recording(file), oneThread);
      const code = await agent.begin().end();
      if (code !== 0 || agent.lines.at(-1) !== 'closed') throw new Error(`recorded: ${agent.lines.join(', ')} ${agent.complaints}`);
      steps.push(...stepsOf(await readFile(file, 'latin1'), directory));
    }
    await mustLeadTo(directory, steps);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
  return steps;
}

async function mustLeadTo(directory: string, steps: readonly Step[]): Promise<void> {
  const disk = new SimulatedDisk();
  for (const step of steps) disk.take(step);
  const names = (await readdir(directory)).filter((name) => !name.endsWith('-shm'));
  const there = new Map<string, Uint8Array>();
  for (const name of names) there.set(name, await readFile(join(directory, name)));
  if (digestOf(disk.found(all)) !== digestOf(there))
    throw new Error('the steps that were recorded do not lead to the files that are there');
}

/** What became of a log: the numbers in it by their entries, or what is wrong. */
interface Opened {
  readonly problem: string | undefined;
  readonly numbers: ReadonlyMap<number, number>;
}

export interface Cuts {
  /** Disks that were opened; those that are alike once. */
  readonly opened: number;
  readonly acknowledged: number;
  /** What was wrong, with the step before which the power was cut. */
  readonly problems: readonly string[];
  /** Cuts after which something was gone that had been acknowledged. */
  readonly losses: number;
}

/** Cuts after each step that changes the disk: with nothing of what waits on it, with all, and `mixed` times with a part that the seed gives. */
export async function cutEverywhere(steps: readonly Step[], seed: number, mixed: number): Promise<Cuts> {
  const [disk, random] = [new SimulatedDisk(), seeded(seed)];
  const choices: readonly Choice[] = [none, all, ...Array.from({ length: mixed }, (): Choice => (changes) => random(changes + 1))];
  const known = new Map<string, Opened>();
  const problems: string[] = [];
  let losses = 0;
  // In memory where that can be: what is opened here was on a disk already.
  const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'countersign-cut-'));
  try {
    for (const [place, step] of steps.entries()) {
      if (!disk.take(step)) continue;
      for (const choice of choices) {
        const found = disk.found(choice);
        const name = digestOf(found);
        const opened = known.get(name) ?? (await open(join(folder, name), found, random));
        known.set(name, opened);
        // Until a log was made there may be none, and nobody has been told of any entry.
        const { problem } = opened;
        if (problem !== undefined && (problem !== 'missing' || disk.said.includes('made')))
          problems.push(`seed ${seed}, step ${place} (${step.kind}): ${problem}`);
        if (lostOf(acknowledgedIn(disk.said), opened.numbers).length > 0) losses += 1;
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { opened: known.size, acknowledged: acknowledgedIn(disk.said).length, problems, losses };
}

function digestOf(found: Found): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of [...found].toSorted(([one], [other]) => one.localeCompare(other)))
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  return hash.digest('hex');
}

/** Puts the files into a folder, with an index of a WAL that is none of this log, and opens the log as an agent does. */
async function open(data: string, found: Found, random: (limit: number) => number): Promise<Opened> {
  const [directory, file] = [logFolder(data), databaseFile(logFolder(data))];
  await mkdir(directory, { recursive: true });
  for (const [name, bytes] of found) await writeFile(join(directory, name), bytes);
  await writeFile(
    `${file}-shm`,
    new Uint8Array(32_768).map(() => random(256)),
  );
  try {
    const store = await openStore(directory, options);
    await store.close();
    const verdict = await verdictOf(data);
    return { problem: verdict === 'intact' ? undefined : verdict, numbers: await numbersIn(file) };
  } catch (error) {
    if (!(error instanceof LogRefusal)) throw error;
    return { problem: error.code === 'missing' ? 'missing' : error.message, numbers: new Map() };
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
