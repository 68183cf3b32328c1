/** An agent in a process of its own, and the cards outside of it: what is in its memory, an agent keeps and not a card. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CardReader, startCardReader } from '../../../drivers/virtual/card-reader.ts';
import { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { demoCards } from '../../../agent/workbench/catalogue.ts';
import { makeDemoStation } from '../../../agent/workbench/demo-station.ts';
import { countInMemory } from '../../agent/http/memory.ts';
import { makeKiosk, takeSession } from '../http/station.ts';
import { KioskClient } from '../kiosk-client.ts';
import { agreement } from '../station.ts';
import { formsOf } from './forms.ts';

export class AgentAndCard {
  readonly folder: string;
  readonly reader: CardReader;
  readonly client: KioskClient;
  readonly #kiosk: string;
  readonly #agent: ChildProcess;
  readonly #grace: ReturnType<PivCard['toJSON']>;
  #said = '';

  private constructor(folder: string, kiosk: string, reader: CardReader, grace: PivCard, agent: ChildProcess, client: KioskClient) {
    this.folder = folder;
    this.#kiosk = kiosk;
    this.reader = reader;
    this.client = client;
    this.#grace = grace.toJSON();
    this.#agent = agent;
    for (const stream of [agent.stdout, agent.stderr]) stream?.on('data', (chunk: Buffer) => (this.#said += chunk.toString('latin1')));
  }

  static async start(mode: 'as it is' | 'keep' | 'several' = 'as it is'): Promise<AgentAndCard> {
    const folder = await mkdtemp(join(tmpdir(), 'pin-'));
    const data = join(folder, 'data');
    await makeDemoStation(data, 0);
    // The station has no cards: they are all out here.
    const card = await readCard(data, 'grace');
    for (const { id } of demoCards) await rm(join(data, 'virtual', `card-${id}.json`));
    const reader = await startCardReader({ directory: join(folder, 'reader') });
    const kiosk = makeKiosk();
    const words = [data, reader.socket, kiosk, mode];
    // Whoever crashes leaves a core file here, if it may.
    const agent = fork(new URL('./pin-agent.ts', import.meta.url), words, {
      cwd: folder,
      execArgv: ['--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const ended = once(agent, 'exit').then((): never => {
      throw new Error('the agent did not start');
    });
    const [{ port }] = (await Promise.race([once(agent, 'message'), ended])) as [{ readonly port: number }];
    ended.catch(() => undefined);
    const origin = `http://127.0.0.1:${port}`;
    return new AgentAndCard(folder, kiosk, reader, card, agent, new KioskClient(origin, await takeSession(origin)));
  }

  get pid(): number {
    return Number(this.#agent.pid);
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  /** A card of the same holder with this PIN, put in, and the visit up to the PIN. */
  async walkToPin(pin: string): Promise<PivCard> {
    await copyFile(agreement, join(this.data, 'inbox', `${pin.length}-${Date.now()}.pdf`));
    const card = PivCard.fromJSON({ ...this.#grace, pin });
    await this.reader.insert(card);
    const { documents } = await this.client.until('choose-document', (state) => state.documents.length > 0);
    await this.client.act({ type: 'choose-documents', documentIds: [documents[0]?.id ?? ''] });
    const { document } = await this.client.until('review-document');
    await this.client.act({ type: 'reviewed' });
    await this.client.act({ type: 'consent', digests: [document.digest] });
    await this.client.until('enter-pin');
    return card;
  }

  async leave(): Promise<void> {
    await this.reader.remove();
    for (;;) {
      const { state } = await this.client.message();
      if (state.screen === 'start') return;
      await this.client.act({ type: 'continue' });
    }
  }

  /** Types the PIN into an agent that makes several signatures with it. Resolves with how many were made, after the login has ended. */
  async signSeveral(pin: string): Promise<number> {
    const answer = once(this.#agent, 'message');
    await this.client.typePin(pin);
    const [{ signatures }] = (await answer) as [{ readonly signatures: number }];
    return signatures;
  }

  /** The process that holds the vendor's module now. */
  async host(): Promise<number> {
    for (;;) {
      const answer = once(this.#agent, 'message');
      this.#agent.send('host');
      const [{ host }] = (await answer) as [{ readonly host: number }];
      if (host !== 0) return host;
    }
  }

  /**
   * The forms of these PINs that a core dump of the agent would hold now. The memory is read in place: a dump of it is 33 GB of address space that
   * nothing was ever written to, for the sake of 90 MB.
   */
  inMemory(...pins: readonly string[]): readonly string[] {
    return pins.flatMap(formsOf).flatMap(({ name, bytes }) => (countInMemory(this.pid, bytes) === 0 ? [] : [name]));
  }

  /** Where a PIN stands in what the agent wrote: its files, with the log's own, and what it said. */
  async inWriting(pin: string): Promise<readonly string[]> {
    const files = (await readdir(this.data, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name));
    const holding: string[] = [];
    for (const path of paths) {
      const contents = await readFile(path);
      if (formsOf(pin).some(({ bytes }) => contents.includes(bytes))) holding.push(path);
    }
    return [...holding, ...(this.#said.includes(pin) ? ['what the agent said'] : [])];
  }

  async end(): Promise<void> {
    if (this.#agent.connected) {
      const exited = once(this.#agent, 'exit');
      this.#agent.send('end');
      await exited;
    }
    await this.reader.stop();
    await rm(this.folder, { recursive: true, force: true });
    await rm(this.#kiosk, { recursive: true, force: true });
  }
}

async function readCard(data: string, id: string): Promise<PivCard> {
  return PivCard.fromJSON(JSON.parse(await readFile(join(data, 'virtual', `card-${id}.json`), 'utf8')));
}
