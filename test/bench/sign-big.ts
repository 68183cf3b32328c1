/**
 * Signs one large document in a process of its own and says on its output, as JSON, how much memory that took at most and how long each step took.
 * Called by `big-document.ts` with what it needs as JSON in its only argument.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type * as driver from '../../drivers/pkcs11/source.ts';
import { Secret } from '../../drivers/secret.ts';
import type { SigningOrder, SigningSession } from '../../drivers/token.ts';
import { agreementPath } from '../support/sample-pdf.ts';
import { softhsmModule } from '../support/softhsm.ts';
import { onlyToken } from '../support/token-waiting.ts';
import { median } from './measure.ts';
import { type Signer, SigningPath, type Step } from './signing-path.ts';

const rounds = 3;
const pieceBytes = 4 * 1024 * 1024;

export interface BigTask {
  readonly folder: string;
  readonly path: string;
  readonly size: number;
  readonly pin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly certificate: string;
  readonly sha256: string;
}

export interface BigResult {
  /** Bytes over what the same processes took for a small document: agent and examining process together. */
  readonly peak: number;
  readonly agentPeak: number;
  readonly examinerPeak: number;
  readonly times: Readonly<Record<Step, number>>;
  /** Processor time of agent and examining process for all but the durable write, milliseconds. */
  readonly processor: number;
  /** That of the agent to read the file and hash it once, milliseconds. */
  readonly processorToHash: number;
  /** The same file read and hashed with SHA-256, milliseconds. */
  readonly hashFromDisk: number;
  /** As many bytes written to the same disk and synced, from memory, milliseconds. */
  readonly writeToDisk: number;
  /** The same, read before. */
  readonly copyOnDisk: number;
}

const { createTokenSource } = (await import(new URL('../../dist/drivers/pkcs11/source.js', import.meta.url).href)) as typeof driver;

/** A line of /proc/PID/status in bytes; 0 when the process is gone. */
function memoryOf(pid: number | 'self', line: 'VmRSS' | 'VmHWM'): number {
  try {
    return Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Processor time of another process until now, milliseconds (proc(5): utime and stime, in hundredths of a second); 0 when it is gone. */
function processorOf(pid: number): number {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
    const [user, system] = fields.split(' ').slice(11, 13).map(Number);
    return ((user ?? 0) + (system ?? 0)) * 10;
  } catch {
    return 0;
  }
}

/** Processor time of this process, milliseconds. */
function processorHere(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function measure(task: BigTask): Promise<BigResult> {
  const source = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: task.env }], pollMs: 500 });
  const path = await SigningPath.make(join(task.folder, 'station'), task.size);
  const certificate = Buffer.from(task.certificate, 'base64');
  const token = await onlyToken(source);
  const order: SigningOrder = { tokenId: token.id, certificateSha256: task.sha256, scheme: 'rsa-pkcs1', hash: 'sha256' };
  const signer = (): Signer & { readonly session: SigningSession } => ({
    request: { certificate, chain: [], hash: 'sha256', scheme: 'rsa-pkcs1' },
    session: source.openSigning(order, new Secret(Buffer.from(task.pin))),
  });
  // Memory and blocks of the disk that were never used are given slowly by a virtual machine: they are used before anything is measured.
  const used = [1, 2, 3].map((count) => join(task.folder, `used-${count}`));
  for (const copy of used) await yardstick(task.path, copy);
  for (const copy of used) await rm(copy);
  const small = signer();
  await path.sign(agreementPath, small);
  await small.session.close();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  globalThis.gc?.();

  const [agentBase, examinerBase] = [memoryOf('self', 'VmRSS'), memoryOf(path.examiner.pids.at(-1) ?? 0, 'VmRSS')];
  // Forgets the peak so far (proc(5), clear_refs).
  writeFileSync('/proc/self/clear_refs', '5');
  let [agentPeak, examinerPeak, peak] = [0, 0, 0];
  const looking = path.examiner.pids.at(-1) ?? 0;
  const lookedBefore = processorOf(looking);
  let [looked, worked, startedAt] = [0, 0, 0];
  const watch = setInterval(() => {
    for (const pid of path.examiner.pids) examinerPeak = Math.max(examinerPeak, memoryOf(pid, 'VmHWM') - examinerBase);
    looked = Math.max(looked, processorOf(looking) - lookedBefore);
  }, 5);
  const big = signer();
  const times = await path.sign(task.path, big, {
    // Long enough for its times to say that nobody touches it any more.
    restMs: 3500,
    before: () => (startedAt = processorHere()),
    after: (step) => {
      if (step !== 'stage') worked += processorHere() - startedAt;
      agentPeak = Math.max(agentPeak, memoryOf('self', 'VmHWM') - agentBase);
      // The examining process is gone when the document is read to be signed.
      peak = Math.max(peak, agentPeak + (step === 'look' ? examinerPeak : 0));
    },
  });
  clearInterval(watch);
  await big.session.close();
  path.close();
  await source.close();

  const yardsticks: Yardstick[] = [];
  for (let round = 0; round < rounds; round++) {
    yardsticks.push(await yardstick(task.path, join(task.folder, 'copy')));
    await rm(join(task.folder, 'copy'));
  }
  const middle = (of: keyof Yardstick): number => median(yardsticks.map((one) => one[of]));
  const [hashFromDisk, writeToDisk] = [middle('hash'), middle('write')];
  const [processor, processorToHash] = [worked + looked, middle('processor')];
  const copyOnDisk = middle('read') + writeToDisk;
  return { peak, agentPeak, examinerPeak, times, processor, processorToHash, hashFromDisk, writeToDisk, copyOnDisk };
}

interface Yardstick {
  readonly read: number;
  readonly hash: number;
  readonly write: number;
  /** Of reading and hashing. */
  readonly processor: number;
}

/** Reads a file and hashes it, and copies it durably, each with as little as it takes. */
async function yardstick(path: string, copy: string): Promise<Yardstick> {
  const spent = { read: 0, hash: 0, write: 0, processor: 0 };
  const timed = async <T>(what: 'read' | 'hash' | 'write', act: () => T | Promise<T>): Promise<T> => {
    const [start, busy] = [performance.now(), processorHere()];
    const done = await act();
    spent[what] += performance.now() - start;
    if (what !== 'write') spent.processor += processorHere() - busy;
    return done;
  };
  const [from, to] = [await open(path), await open(copy, 'w')];
  const piece = Buffer.alloc(pieceBytes);
  const hash = createHash('sha256');
  for (let length = -1; length !== 0;) {
    length = (await timed('read', () => from.read(piece, 0, piece.length, null))).bytesRead;
    await timed('hash', () => hash.update(piece.subarray(0, length)));
    await timed('write', () => to.write(piece.subarray(0, length)));
  }
  await timed('write', () => to.sync());
  await from.close();
  await to.close();
  return { ...spent, hash: spent.read + spent.hash };
}

const [given] = process.argv.slice(2);
if (given === undefined) throw new Error('called by big-document.ts');
process.stdout.write(JSON.stringify(await measure(JSON.parse(given) as BigTask)));
