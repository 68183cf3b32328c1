/**
 * Signs a large document in this very process and writes on its output how many times its size the memory grew at most. Arguments: folder, size in bytes,
 * and `copied` to sign a copy without room behind it, which is what must not happen.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBytes } from '../../agent/documents/document-file.ts';
import { Outbox } from '../../agent/documents/outbox.ts';
import { preparePades } from '../../agent/documents/pades.ts';
import { writeBigPdf } from '../bench/big-pdf.ts';
import { DocumentSigner } from './document-signer.ts';
import { agreementPath } from './sample-pdf.ts';
import { signWith } from './signing-keys.ts';

const [folder = '', bytes = '', kind] = process.argv.slice(2);
const size = Number(bytes);
const [staging, target, big] = [join(folder, 'staging'), join(folder, 'outbox'), join(folder, 'big.pdf')];
for (const made of [staging, target]) mkdirSync(made);
await writeBigPdf(big, size);
const signer = new DocumentSigner();
const outbox = new Outbox(staging, target);
const holder = signer.holder('P-256');

async function sign(path: string, operation: string): Promise<void> {
  const read = await readBytes(path, size);
  if (typeof read === 'string') throw new Error(read);
  const document = kind === 'copied' ? Uint8Array.from(read.bytes) : read.bytes;
  const prepared = preparePades(document, { ...signer.request(holder, 'ecdsa', 'sha256'), documentDigest: read.digest });
  await outbox.stage(operation, 'signed.pdf', prepared.finish(signWith(holder.key, 'ecdsa', 'sha256', prepared.message)));
  await outbox.publish(operation);
}

/** Resident memory, bytes: now, or the most since the peak was last forgotten (proc(5)). */
function memory(line: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

await sign(agreementPath, 'small');
globalThis.gc?.();
const base = memory('VmRSS');
writeFileSync('/proc/self/clear_refs', '5');
await sign(big, 'big');
process.stdout.write(String((memory('VmHWM') - base) / size));
signer.end();
