/**
 * The power is cut after each step of processes that make a log, append with several appenders, write the WAL back several times, close, and open again.
 * What the steps are strace has written down; what may be on the disk then is simulated; the real store opens it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAppendingAgent, type BuiltScript } from '../../support/log/faults/built-script.ts';
import type { Step } from '../../support/log/faults/disk-trace.ts';
import { cutEverywhere, record } from '../../support/log/faults/power-cuts.ts';
import { all, type Choice, none, SimulatedDisk } from '../../support/log/faults/simulated-disk.ts';
import { seeded } from '../../support/seeded.ts';

let script: BuiltScript;
beforeAll(async () => void (script = await buildAppendingAgent()));
afterAll(() => script.remove());

const appending = { appenders: 3, checkpointPages: 12 } as const;

it('loses nothing that was acknowledged, and never leaves a log that does not open whole', async () => {
  const steps = await record(script.path, [
    { ...appending, makes: true, from: 0, count: 18 },
    { ...appending, from: 100, count: 6 },
  ]);
  const cuts = await cutEverywhere(steps, 1, 5);
  expect(cuts).toMatchObject({ acknowledged: 24, problems: [], losses: 0 });
  expect(cuts.opened).toBeGreaterThan(500);
}, 180_000);

it('the control: where SQLite does not wait for the disk, entries are gone that were acknowledged, and logs are damaged', async () => {
  const steps = await record(script.path, [{ ...appending, makes: true, from: 0, count: 12, unsynced: true }]);
  const { losses, problems } = await cutEverywhere(steps, 2, 3);
  expect(losses).toBeGreaterThan(0);
  expect(problems.join('\n')).toContain('is damaged');
}, 180_000);

describe('the simulated disk', () => {
  const bytes = (letter: string, length: number) => Buffer.from(letter.repeat(length));
  const after = (...steps: readonly Step[]) => {
    const disk = new SimulatedDisk();
    for (const step of steps) disk.take(step);
    return (choice: Choice) =>
      Object.fromEntries([...disk.found(choice)].map(([name, found]) => [name, Buffer.from(found).toString('latin1')]));
  };
  const written = (letter: string, length: number, at = 0): Step => ({ kind: 'written', name: 'a', at, bytes: bytes(letter, length) });
  const made: readonly Step[] = [{ kind: 'made', name: 'a' }, written('a', 1024), { kind: 'synced', name: 'a' }, { kind: 'folder-synced' }];

  it('keeps what was synced, and no name before the folder was', () => {
    expect(after(...made, written('b', 1024))(none)).toEqual({ a: 'a'.repeat(1024) });
    expect(after(...made, written('b', 1024))(all)).toEqual({ a: 'b'.repeat(1024) });
    expect(after(...made.slice(0, 3))(none)).toEqual({});
    expect(after(...made, { kind: 'renamed', name: 'a', to: 'b' })(none)).toEqual({ a: 'a'.repeat(1024) });
    expect(after(...made, { kind: 'renamed', name: 'a', to: 'b' })(all)).toEqual({ b: 'a'.repeat(1024) });
    expect(after(...made, { kind: 'removed', name: 'a' })(none)).toEqual({ a: 'a'.repeat(1024) });
    expect(after(...made, { kind: 'removed', name: 'a' })(all)).toEqual({});
  });

  it('takes sectors, lengths and writes apart as a cut may, and in no other way', () => {
    const [random, found] = [seeded(5), new Set<string>()];
    const disk = after(...made, written('b', 600, 300), written('c', 1024), { kind: 'sized', name: 'a', size: 700 });
    for (let time = 0; time < 500; time += 1) found.add(disk((changes) => random(changes + 1))['a'] ?? 'no file');
    const first = ['a'.repeat(512), 'a'.repeat(300) + 'b'.repeat(212), 'c'.repeat(512)];
    const second = ['a'.repeat(512), 'b'.repeat(388) + 'a'.repeat(124), 'c'.repeat(512), 'c'.repeat(188) + '\0'.repeat(324)];
    const possible = first.flatMap((one) => second.flatMap((other) => [one + other, (one + other).slice(0, 700)]));
    expect([...found].filter((one) => !possible.includes(one))).toEqual([]);
    expect(found.size).toBe(new Set(possible).size);
  });
});
