/** The receipts that an agent puts beside signed documents. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTlogProof } from '../../agent/log/tlog-proof.ts';

/** True for names of all other files. */
export const isNoReceipt = (name: string): boolean => !name.endsWith('.tlog-proof');

/** Every receipt in the outbox is whole and carries its entry. Throws EvidenceRefused or SyntaxError. */
export async function receiptsMustHold(data: string): Promise<void> {
  for (const name of await readdir(join(data, 'outbox'))) {
    if (isNoReceipt(name)) continue;
    const { index, extra } = parseTlogProof(await readFile(join(data, 'outbox', name)));
    const entry = JSON.parse(Buffer.from(extra ?? []).toString('utf8')) as { readonly seq: number; readonly op: string };
    if (entry.seq !== index || entry.op !== 'sign.done') throw new SyntaxError(`${name} is no receipt of a signature`);
  }
}
