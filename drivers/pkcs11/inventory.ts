/**
 * One look at everything that some modules see, for whoever asks at a terminal. Each module gets a host of its own, is asked once, and is let go
 * again. It never logs in, and a module that hangs or crashes costs its own part of the answer and nothing else.
 */
import type { PinInfo, SigningKey, TokenInfo } from '../token.ts';
import { ModuleClient, type Outcome } from './client.ts';
import { tokenContents } from './contents.ts';
import { hostEnvironment } from './environment.ts';
import { defaultDeadlines, HostLost, type Deadlines } from './exchange.ts';
import { knownModule } from './known-modules.ts';
import { onePerReader } from './one-per-reader.ts';
import type { StoredCertificate, TokenFacts } from './protocol.ts';
import { sightingsAfter } from './sightings.ts';
import type { ModuleConfig } from './source.ts';
import { tokenId } from './token-id.ts';

/** How a module failed: its library was not taken, it gave no answer in time, its process ended, or it answered with an error. */
export type ModuleFault = 'not-loaded' | 'hung' | 'crashed' | 'failed';

/** A token as one module shows it. */
export interface ListedToken {
  /** Without the id, which only lives as long as a host. */
  readonly token: Omit<TokenInfo, 'id'>;
  /** False: the module sees a card in this slot and does not know it. */
  readonly recognised: boolean;
  /** False: another module of the list is asked about the card in this reader, as `onePerReader` has it. */
  readonly offered: boolean;
  /** Absent where the card is not known, or what is on it could not be read. */
  readonly contents?: {
    readonly pin: PinInfo;
    /** Every certificate on it, and the key beside it where it has one that can sign. */
    readonly certificates: readonly { readonly stored: StoredCertificate; readonly key?: SigningKey }[];
  };
  /** Why it could not be read. */
  readonly problem?: string;
}

export interface ListedModule {
  readonly config: ModuleConfig;
  /** What the library says of itself, once it was loaded. */
  readonly library?: string;
  readonly fault?: { readonly how: ModuleFault; readonly said: string };
  /** Names of all slots, empty ones too. */
  readonly slots: readonly string[];
  /** True: its slots are the readers of pcscd. */
  readonly namesReaders: boolean;
  readonly tokens: readonly ListedToken[];
}

export interface InventoryOptions {
  readonly modules: readonly ModuleConfig[];
  /** Variables for all hosts. */
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlines?: Partial<Deadlines>;
}

/** A healthy module starts within a second, and a slow card takes two to be read for the first time. */
const patience: Partial<Deadlines> = { start: 8000, list: 6000, read: 8000 };

/**
 * Asks every module; those that look at the readers of pcscd one after the other, because two that talk to one card at the same time can keep each other
 * waiting for longer than a healthy one takes (seen with OpenSC and ykcs11). Resolves within the deadlines for start, list and read of all of them.
 */
export async function takeInventory({ modules, env = {}, deadlines = patience }: InventoryOptions): Promise<readonly ListedModule[]> {
  let turn: Promise<unknown> = Promise.resolve();
  const looked = await Promise.all(
    modules.map((config) => {
      const ask = () => look(config, env, { ...defaultDeadlines, ...deadlines });
      if (knownModule(config.path)?.namesReaders === false) return ask();
      const asked = turn.then(ask);
      turn = asked;
      return asked;
    }),
  );
  let insertions = 0;
  const views = looked.map(({ namesReaders, found }) => ({
    namesReaders,
    lookedAt: Infinity,
    sightings: sightingsAfter([], { tokens: found.map(({ facts }) => facts), host: 0, at: 0 }, () => ++insertions),
  }));
  const chosen = onePerReader(views, new Set(), Infinity).flat();
  return looked.map(({ found, ...module }) => ({
    ...module,
    tokens: found.map(({ facts, ...rest }) => ({
      ...rest,
      token: named(module.config.name, facts),
      recognised: facts.recognised,
      offered: chosen.some((sighting) => sighting.facts === facts),
    })),
  }));
}

type Found = Pick<ListedToken, 'contents' | 'problem'> & { readonly facts: TokenFacts };
type Looked = Omit<ListedModule, 'tokens'> & { readonly found: readonly Found[] };

async function look(config: ModuleConfig, env: Readonly<Record<string, string>>, deadlines: Deadlines): Promise<Looked> {
  const known = knownModule(config.path);
  const client = new ModuleClient({
    name: config.name,
    path: config.path,
    slotEvents: known?.slotEvents ?? false,
    environment: hostEnvironment(process.env, known?.env ?? {}, env, config.env ?? {}),
    deadlines,
    // Longer than this look lasts: nothing is tried twice.
    coolDownMs: 3_600_000,
  });
  const common = { config, namesReaders: known?.namesReaders ?? true };
  try {
    const listed = await answerOf(client.run(() => ({ type: 'list' })));
    const { library } = client.health();
    const own = { ...common, ...(library === undefined ? {} : { library }) };
    if (listed.type !== 'listed') return { ...own, fault: faultOf(listed, client), slots: [], found: [] };
    const found: Found[] = [];
    for (const facts of listed.tokens) found.push(await read(client, config, facts, known?.tellsPinState ?? true));
    return { ...own, slots: listed.slots, found };
  } finally {
    await client.close();
  }
}

async function read(client: ModuleClient, { name }: ModuleConfig, facts: TokenFacts, tellsPinState: boolean): Promise<Found> {
  if (!facts.recognised) return { facts };
  const answer = await answerOf(client.run(() => ({ type: 'read', tokenId: tokenId(name, facts, facts.insertion) })));
  if (answer.type !== 'contents') return { facts, problem: faultOf(answer, client).said };
  const { pin, keys } = tokenContents({ id: '', ...named(name, answer.token) }, answer, tellsPinState);
  const certificates = answer.certificates.map((stored) => {
    const key = keys.find(({ certificate }) => Buffer.from(certificate).equals(stored.value));
    return key === undefined ? { stored } : { stored, key };
  });
  return { facts, contents: { pin, certificates } };
}

async function answerOf(running: Promise<Outcome>): Promise<Outcome | HostLost> {
  try {
    return await running;
  } catch (error) {
    if (error instanceof HostLost) return error;
    throw error;
  }
}

function faultOf(answer: Outcome | HostLost, client: ModuleClient): { readonly how: ModuleFault; readonly said: string } {
  if (answer.type === 'failed') return { how: 'failed', said: answer.message };
  if (answer.type !== 'lost') throw new Error(`a host answered with ${answer.type} out of turn`);
  const { problem } = client.health();
  if (client.isBad()) return { how: 'not-loaded', said: problem ?? answer.message };
  if (answer.how === 'timeout') return { how: 'hung', said: answer.message };
  return { how: 'crashed', said: problem === undefined ? answer.message : `${answer.message}: ${problem}` };
}

function named(module: string, { slot, label, manufacturer, model, serial }: TokenFacts): Omit<TokenInfo, 'id'> {
  return { module, slot, label, manufacturer, model, serial };
}
