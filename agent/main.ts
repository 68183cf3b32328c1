/** Wires one station together, in the order in which it may come up: configuration, log, projections, devices, visit, and the door last. Nothing else. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutputFormat, StationView } from './contract/state.ts';
import {
  configDigest,
  defaultCrlPolicy,
  defaultMaxDocuments,
  defaultSealMinutes,
  freeLimits,
  readConfig,
  stationPaths,
  type StationConfig,
  type StationPaths,
  takesStationsWord,
} from './config.ts';
import { fingerPolicyOf } from './config-fingerprint.ts';
import { RevocationFolder } from './documents/crl-folder.ts';
import { Examiner } from './documents/examiner.ts';
import { Inbox } from './documents/inbox.ts';
import type { Examining } from './documents/intake.ts';
import { Originals } from './documents/originals.ts';
import { Outbox } from './documents/outbox.ts';
import { loadTrust, type Trust } from './documents/trust.ts';
import { defaultVerifierLimits, verifyFile } from './documents/verifier.ts';
import { openHardware, type Hardware } from './hardware.ts';
import { startServer, type RunningServer } from './http/server.ts';
import { type ShortSpace, shortSpace } from './log/free-space.ts';
import { type SealClock, systemClock } from './log/seal.ts';
import { type KeySecrets, openStationLog, openStationSigner } from './opening.ts';
import { signingActors } from './signing/actors.ts';
import { CheckDesk, type CheckDeskParts } from './signing/check-desk.ts';
import { Desk, type DeskView } from './signing/desk.ts';
import { Login } from './signing/login.ts';
import { problemOf } from './signing/problem.ts';
import { receiptMaker } from './signing/receipt.ts';
import { Recorder } from './signing/recorder.ts';
import { recover, type Recovered, signedIn } from './signing/recovery.ts';
import { keepLog } from './signing/upkeep.ts';
import { Visit } from './signing/visit.ts';
import { Vouching } from './signing/vouching.ts';
import { software } from './version.ts';

export interface StationOptions {
  readonly data: string;
  /** Folder of the built kiosk; absent when nobody is to see a screen (terminal commands). */
  readonly kiosk?: (demo: boolean) => string;
  /** Instead of the configured ones, for a terminal command that signs files: an inbox of its own, and one output file or an outbox. */
  readonly inbox?: string;
  readonly outputFile?: string;
  readonly outbox?: string;
  readonly port?: number;
  /** A bug of ours, or a log that cannot be written: the caller decides about leaving. */
  readonly onFault: (error: unknown) => void;
  readonly inboxPollMs?: number;
  /** How long the station waits before it opens a log again that has failed. */
  readonly reopenMs?: number;
  /** How everything is signed; where it is left out, PDFs in themselves and other files as the configuration says. */
  readonly format?: OutputFormat | undefined;
  /** Opens the devices instead of those that the configuration names. No command hands this in. */
  readonly hardware?: (config: StationConfig, paths: StationPaths) => Promise<Hardware>;
  /** Asked for what opens the log key. Where it is left out, the key is not opened and nothing is sealed: a terminal command. */
  readonly secrets?: KeySecrets;
  /** Told, in a sentence for staff, that the log is not sealed, and when it is again. */
  readonly onSeal?: (sentence: string) => void;
  /** Where the time of seals comes from, instead of this computer's clock. No command hands this in. */
  readonly sealClock?: SealClock;
}

export interface Station {
  readonly config: StationConfig;
  readonly paths: StationPaths;
  readonly visit: Visit;
  readonly desk: Desk;
  readonly checkDesk: CheckDesk;
  readonly hardware: Hardware;
  readonly recorder: Recorder;
  readonly server: RunningServer | undefined;
  readonly recovered: Recovered;
  readonly revocation: RevocationFolder;
  readonly examiner: Examiner;
  /** Where room is too short to begin something new, as it was at the start. */
  readonly shortSpace: ShortSpace | undefined;
  /** What a start tells of the log besides. */
  readonly logState: {
    /** False in a station that was made before logs had keys. */
    readonly hasKey: boolean;
    /** False in a station that was made before personal fields were sealed. */
    readonly hasTiers: boolean;
    /** False while something that was erased is still in the files. */
    readonly isScrubbed: boolean;
  };
  /** Lets a step that must not be cut off finish, ends the visit, then closes everything. */
  close(): Promise<void>;
}

/** Starts the station in `data`. Throws StartRefused, with a sentence, when it must not start. */
export async function startStation(options: StationOptions): Promise<Station> {
  const config = await readConfig(options.data);
  const paths = stationPaths(options.data, config);
  const opened = await openStationLog(paths, config, { software, configDigest: configDigest(config) });
  const { log, enrolments, vouches } = opened;
  const recorder = new Recorder(log, enrolments, opened.sealing.tiers);
  const closers: (() => Promise<void> | void)[] = [() => log.close()];
  const close = async () => {
    for (const step of closers.reverse()) await step();
    closers.length = 0;
  };
  try {
    for (const folder of [paths.inbox, paths.outbox, paths.check, paths.staging, paths.originals])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    const { maxBytes, maxPages } = config.limits;
    // Intake remarks what some class may allow; the desk decides by the rules of each document's class.
    const { otherFiles = 'refuse' } = config.documents ?? {};
    const examiner = new Examiner({ maxBytes, maxPages, embeddedFiles: 'allow', missingFonts: 'warn', otherFiles });
    closers.push(() => examiner.close());
    // What was cut off belongs to the station's own folders, also when a terminal command brings others.
    const ofStation = openFolders(paths, examiner, {});
    const recovered = await recover(opened.openIntents, signedIn(log), recorder, ofStation);
    const revocation = new RevocationFolder(paths.crl, await loadTrust(paths.trust), config.crl ?? defaultCrlPolicy);
    await revocation.look(new Date());
    const key = options.secrets === undefined ? undefined : await openStationSigner(paths, config, opened, options.secrets);
    if (key !== undefined) closers.push(() => key.close());
    const hardware = await (options.hardware ?? openHardware)(config, paths);
    closers.push(() => hardware.close());
    const record = recorder.record.bind(recorder);
    const folders = options.inbox === undefined ? ofStation : openFolders(paths, examiner, options);
    const onLeft = (view: DeskView): void => visit.inboxChanged(view);
    const deskParts = { ...folders, examiner, record, rules: config.documents ?? {}, format: options.format, onLeft };
    const desk = new Desk(deskParts, opened.known);
    const trust = (): Promise<Trust> => revocation.trust(new Date());
    const judge: CheckDeskParts['judge'] = (file, trusted, signal) => verifyFile(file, { trust: trusted }, defaultVerifierLimits, signal);
    const checkDesk = new CheckDesk({ folder: paths.check, judge, trust, record });
    const space = () => shortSpace([paths.log, paths.staging, paths.originals], freeLimits(config));
    const login = new Login(hardware.tokens, (moment) => visit.padChanged(moment));
    const actors = signingActors({
      login,
      tokens: hardware.tokens,
      readers: hardware.readers,
      matchers: takesStationsWord(config) ? hardware.matchers : undefined,
      desk,
      checkDesk,
      recorder,
      enrolments,
      trust,
      origin: log.origin,
      stationName: config.name,
      rpId: config.rpId,
      makeReceipt: key === undefined ? undefined : receiptMaker({ log, signer: key.signer, desk, recorder }),
      vouching: config.fingerprint?.vouching === 'accept' ? new Vouching(log, vouches) : undefined,
      now: () => new Date(),
      fingerPolicy: fingerPolicyOf(config.fingerprint),
      hasRoom: async () => (await space()) === undefined,
      onPrompt: (prompt) => visit.promptChanged(prompt),
    });
    const station = (): StationView => ({
      name: config.name,
      demo: config.demo,
      logSize: log.size,
      cardReaderReady: hardware.tokens.ready(),
      fingerprintReaderReady: [hardware.readers, hardware.matchers].some((source) => (source?.readers().length ?? 0) > 0),
      ...revocation.view(new Date()),
    });
    const { idleSeconds, idleWarningSeconds, maxDocuments = defaultMaxDocuments } = config.limits;
    const visit: Visit = new Visit({
      actors,
      endLogin: () => login.end(),
      limits: { idleMs: idleSeconds * 1000, idleWarningSeconds, lingerMs: 15_000, mostDocuments: maxDocuments },
      tokens: hardware.tokens.tokens(),
      station,
      onFault: options.onFault,
    });
    closers.push(() => visit.end());
    closers.push(hardware.tokens.watch((tokens) => visit.tokensChanged(tokens)));
    for (const source of [hardware.readers, hardware.matchers])
      closers.push(source?.watch(() => visit.stationChanged()) ?? (() => undefined));
    const look = () => revocation.look(new Date()).then(() => desk.look());
    closers.push(watchDesk({ look }, visit, options.inboxPollMs ?? 500, options.onFault));
    const { sealMinutes = defaultSealMinutes } = config.limits;
    const onLogFault = (error: unknown): void => {
      visit.fault();
      options.onFault(error);
    };
    const upkeep = keepLog({
      log,
      signer: key?.signer,
      visit,
      desk,
      enrolments,
      vouches,
      recover: (open) => recover(open, signedIn(log), recorder, ofStation),
      sealMs: sealMinutes * 60_000,
      sealedAt: opened.sealedAt,
      sealClock: options.sealClock ?? systemClock,
      onSeal: options.onSeal ?? (() => undefined),
      onFault: onLogFault,
      reopenMs: options.reopenMs,
    });
    closers.push(upkeep);
    let server: RunningServer | undefined;
    if (options.kiosk !== undefined) {
      const workbench = hardware.workbench?.(log);
      server = await startServer({
        visit,
        kioskDirectory: options.kiosk(config.demo),
        host: '127.0.0.1',
        port: options.port ?? config.port,
        onFault: options.onFault,
        ...(workbench === undefined ? {} : { workbench }),
      });
      const running = server;
      closers.push(() => running.close());
    }
    const logState = { hasKey: opened.key !== undefined, hasTiers: opened.sealing.tiers.length > 0, isScrubbed: opened.isScrubbed };
    const parts = { config, paths, visit, desk, checkDesk, hardware, recorder, server, recovered, revocation, examiner };
    return { ...parts, logState, shortSpace: await space(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The ways in and out for documents: the station's, or those that a terminal command brings. */
function openFolders(paths: StationPaths, examiner: Examining, own: Pick<StationOptions, 'inbox' | 'outputFile' | 'outbox'>) {
  const inbox = new Inbox(own.inbox ?? paths.inbox, examiner);
  const outbox = new Outbox(paths.staging, own.outputFile ?? own.outbox ?? paths.outbox, own.outputFile !== undefined);
  return { inbox, outbox, originals: new Originals(paths.originals, inbox) };
}

/** Looks into the inbox at intervals; gives the way to stop, which waits for a look that is going on. */
function watchDesk(desk: Pick<Desk, 'look'>, visit: Visit, everyMs: number, onFault: (error: unknown) => void): () => Promise<void> {
  const stopped = new AbortController();
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      // While the log takes nothing, nothing new is listed; whether it comes back is seen to elsewhere.
      const view = await desk.look().catch((error: unknown) => {
        if (problemOf(error).code === 'log-unavailable') return undefined;
        throw error;
      });
      if (view !== undefined) visit.inboxChanged(view);
      // The line of trust on the start screen: a reader may have come or gone, the log has grown.
      visit.stationChanged();
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })().catch((error: unknown) => {
    visit.fault();
    onFault(error);
  });
  return async () => {
    stopped.abort();
    await watching;
  };
}
