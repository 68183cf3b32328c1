/** A demo station in a process of its own, for stories that are told at its screen. */
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogEvent } from '../../agent/log/events.ts';
import { makeDemoStation } from '../../agent/workbench/demo-station.ts';
import { RunningAgent } from './kiosk-client.ts';
import { agreement, readLog } from './station.ts';

export class BrowserStation {
  readonly data: string;
  agent: RunningAgent;

  private constructor(data: string, agent: RunningAgent) {
    this.data = data;
    this.agent = agent;
  }

  /** Makes and starts a station with one document, "contract.pdf", in its inbox; `documents` goes into its configuration. */
  static async make(documents?: object): Promise<BrowserStation> {
    const data = await mkdtemp(join(tmpdir(), 'at-the-screen-'));
    await makeDemoStation(data, 0);
    const config = join(data, 'station.json');
    if (documents !== undefined)
      await writeFile(config, JSON.stringify({ ...(JSON.parse(await readFile(config, 'utf8')) as object), documents }));
    await copyFile(agreement, join(data, 'inbox', 'contract.pdf'));
    return new BrowserStation(data, await RunningAgent.start(data));
  }

  get address(): string {
    return this.agent.address;
  }

  async putIn(name: string): Promise<void> {
    await copyFile(agreement, join(this.data, 'inbox', name));
  }

  readInput(name: string): Promise<Buffer> {
    return readFile(join(this.data, 'inbox', name));
  }

  readOutput(name: string): Promise<Buffer> {
    return readFile(join(this.data, 'outbox', name));
  }

  async outbox(): Promise<readonly string[]> {
    return (await readdir(join(this.data, 'outbox'))).sort();
  }

  /** The entries from the newest `token-in` on, but for documents that came in meanwhile, and for receipts. The log is verified first. */
  async lastVisit(): Promise<readonly LogEvent[]> {
    const events = await readLog(this.data);
    return events.slice(events.findLastIndex(({ op }) => op === 'token-in')).filter(({ op }) => op !== 'document-in' && op !== 'receipt');
  }

  async lastVisitOps(): Promise<readonly string[]> {
    return (await this.lastVisit()).map(({ op }) => op);
  }

  /** Number of the newest entry of this operation; entries are numbered from 0. */
  async lastEntry(op: string | undefined): Promise<number> {
    return (await readLog(this.data)).findLastIndex((event) => event.op === op);
  }

  /** Ends the agent and starts another one on the same data and the same port. */
  async startAnother(): Promise<void> {
    this.agent = await RunningAgent.start(this.data, Number(new URL(this.address).port));
  }

  async end(): Promise<void> {
    await this.agent.kill('SIGTERM');
    await rm(this.data, { recursive: true, force: true });
  }
}
