/** Faults that a real station meets: an agent that is ended at any moment, and a disk that takes nothing more. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading } from '../../../agent/log/database.ts';
import { readRows } from '../../../agent/log/schema.ts';
import { verify } from '../../../agent/log/verify.ts';
import { makeStationLog, type StationLog } from '../../support/log/station-log.ts';

const script = new URL('../../support/log/appending-agent.ts', import.meta.url).pathname;

let log: StationLog;
let running: Agent | undefined;
let waiting: Agent | undefined;
beforeEach(async () => {
  log = await makeStationLog();
});
afterEach(async () => {
  await running?.end();
  await waiting?.end();
  await log.remove();
});

/** A child process that appends; see `appending-agent.ts`. */
class Agent {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(limits: readonly string[] = [], next = 0) {
    const command = [...limits, process.execPath, '--import', 'tsx', script, log.directory, String(next)];
    const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#ended = once(child, 'close');
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(line));
  }

  /** Lets it open the log. */
  begin(): this {
    this.#child.stdin?.write('.');
    return this;
  }

  async until(enough: (lines: readonly string[]) => boolean): Promise<void> {
    while (!enough(this.lines) && this.#child.exitCode === null && this.#child.signalCode === null) await sleep(2);
    expect(enough(this.lines), `the agent said ${this.lines.slice(-3).join(', ')}`).toBe(true);
  }

  /** Ends the process at once and waits until all it had said has come. */
  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Numbers that were acknowledged: what the agent counted, and the entry it became. */
  acknowledged(): readonly (readonly [number, number])[] {
    const acks = this.lines.filter((line) => line.startsWith('ack '));
    return acks.map((line) => [Number(line.split(' ')[1]), Number(line.split(' ')[2])]);
  }
}

async function check(): Promise<string> {
  const reader = await openForReading(log.file);
  try {
    const { verdict, bad } = await verify(readRows(reader, log.file));
    return bad === undefined ? verdict : `${verdict}: ${bad.sentence}`;
  } finally {
    await reader.close();
  }
}

describe('an agent that is ended', () => {
  it('at any of fifteen moments loses no entry that it had acknowledged', async () => {
    const expected = new Map<number, number>();
    let next = new Agent();
    for (let round = 0; round < 15; round++) {
      running = next.begin();
      // The one after it gets ready meanwhile.
      next = new Agent([], (round + 1) * 100_000);
      waiting = next;
      const enough = 1 + ((round * 37) % 90);
      await running.until((lines) => lines.length > enough);
      await running.end();
      for (const [size, seq] of running.acknowledged()) expected.set(seq, size);
      expect(running.acknowledged().length).toBeGreaterThanOrEqual(enough);
    }
    expect(await check()).toBe('intact');
    const store = await log.open();
    const entries = await store.entries({ op: 'document-in' });
    const found = new Map(entries.map(({ seq, event }) => [seq, event.op === 'document-in' ? event.size : -1]));
    expect([...expected].filter(([seq, size]) => found.get(seq) !== size)).toEqual([]);
    expect((await store.entries({ op: 'boot' })).length).toBe(16);
    await store.close();
  }, 120_000);

  it('lets the log go at once, and until then nobody else can open it', async () => {
    running = new Agent().begin();
    await running.until((lines) => lines.length > 5);
    await expect(log.open()).rejects.toMatchObject({ name: 'LogRefusal', code: 'in-use' });
    // Others can read meanwhile, and find a sound log.
    expect(await check()).toBe('intact');
    const before = running.lines.length;
    await running.until((lines) => lines.length > before);
    await running.end();
    const store = await log.open();
    expect(store.isOpen).toBe(true);
    await store.close();
  }, 60_000);
});

describe('a disk that takes nothing more', () => {
  it('stops the log: the outcome is unknown, nothing more is taken, and what was acknowledged is there', async () => {
    const room = (await stat(log.file)).size + 300_000;
    running = new Agent(['prlimit', `--fsize=${room}`]).begin();
    await running.until((lines) => lines.some((line) => line.startsWith('failed ')));
    expect(running.lines.at(-1)).toBe('failed LogUnavailable LogUnavailable shut');
    const acknowledged = running.acknowledged();
    await running.end();
    expect(acknowledged.length).toBeGreaterThan(50);
    const store = await log.open();
    const entries = await store.entries({ op: 'document-in' });
    const found = new Map(entries.map(({ seq, event }) => [seq, event.op === 'document-in' ? event.size : -1]));
    expect(acknowledged.filter(([size, seq]) => found.get(seq) !== size)).toEqual([]);
    expect((await store.append({ op: 'token-out', actor: { id: 'station', role: 'station' } })).seq).toBe(store.size - 1);
    await store.close();
    expect(await check()).toBe('intact');
  });
});
