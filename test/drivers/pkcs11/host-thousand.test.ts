/** A thousand hosts are started and killed, by their agent or with it, at random moments: none may be left behind. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { children, processesNaming } from '../../support/children.ts';
import { compileDrivers } from '../../support/compiled-drivers.ts';
import { buildFaultShim, type FaultShim } from '../../support/fault-shim.ts';
import { createSoftHsm, type SoftHsm } from '../../support/softhsm.ts';

const starter = fileURLToPath(new URL('../../support/host-starter.mjs', import.meta.url));

describe('a thousand hosts', () => {
  let folder: string;
  let hsm: SoftHsm;
  let shim: FaultShim;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thousand-'));
    await compileDrivers(folder);
    hsm = await createSoftHsm();
    shim = await buildFaultShim(hsm);
    await shim.order({ C_GetSlotList: 'hang' });
  });
  afterAll(async () => {
    await hsm.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** An agent that starts so many hosts; it tells how many it brought into which state. */
  const startAgent = (count: number, then: 'kill' | 'wait') => {
    const agent = fork(starter, [String(count), then, JSON.stringify({ path: shim.module.path, env: shim.module.env })], {
      cwd: folder,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const ended = once(agent, 'exit');
    const told = new Promise<Record<string, number>>((resolve, reject) => {
      agent.once('message', (counts) => resolve(counts as Record<string, number>));
      void ended.then(() => reject(new Error('the agent ended before it had its hosts')));
    });
    return { agent, told, ended };
  };
  const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((all, some) => all + some, 0);

  it('that are started and killed at random moments leave no process, whether their agent kills them or is killed itself', async () => {
    const begin = performance.now();
    const killing = startAgent(720, 'kill');
    const counts = [killing.told];
    // Meanwhile one agent after the other is killed while its hosts are starting, idle or hanging.
    for (let nth = 0; nth < 14; nth += 1) {
      const { agent, told, ended } = startAgent(20, 'wait');
      counts.push(told);
      await told;
      await sleep(Math.random() * 100);
      agent.kill('SIGKILL');
      expect((await ended)[1]).toBe('SIGKILL');
    }
    expect((await killing.ended)[0]).toBe(0);
    const all = await Promise.all(counts);
    expect(all.map(sum).reduce((one, other) => one + other, 0)).toBe(1000);
    for (const state of ['starting', 'loaded', 'hanging'])
      expect(all.reduce((some, one) => some + (one[state] ?? 0), 0)).toBeGreaterThan(200);
    // A host whose agent is gone notices within a fifth of a second, or as soon as it has started.
    await expect.poll(() => processesNaming(folder), { timeout: 10_000 }).toEqual([]);
    expect(children('host')).toEqual([]);
    process.stdout.write(`1,000 hosts started and killed in ${((performance.now() - begin) / 1000).toFixed(1)} s\n`);
  }, 400_000);
});
