/** Faults that a real station meets: an agent that is ended at any moment, and a disk that lets a file grow no further. */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Acknowledged, AgentProcess } from '../../support/log/faults/agent-process.ts';
import { buildAppendingAgent, type BuiltScript } from '../../support/log/faults/built-script.ts';
import { giveSealing, sealedIn } from '../../support/log/faults/sealed-entries.ts';
import { goesOn, lostOf, numbersIn, verdictOf } from '../../support/log/faults/judged.ts';
import type { Order } from '../../support/log/faults/order.ts';
import { makeStationLog, type StationLog } from '../../support/log/station-log.ts';
import { seeded } from '../../support/seeded.ts';

let script: BuiltScript;
let log: StationLog;
const started: AgentProcess[] = [];
beforeAll(async () => void (script = await buildAppendingAgent()));
afterAll(() => script.remove());
beforeEach(async () => void (log = await makeStationLog()));
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill();
  await log.remove();
});

function agent(order: Partial<Order> = {}, under: readonly string[] = []): AgentProcess {
  const whole: Order = { directory: log.directory, from: 0, appenders: 8, acknowledges: 'after-commit', ...order };
  const made = new AgentProcess(script.path, whole, under);
  started.push(made);
  return made;
}

const isOpen = (lines: readonly string[]) => lines.includes('open');

/** Kills one agent after the other at moments that a seed gives; what was lost, and how many numbers were acknowledged. */
async function killAgain(times: number, seed: number, acknowledges: Order['acknowledges'], sealed = false) {
  const random = seeded(seed);
  const acknowledged: Acknowledged[] = [];
  const lost: Acknowledged[] = [];
  let next = agent({ acknowledges, sealed });
  for (let round = 1; round <= times; round += 1) {
    const running = next.begin();
    // The one after it gets ready meanwhile.
    next = agent({ acknowledges, sealed, from: round * 100_000 });
    // One in eight is killed while it opens the log.
    const enough = random(8) === 0 ? 0 : 1 + random(40);
    await running.until((lines) => lines.includes('begun') && (enough === 0 || lines.length > 3 + enough));
    await sleep(random(enough === 0 ? 25 : 3));
    await running.kill();
    expect(running.complaints).toBe('');
    acknowledged.push(...running.acknowledged);
    expect(await verdictOf(log.data), `seed ${seed}, kill ${round}`).toBe('intact');
    lost.push(...lostOf(acknowledged, await numbersIn(log.file)));
  }
  return { acknowledged, lost };
}

describe('an agent that is ended', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'at any of twenty-five moments loses no entry that it had acknowledged (seed %i of eight)',
    async (seed) => {
      const { acknowledged, lost } = await killAgain(25, seed, 'after-commit');
      expect(acknowledged.length).toBeGreaterThan(200);
      expect(lost).toEqual([]);
      expect(await goesOn(log)).toBe('intact');
    },
    180_000,
  );

  it('at any of twenty-five moments while each entry has sealed fields: entry, fields and data key are there together or not at all', async () => {
    await giveSealing(log);
    const { acknowledged, lost } = await killAgain(25, 10, 'after-commit', true);
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(lost).toEqual([]);
    expect(await goesOn(log)).toBe('intact');
    expect(await sealedIn(log.file)).toEqual({ entries: (await numbersIn(log.file)).size, keys: 2, fields: 2 });
  }, 180_000);

  it('the control: one that acknowledges before the commit loses some', async () => {
    expect((await killAgain(4, 9, 'before-commit')).lost).not.toEqual([]);
  }, 180_000);

  it('lets the log go at once, and until then nobody else can open it', async () => {
    const running = agent().begin();
    await running.until((lines) => isOpen(lines) && lines.length > 5);
    await expect(log.open()).rejects.toMatchObject({ name: 'LogRefusal', code: 'in-use' });
    // Others can read meanwhile, and find a sound log.
    expect(await verdictOf(log.data)).toBe('intact');
    const before = running.lines.length;
    await running.until((lines) => lines.length > before);
    await running.kill();
    expect(await goesOn(log)).toBe('intact');
  }, 60_000);
});

describe('a disk that lets a file grow no further', () => {
  it('stops the log: the outcome is unknown, nothing more is taken, and what was acknowledged is there', async () => {
    const room = (await stat(log.file)).size + 300_000;
    const running = agent({}, ['prlimit', `--fsize=${room}`]).begin();
    expect(await running.end()).toBe(0);
    expect(running.lines.slice(-2)).toEqual(['failed LogUnavailable LogUnavailable shut', 'closed']);
    expect(running.complaints).toBe('');
    expect(running.acknowledged.length).toBeGreaterThan(50);
    expect(lostOf(running.acknowledged, await numbersIn(log.file))).toEqual([]);
    expect(await goesOn(log)).toBe('intact');
  }, 60_000);
});
