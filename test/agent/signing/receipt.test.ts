/** Whatever goes wrong with a receipt, the signature stays what it is: there is no receipt then, and nothing is thrown. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LogUnavailable } from '../../../agent/log/errors.ts';
import { type NoteSigner, NotSigned } from '../../../agent/log/note-key.ts';
import { parseTlogProof } from '../../../agent/log/tlog-proof.ts';
import { type ReceiptParts, receiptMaker } from '../../../agent/signing/receipt.ts';
import { station } from '../../support/log/log-keys.ts';
import { holder, sha256 } from '../../support/log/station-log.ts';
import { VisitLog } from '../../support/signing/visit-log.ts';

let log: VisitLog;
let done: number;
let files: Map<string, Uint8Array>;
beforeEach(async () => {
  log = await VisitLog.make();
  files = new Map();
  await log.done('op-1', await log.begin('op-1', true), sha256('e'));
  done = log.store.last().seq;
});
afterEach(() => log.remove());

const desk: ReceiptParts['desk'] = {
  putReceipt(name, proof) {
    files.set(`${name}.tlog-proof`, proof);
    return Promise.resolve(`${name}.tlog-proof`);
  },
};
const make = (changed: Partial<ReceiptParts> = {}, order: { readonly done?: number; readonly outputName?: string | undefined } = {}) =>
  receiptMaker({ log: log.store, signer: station, desk, recorder: log.recorder, ...changed })({
    operation: 'op-1',
    actor: holder,
    done,
    outputName: 'agreement.pdf',
    ...order,
  });
const ops = async () => (await log.since(done + 1)).map(({ op }) => op);

it('is a file beside the document and a code for the screen, and an entry says that it was made', async () => {
  const receipt = await make();
  expect(receipt).toMatchObject({ fileName: 'agreement.pdf.tlog-proof' });
  expect(parseTlogProof(files.get('agreement.pdf.tlog-proof') ?? new Uint8Array()).index).toBe(done);
  expect(await ops()).toEqual(['receipt']);
  expect((await log.verification()).verdict).toBe('intact');
});

it('is a code alone where the document could not be put out, or the file not beside it', async () => {
  const full = { putReceipt: () => Promise.reject(new Error('the disk is full')) };
  for (const receipt of [await make({}, { outputName: undefined }), await make({ desk: full })]) {
    expect(receipt).toMatchObject({ code: expect.stringContaining(`index ${done}`) as string });
    expect(receipt).not.toHaveProperty('fileName');
  }
});

it('is not made when the key does not sign, the entry is not there, or the log takes nothing; nothing is thrown', async () => {
  const gone: NoteSigner = { ...station, sign: () => Promise.reject(new NotSigned('the token is gone', true)) };
  expect(await make({ signer: gone })).toBe('not-made');
  expect(await make({}, { done: 4711 })).toBe('not-made');
  expect(await ops()).toEqual([]);
  const failed = () => Promise.reject(new LogUnavailable('the operation log failed'));
  expect(await make({ log: { prove: failed } })).toBe('not-made');
  expect(await make({ recorder: { record: failed } })).toBe('not-made');
});
