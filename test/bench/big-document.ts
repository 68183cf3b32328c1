/**
 * What one large document costs: memory and time, beside two yardsticks on the same disk, and how often its bytes are read, written and hashed on the way. The
 * counts say what the noise of a machine hides.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { agreementPath } from '../support/sample-pdf.ts';
import { writeBigPdf } from './big-pdf.ts';
import type { CountedSteps } from './count-big.ts';
import { line, ms } from './measure.ts';
import type { BigResult, BigTask } from './sign-big.ts';
import { steps } from './signing-path.ts';

const run = promisify(execFile);
/** Large enough that what does not grow with the document is lost in the rounding. */
const countedBytes = 16_000_000;
/**
 * A document is hashed five times: by the examining process and the agent when it comes in, by the agent when it is shown, signed, and read back as signed. As
 * long as everything costs at most twice that, hashing is what bounds the time. It is counted in processor time, because on a busy machine the clock tells
 * what others do.
 */
const mostHashes = 2 * 5;
const mb = (bytes: number): string => `${(bytes / 1_000_000).toFixed(0)} MB`;
const held = (aim: boolean): string => (aim ? 'met' : 'NOT met');

/** `task` is what the process that signs has to know beside the document. */
export async function bigDocument(folder: string, megabytes: number, task: Omit<BigTask, 'folder' | 'path' | 'size'>): Promise<void> {
  const size = megabytes * 1_000_000;
  const path = join(folder, 'big.pdf');
  await writeBigPdf(path, size);
  const program = fileURLToPath(new URL('./sign-big.ts', import.meta.url));
  const whole: BigTask = { ...task, folder, path, size };
  const { stdout } = await run(process.execPath, ['--expose-gc', '--import', 'tsx', program, JSON.stringify(whole)]);
  await rm(path, { force: true });
  const result = JSON.parse(stdout) as BigResult;
  const { peak, agentPeak, examinerPeak, times, hashFromDisk, writeToDisk, copyOnDisk } = result;
  const what = `${megabytes} MB`;
  const [total, rest] = [steps.reduce((sum, step) => sum + times[step], 0), steps.filter((step) => step !== 'stage')];
  const awake = rest.reduce((sum, step) => sum + times[step], 0);
  line(
    `${what}: memory over the baseline, at most`,
    `${(peak / size).toFixed(2)} x`,
    `${mb(peak)} (aim: at most 1.5 x the document: ${held(peak <= 1.5 * size)})`,
  );
  line(`${what}: of it the agent, the examining process before it`, mb(agentPeak), mb(examinerPeak));
  line(`${what}: read and hashed with SHA-256, nothing else`, ms(hashFromDisk));
  line(`${what}: read, written and synced, nothing else`, ms(copyOnDisk));
  const beside = `${(total / hashFromDisk).toFixed(1)} x the hash, ${(total / copyOnDisk).toFixed(1)} x the copy`;
  line(`${what}: from file to signed file`, ms(total), `${beside}: ${steps.map((step) => `${step} ${ms(times[step])}`).join(', ')}`);
  const hashes = result.processor / result.processorToHash;
  line(`${what}: of it all but the durable write`, ms(awake), `${(awake / hashFromDisk).toFixed(1)} x the hash`);
  line(
    `${what}: the same as processor time of both processes`,
    ms(result.processor),
    `${hashes.toFixed(1)} x that of the hash (aim: at most ${mostHashes} x: ${held(hashes <= mostHashes)})`,
  );
  line(`${what}: of it the durable write`, ms(times.stage), `${(times.stage / writeToDisk).toFixed(1)} x a bare one`);
}

/** Prints how often each byte of a document is touched from the inbox to the outbox. */
export async function countedDocument(folder: string): Promise<void> {
  const own = join(folder, 'counted');
  await mkdir(own);
  const [small, document] = [join(own, 'small.pdf'), join(own, 'counted.pdf')];
  await copyFile(agreementPath, small);
  await writeBigPdf(document, countedBytes);
  const counting = new URL('./counting.ts', import.meta.url);
  counting.searchParams.set('into', join(own, 'counts'));
  const program = fileURLToPath(new URL('./count-big.ts', import.meta.url));
  const node = ['--import', 'tsx', '--import', counting.href, program, join(own, 'station'), small, document];
  const { stdout } = await run(process.execPath, node);
  await rm(own, { recursive: true });
  const counted = JSON.parse(stdout) as CountedSteps;
  const kinds = Object.keys(counted.look ?? {}) as (keyof NonNullable<CountedSteps['look']>)[];
  const row = (name: string, cells: readonly string[]): void => {
    process.stdout.write(`  ${name.padEnd(10)}${cells.map((cell) => cell.padStart(16)).join('')}\n`);
  };
  const figures = (of: readonly (typeof steps)[number][]): readonly string[] =>
    kinds.map((kind) => {
      const sum = of.reduce((all, step) => all + (counted[step]?.[kind] ?? 0), 0);
      return kind.endsWith('synced') ? String(sum) : (sum / countedBytes).toFixed(2);
    });
  process.stdout.write('\nTimes that each byte of a large document is touched; times that the disk is waited for\n');
  row('', kinds);
  for (const step of steps) row(step, figures([step]));
  row('whole', figures(steps));
  // Disks are too uneven to judge by the clock: what can be held is that there is one durable write and no second.
  const [written = '', synced = ''] = (['written', 'files synced'] as const).map((kind) => figures(steps)[kinds.indexOf(kind)]);
  const isOnce = Number(written) <= 1.01 && synced === '1';
  process.stdout.write(`  written ${written} times, synced ${synced} times (aim: once: ${held(isOnce)})\n\n`);
}
