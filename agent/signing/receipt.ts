/**
 * The receipt of a signature: a proof of its `sign.done` under a checkpoint that is signed for it. It is made after the document is out and never before, and
 * whatever goes wrong with it leaves the signature what it is.
 */
import { createHash } from 'node:crypto';
import type { ReceiptOutcome } from '../contract/receipt.ts';
import type { Actor } from '../log/catalogue.ts';
import type { NoteSigner } from '../log/note-key.ts';
import { leafHash } from '../log/record.ts';
import type { LogStore } from '../log/store.ts';
import { formatTlogProof, verifyTlogProof } from '../log/tlog-proof.ts';
import type { Desk } from './desk.ts';
import type { Recorder } from './recorder.ts';

/** What is signed, and where it lies. */
export interface ReceiptOrder {
  readonly operation: string;
  readonly actor: Actor;
  /** Number of the `sign.done` entry. */
  readonly done: number;
  /** Name in the outbox; undefined where the document could not be put there. */
  readonly outputName: string | undefined;
}

export type MakeReceipt = (order: ReceiptOrder) => Promise<ReceiptOutcome>;

export interface ReceiptParts {
  readonly log: Pick<LogStore, 'prove'>;
  readonly signer: NoteSigner;
  readonly desk: Pick<Desk, 'putReceipt'>;
  readonly recorder: Pick<Recorder, 'record'>;
}

/** Gives the way to make receipts. What it gives never throws. The file carries the entry; the code, which must stay small, its hash. */
export function receiptMaker({ log, signer, desk, recorder }: ReceiptParts): MakeReceipt {
  const make = async ({ operation, actor, done, outputName }: ReceiptOrder): Promise<ReceiptOutcome> => {
    const { body, hashes, checkpoint } = await log.prove(done, signer);
    const parts = { index: done, hashes, checkpoint: checkpoint.note };
    const file = formatTlogProof({ ...parts, extra: body });
    verifyTlogProof(file, body, { origin: checkpoint.origin, key: signer.verifier });
    const fileName = outputName === undefined ? undefined : await desk.putReceipt(outputName, file).catch(() => undefined);
    const proof_sha256 = createHash('sha256').update(file).digest('hex');
    await recorder.record({ op: 'receipt', operation, actor, done, size: checkpoint.size, proof_sha256 });
    const code = Buffer.from(formatTlogProof({ ...parts, extra: leafHash(body) })).toString('utf8');
    return { code, ...(fileName === undefined ? {} : { fileName }) };
  };
  return (order) => make(order).catch((): ReceiptOutcome => 'not-made');
}
