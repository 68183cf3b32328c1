/** Opens a station's log and reads from it what the station must know: who is enrolled, which documents it has seen, which visits were cut off. */
import { originOf, takesStationsWord, type StationConfig, type StationPaths } from './config.ts';
import { type LogAnchor, StationAnchor } from './log/anchor.ts';
import { exportsFolder, readExportedHead } from './log/bundle/kept.ts';
import type { KnownHead } from './log/check-anchors.ts';
import { toHex } from './log/entry.ts';
import { LogRefusal, LogUnavailable } from './log/errors.ts';
import type { Fields, LogKeyFields } from './log/events.ts';
import { LogKeyRefused, openLogKey } from './log/log-key.ts';
import type { NoteSigner } from './log/note-key.ts';
import { Intents, reconcileOps, type OpenIntent } from './log/reconcile.ts';
import { openStore, type LogStore, type StoreOptions } from './log/store.ts';
import { mustMatchTiers, type SealingFacts, sealingFacts } from './log/staff-grants.ts';
import { Wrong } from './log/verify/canonical.ts';
import type { PinSource } from './log-token/pins.ts';
import { openTokenSigner } from './log-token/signer.ts';
import { Enrolments } from './people/enrolment.ts';
import { vouchOps, Vouches } from './people/vouches.ts';
import { StartRefused } from './refusals.ts';

export interface OpenedLog {
  readonly log: LogStore;
  readonly enrolments: Enrolments;
  /** Digests of every document that came in. */
  readonly known: ReadonlySet<string>;
  /** For whom a member of staff vouches. */
  readonly vouches: Vouches;
  readonly openIntents: readonly OpenIntent[];
  /** What the log says of its own key; absent in a station that was made before there was one. */
  readonly key: LogKeyFields | undefined;
  /** Whom personal fields are sealed to, and who may read them. */
  readonly sealing: SealingFacts;
  /** False while something that was erased is still in the files, because somebody reads the database. */
  readonly isScrubbed: boolean;
  /** When the log was sealed last, or its key was made: RFC 3339. */
  readonly sealedAt: string | undefined;
}

/** How a station's log is opened. */
export interface OpeningOptions extends Omit<StoreOptions, 'anchor'> {
  /** Instead of the anchor file as it is: to have it renewed. */
  readonly anchor?: LogAnchor;
  /** Further heads that were kept elsewhere, such as that of the last bundle: the log must have grown out of each. */
  readonly known?: readonly KnownHead[];
}

/**
 * Throws StartRefused when there is no log, it is broken, it cannot be written, another agent has it, it is not the log of this configuration, or it did not grow out of the head in
 * its anchor file or out of another that was kept elsewhere.
 */
export async function openStationLog(
  { data, log: directory, anchor }: Pick<StationPaths, 'data' | 'log' | 'anchor'>,
  config: StationConfig,
  options: OpeningOptions,
): Promise<OpenedLog> {
  const heads = [...(options.known ?? []), ...(await lastExported(data))];
  const log = await openStore(directory, { ...options, known: heads, anchor: options.anchor ?? new StationAnchor(anchor) }).catch(
    (error: unknown) => {
      // The first entry of this start could not be written, and so nothing else could be.
      if (error instanceof LogUnavailable) throw new StartRefused(`${capital(error.message)}. The station does not start.`, 2, error);
      throw error instanceof LogRefusal
        ? new StartRefused(sentence(error), error.code === 'broken' || error.code === 'anchor' ? 1 : 2, error)
        : error;
    },
  );
  try {
    await mustBelong(log, config);
    const enrolments = new Enrolments({ takesStationsWord: takesStationsWord(config) });
    const vouches = new Vouches();
    const known = new Set<string>();
    const intents = new Intents();
    const keys: Fields<'key'>[] = [];
    let key: LogKeyFields | undefined;
    let sealedAt: string | undefined;
    let hasErased = false;
    // Entry by entry: a log of many years does not fit into memory.
    for await (const entry of log.scan({
      op: [...reconcileOps, 'enrol', 'finger-refused', 'document-in', 'key', 'seal', 'erase', ...vouchOps],
    })) {
      const { event, at } = entry;
      enrolments.take(event);
      intents.take(entry);
      vouches.take(entry);
      if (event.op === 'key') keys.push(event);
      if (event.op === 'erase' || (event.op === 'key' && event.action === 'revoked')) hasErased = true;
      if (event.op === 'document-in') known.add(event.document_sha256);
      const made = event.op === 'key' && event.purpose === 'log';
      if (made) key = event;
      if (made || event.op === 'seal') sealedAt = at.time;
    }
    const sealing = sealingFacts(keys);
    await log.tables.use((inside) => mustMatchTiers(inside, sealing));
    const isScrubbed = !hasErased || (await log.tables.scrub());
    return {
      log,
      enrolments,
      known,
      openIntents: intents.open(),
      vouches,
      key,
      sealing,
      isScrubbed,
      sealedAt,
    };
  } catch (error) {
    await log.close();
    throw error instanceof LogRefusal ? new StartRefused(sentence(error), error.code === 'broken' ? 1 : 2, error) : error;
  }
}

/** Who is asked for what opens the key of the log: the passphrase of a file, or the PIN of a token. */
export interface KeySecrets {
  readonly passphrase: () => Promise<Uint8Array>;
  readonly pins: PinSource;
}

/** The signer of a log for as long as the agent runs. */
export interface StationSigner {
  readonly signer: NoteSigner;
  close(): Promise<void>;
}

/**
 * Opens the key that the log says is its own, where the configuration says that it is kept: a token, or a file. Undefined where the log says none. Throws
 * StartRefused as `openStationKey`.
 */
export async function openStationSigner(
  paths: Pick<StationPaths, 'logKey'>,
  config: StationConfig,
  opened: OpenedLog,
  { passphrase, pins }: KeySecrets,
): Promise<StationSigner | undefined> {
  if (opened.key === undefined) return undefined;
  const inToken = opened.key.wrapping === 'token';
  if (inToken !== (config.logKey !== undefined))
    throw new StartRefused(
      inToken
        ? 'The log cannot be sealed: it says that its key is in a token, and "logKey" in station.json does not say in which.'
        : 'The log cannot be sealed: it says that its key is a file, and "logKey" in station.json says a token.',
    );
  if (config.logKey === undefined) {
    const signer = await openStationKey(paths.logKey, opened, passphrase);
    return signer && { signer, close: () => Promise.resolve() };
  }
  const parts = { origin: opened.log.origin, module: moduleOf(config), settings: config.logKey, pins };
  const signer = await refusing(() => openTokenSigner(parts, opened.key?.public_key));
  try {
    await refusing(() => opened.log.checkGrowth(signer.verifier));
    return { signer, close: () => signer.close() };
  } catch (error) {
    await signer.close();
    throw error;
  }
}

/** The module behind which the key of the log is. */
export function moduleOf({ modules, logKey }: StationConfig): StationConfig['modules'][number] {
  const module = modules.find(({ name }) => name === logKey?.module);
  if (module === undefined) throw new Error('a configuration with a log key names its module');
  return module;
}

/**
 * Opens the key that the log says is its own; undefined where it says none. Throws StartRefused when the file is gone, is not private, does not
 * open, or holds another key, and (exit code 1) when the log did not grow out of its newest checkpoint.
 */
export async function openStationKey(file: string, opened: OpenedLog, ask: () => Promise<Uint8Array>): Promise<NoteSigner | undefined> {
  const { key } = opened;
  if (key === undefined) return undefined;
  return refusing(async () => {
    const { signer } = await openLogKey(file, opened.log.origin, ask);
    if (toHex(signer.verifier.publicKey) !== key.public_key)
      throw new LogKeyRefused('not-opened', `the log key ${file} is not the one that the log says`);
    await opened.log.checkGrowth(signer.verifier);
    return signer;
  });
}

async function refusing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof LogRefusal) throw new StartRefused(sentence(error), error.code === 'broken' ? 1 : 2, error);
    if (!(error instanceof LogKeyRefused)) throw error;
    const more = error.code === 'missing' ? ' Bring it back from a copy: a key that is lost is not made anew.' : '';
    throw new StartRefused(`The log cannot be sealed: ${error.message}.${more}`, 2, error);
  }
}

/** The head of the last bundle, which the log must have grown out of. Throws StartRefused when the manifest that was kept says nothing. */
async function lastExported(data: string): Promise<readonly KnownHead[]> {
  try {
    const head = await readExportedHead(exportsFolder(data));
    return head === undefined ? [] : [head];
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const why = `the manifest of the last export in ${exportsFolder(data)} is damaged (${error.message})`;
    throw new StartRefused(
      `The station does not start: ${why}. Copy it anew from the drive that the bundle went to, as last.manifest.`,
      2,
      error,
    );
  }
}

/** A demo station stays one for ever, and a real one never becomes one: the first entry of the log says which it is. */
async function mustBelong(log: LogStore, config: StationConfig): Promise<void> {
  const [genesis] = await log.entries({ op: 'genesis', limit: 1 });
  if (genesis?.event.op !== 'genesis' || log.origin !== originOf(config))
    throw new StartRefused(
      `This log belongs to ${log.origin}, and the configuration says ${originOf(config)}. The station does not start.`,
    );
  if (genesis.event.demo === config.demo) return;
  throw new StartRefused(
    genesis.event.demo
      ? 'This station was initialised as a demo and cannot become a real one. Make a new station with: countersign init'
      : 'This station was initialised as a real one and cannot use virtual devices. Make a demo with: countersign demo',
  );
}

function sentence(error: LogRefusal): string {
  switch (error.code) {
    case 'in-use':
      return 'Another Countersign agent is running on this data folder. Only one may write a log.';
    case 'missing':
      return `${capital(error.message)}. A log is made by "countersign init" and never by starting, so that a lost log is noticed.`;
    case 'broken':
      return `The operation log is broken${error.seq === undefined ? '' : ` at entry ${error.seq}`}: ${error.message}. The station does not start. See: countersign log verify`;
    case 'anchor':
    case 'no-anchor':
      return `The station does not start: ${error.message}.`;
    case 'exists':
    case 'unreadable':
    case 'settings':
    case 'not-allowed':
      return `The operation log cannot be used: ${error.message}.`;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
