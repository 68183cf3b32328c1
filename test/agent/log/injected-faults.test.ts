/** Errors of the disk, put in the place of each system call that one append makes, from the opening of the log to its closing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentProcess } from '../../support/log/faults/agent-process.ts';
import { buildAppendingAgent, type BuiltScript } from '../../support/log/faults/built-script.ts';
import { giveSealing, sealedIn } from '../../support/log/faults/sealed-entries.ts';
import { goesOn, lostOf, numbersIn, verdictOf } from '../../support/log/faults/judged.ts';
import type { Order } from '../../support/log/faults/order.ts';
import { type Fault, injecting, oneThread } from '../../support/log/faults/strace.ts';
import { makeStationLog } from '../../support/log/station-log.ts';

let script: BuiltScript;
beforeAll(async () => void (script = await buildAppendingAgent()));
afterAll(() => script.remove());

/** What an agent may say last that could not go on, and nothing else. */
const stopped = /^failed LogUnavailable LogUnavailable shut$|^refused (?:LogRefusal|LogUnavailable) \S+ .*[a-z]/;

/** One append with one fault: what was wrong with the way it ended or with the log that it left, and how far it came. */
async function inject(fault: Fault, acknowledges: Order['acknowledges'] = 'after-commit', sealed = false) {
  const log = await makeStationLog();
  if (sealed) await giveSealing(log);
  const record = join(log.data, 'record');
  const order: Order = { directory: log.directory, from: 0, count: 1, appenders: 1, acknowledges, sealed };
  const agent = new AgentProcess(script.path, order, injecting(fault, log.directory, record), oneThread);
  try {
    const wrong: string[] = [];
    await agent.begin().end();
    const injected = (await readFile(record, 'utf8')).includes('(INJECTED)');
    const { acknowledged, complaints, lines } = agent;
    if (complaints !== '') wrong.push(complaints);
    const [end = ''] = lines.filter((line) => line !== 'closed').slice(-1);
    if (acknowledged.length === 0 && !stopped.test(end)) wrong.push(`it ended after ${end}`);
    const verdict = await verdictOf(log.data);
    if (verdict !== 'intact') wrong.push(verdict);
    const found = await numbersIn(log.file);
    if (lostOf(acknowledged, found).length > 0) wrong.push('it lost what it had acknowledged');
    if (found.size > 1) wrong.push('it wrote more than one entry');
    if (sealed && found.size === 1) {
      const beside = await sealedIn(log.file);
      if (beside.keys !== 2 || beside.fields !== 2) wrong.push('an entry is there without its sealed fields or their keys');
    }
    const after = await goesOn(log);
    if (after !== 'intact') wrong.push(`opened anew: ${after}`);
    return { injected, wrong, end, kept: found.size === 1, acknowledged: acknowledged.length === 1 };
  } finally {
    await agent.kill();
    await log.remove();
  }
}

/** At the first call, the second, and so on until there is none left to fail: what came of each. */
async function injectEach(fault: Omit<Fault, 'at'>, acknowledges?: Order['acknowledges'], sealed = false) {
  const results: Awaited<ReturnType<typeof inject>>[] = [];
  for (let at = 1; at < 100; at += 1) {
    const result = await inject({ ...fault, at }, acknowledges, sealed);
    if (result.injected) results.push(result);
    else {
      expect(result).toMatchObject({ acknowledged: true, kept: true, wrong: [] });
      return results;
    }
  }
  throw new Error('there is always one call more');
}

// How many calls of each kind there are at least; sqlite3 was compiled to call fsync and not fdatasync.
const calls = { fsync: 7, fdatasync: 0, pwrite64: 10, ftruncate: 2, openat: 6 };

describe.each(['EIO', 'ENOSPC'] as const)('%s', (error) => {
  it.each(Object.entries(calls))(
    'at each %s of one append: it is acknowledged and there, or refused in a sentence, and the log goes on',
    async (call, atLeast) => {
      const results = await injectEach({ call, error });
      expect(results.map(({ wrong }) => wrong)).toEqual(results.map(() => []));
      expect(results.length).toBeGreaterThanOrEqual(atLeast);
      // Not every one of them stops it: the log can be closed unclean, and SQLite can ask again.
      if (atLeast > 0) expect(results.some(({ acknowledged }) => !acknowledged)).toBe(true);
    },
    180_000,
  );
});

it.each([
  ['fsync', 'EIO'],
  ['pwrite64', 'ENOSPC'],
] as const)(
  'at each %s of an append with sealed fields (%s): entry, fields and data keys are there together or not at all',
  async (call, error) => {
    const results = await injectEach({ call, error }, 'after-commit', true);
    expect(results.map(({ wrong }) => wrong)).toEqual(results.map(() => []));
    expect(results.length).toBeGreaterThanOrEqual(calls[call]);
    expect(results.some(({ acknowledged }) => !acknowledged)).toBe(true);
  },
  180_000,
);

it.each([
  ['fsync', 'EIO'],
  ['pwrite64', 'ENOSPC'],
] as const)(
  'a disk on which from some %s on all fail with %s: an entry that was not acknowledged is there whole or not at all',
  async (call, error) => {
    const results = await injectEach({ call, error, forEver: true });
    expect(results.map(({ wrong }) => wrong)).toEqual(results.map(() => []));
    // A commit that failed may be in the log all the same, and so nobody tries it again.
    if (call === 'fsync') expect(results.some(({ acknowledged, kept }) => kept && !acknowledged)).toBe(true);
  },
  180_000,
);

it('the control: an agent that acknowledges whatever happens is caught', async () => {
  const results = await injectEach({ call: 'fsync', error: 'EIO' }, 'whatever-happens');
  expect(results.flatMap(({ wrong }) => wrong)).toContain('it lost what it had acknowledged');
}, 180_000);

it('a lock that opens for reading only is none: the agent does not start', async () => {
  const { end, acknowledged } = await inject({ call: 'openat', error: 'EIO', at: 1 });
  expect({ end, acknowledged }).toEqual({
    end: expect.stringMatching(/^refused LogRefusal .*log\.lock may not be written$/) as string,
    acknowledged: false,
  });
});

it('a folder whose names the disk does not take: the agent does not start', async () => {
  const { end } = await inject({ call: 'fsync', error: 'EIO', at: 1 });
  expect(end).toMatch(/^refused LogRefusal the disk does not take the names in the folder /);
});
