import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { type Row, verify } from '../../../agent/log/verify.ts';
import { EndlessLog } from '../../support/log/endless-log.ts';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** Looked at when all that may be remembered is remembered, and long after that. */
const [full, much] = [6002, 16_002];
/** Between the two looks are 2,000 rounds, and what is kept of one row in each is more than a megabyte; the ids of starts are 200 kB. */
const mayGrow = 700_000;

function inUse(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Verifies rows, each of which `see` is shown, and gives the bytes by which that grew. */
async function growth(see: (row: Row) => void): Promise<number> {
  const log = new EndlessLog();
  const looks: number[] = [];
  const rows = async function* () {
    for await (const row of log.rows(much)) {
      see(row);
      if (row.seq === full || row.seq === much - 1) looks.push(inUse());
      yield row;
    }
  };
  const result = await verify(rows(), undefined, { checkpoints: until(log.checkpoints(), much) });
  expect(result).toMatchObject({ verdict: 'intact', entries: much, checkpoints: (much - 2) / 5 });
  const [early = 0, late = 0] = looks;
  return late - early;
}

async function* until<T extends { readonly size: number }>(checkpoints: AsyncIterable<T>, last: number): AsyncGenerator<T> {
  for await (const one of checkpoints) {
    if (one.size > last) return;
    yield one;
  }
}

it('a verifier remembers no more of a large log than of a small one', async () => {
  expect(await growth(() => undefined)).toBeLessThan(mayGrow);
});

it('and whoever kept one row of each start of the agent would be found', async () => {
  const kept: string[] = [];
  const grown = await growth(({ seq, body }) => {
    if (seq % 5 === 4) kept.push(Buffer.from(body).toString('utf8'));
  });
  expect(kept).toHaveLength((much - 2) / 5);
  expect(grown).toBeGreaterThan(mayGrow);
});
