/**
 * Verifies a log that is made while it is read, `COUNT` rows of it, and says how many bytes were in use at a third of it and at its end. With `keep`
 * the reader remembers two hashes of each row, as a verifier must not.
 */
import { verify } from '../../../agent/log/verify.ts';
import { EndlessLog } from './endless-log.ts';

const count = Number(process.argv[2]);
const keeps = process.argv[3] === 'keep';
const log = new EndlessLog();
const kept: object[] = [];
const used: number[] = [];

async function* rows() {
  for await (const row of log.rows(count)) {
    if (keeps) kept.push({ seq: row.seq, leaf: Buffer.from(row.leaf).toString('hex'), prev: Buffer.from(row.prev).toString('hex') });
    if (row.seq === Math.floor(count / 3) || row.seq === count - 1) {
      // Signatures that are still being checked, and buffers that wait for their end, are no memory of the verifier.
      for (let turn = 0; turn < 5; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        globalThis.gc?.();
      }
      const { heapUsed, external } = process.memoryUsage();
      used.push(heapUsed + external);
    }
    yield row;
  }
}

async function* checkpoints() {
  for await (const one of log.checkpoints()) {
    if (one.size > count) return;
    yield one;
  }
}

const { verdict, entries } = await verify(rows(), undefined, { checkpoints: checkpoints() });
process.stdout.write(JSON.stringify({ verdict, entries, kept: kept.length, used }));
