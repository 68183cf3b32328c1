/**
 * Signs one large document in a process of its own and says on its output, as JSON, how much memory that took at most and how long each step took.
 * Called by `documents.ts` with what it needs as JSON in its only argument.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as driver from '../../drivers/pkcs11/source.ts';
import { Secret } from '../../drivers/secret.ts';
import type { SigningOrder } from '../../drivers/token.ts';
import { agreementPath } from '../support/sample-pdf.ts';
import { softhsmModule } from '../support/softhsm.ts';
import { onlyToken } from '../support/token-waiting.ts';
import { SigningPath, type Step } from './signing-path.ts';

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
  /** One SHA-256 over the same bytes in memory, milliseconds. */
  readonly bareHash: number;
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

async function measure(task: BigTask): Promise<BigResult> {
  const source = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: task.env }], pollMs: 500 });
  const folders = { staging: join(task.folder, 'staging'), outbox: join(task.folder, 'outbox') };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  const path = new SigningPath(folders, task.size);
  const certificate = Buffer.from(task.certificate, 'base64');
  const token = await onlyToken(source);
  const order: SigningOrder = { tokenId: token.id, certificateSha256: task.sha256, scheme: 'rsa-pkcs1', hash: 'sha256' };
  const signer = (): Parameters<SigningPath['sign']>[1] => ({
    request: { certificate, chain: [], hash: 'sha256', scheme: 'rsa-pkcs1' },
    session: source.openSigning(order, new Secret(Buffer.from(task.pin))),
  });
  const small = signer();
  await path.sign(agreementPath, small);
  await small.session.close();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  globalThis.gc?.();

  const [agentBase, examinerBase] = [memoryOf('self', 'VmRSS'), memoryOf(path.examiner.pids.at(-1) ?? 0, 'VmRSS')];
  // Forgets the peak so far (proc(5), clear_refs).
  writeFileSync('/proc/self/clear_refs', '5');
  let [agentPeak, examinerPeak, peak] = [0, 0, 0];
  const watch = setInterval(() => {
    for (const pid of path.examiner.pids) examinerPeak = Math.max(examinerPeak, memoryOf(pid, 'VmHWM') - examinerBase);
  }, 5);
  const big = signer();
  const times = await path.sign(task.path, big, (step) => {
    agentPeak = Math.max(agentPeak, memoryOf('self', 'VmHWM') - agentBase);
    // The examining process is gone when the document is read to be signed.
    peak = Math.max(peak, agentPeak + (step === 'look' ? examinerPeak : 0));
  });
  clearInterval(watch);
  await big.session.close();
  path.close();
  await source.close();

  const bytes = readFileSync(task.path);
  const start = performance.now();
  createHash('sha256').update(bytes).digest();
  return { peak, agentPeak, examinerPeak, times, bareHash: performance.now() - start };
}

const [given] = process.argv.slice(2);
if (given === undefined) throw new Error('called by documents.ts');
process.stdout.write(JSON.stringify(await measure(JSON.parse(given) as BigTask)));
