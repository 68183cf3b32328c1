/** A demo station with an enrolment officer at its terminal: a real card in a real pcscd, keys from the factory, and the commands over both. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../../agent/commands/arguments.ts';
import { enrolWith } from '../../agent/commands/enrol.ts';
import { readerWith } from '../../agent/commands/reader.ts';
import { configDigest, readConfig, type StationConfig, type StationPaths, stationPaths } from '../../agent/config.ts';
import type { ReaderHardware } from '../../agent/hardware.ts';
import type { LogEntry } from '../../agent/log/entry.ts';
import { openStationLog, type OpenedLog } from '../../agent/opening.ts';
import { demoStaff } from '../../agent/workbench/catalogue.ts';
import { makeDemoStation } from '../../agent/workbench/demo-station.ts';
import { openVirtualHardware, type VirtualHardware } from '../../agent/workbench/hardware.ts';
import { createReaderSource } from '../../drivers/fido/source.ts';
import { type BioKeyOptions, VirtualBioKey } from '../../drivers/virtual/bio-key.ts';
import type { Said } from './command-line.ts';

/** What a person does when the program says something. */
export type Reaction = (said: string) => void;

export interface DeskCall {
  readonly react?: Reaction;
  /** The person presses Ctrl+C. */
  readonly signal?: AbortSignal;
  /** Another station than the desk's own. */
  readonly data?: string;
}

export class OfficerDesk {
  readonly data: string;
  readonly config: StationConfig;
  readonly paths: StationPaths;
  readonly #hardware: VirtualHardware;
  #key: VirtualBioKey;

  private constructor(data: string, config: StationConfig, paths: StationPaths, hardware: VirtualHardware) {
    [this.data, this.config, this.paths, this.#hardware] = [data, config, paths, hardware];
    this.#key = factoryKey();
  }

  /** A station with the card of somebody who is not enrolled in its reader. */
  static async make(): Promise<OfficerDesk> {
    const data = await mkdtemp(join(tmpdir(), 'officer-'));
    await makeDemoStation(data, 0);
    const config = await readConfig(data);
    const paths = stationPaths(data, config);
    const hardware = await openVirtualHardware(config, paths, { tokens: { pollMs: 50 } });
    const card = hardware.devices.cards.get('not-enrolled');
    if (card !== undefined) await hardware.devices.reader.insert(card);
    for (const { id, passphrase } of demoStaff) await writeFile(join(data, `countersign-staff-${id}`), passphrase, { mode: 0o600 });
    // Where systemd puts the passphrases.
    process.env['CREDENTIALS_DIRECTORY'] = data;
    return new OfficerDesk(data, config, paths, hardware);
  }

  async end(): Promise<void> {
    delete process.env['CREDENTIALS_DIRECTORY'];
    await this.#hardware.close();
    await rm(this.data, { recursive: true, force: true });
  }

  /** The key that is plugged in. */
  get key(): VirtualBioKey {
    return this.#key;
  }

  /** Plugs another key in, in place of the one before. */
  plugIn(key: VirtualBioKey): VirtualBioKey {
    this.#key = key;
    return key;
  }

  enrol(words: readonly string[] = [], call: DeskCall = {}): Promise<Said> {
    const devices = () => Promise.resolve({ ...this.#keyDevices(), tokens: this.#hardware.tokens });
    return this.run(enrolWith(devices, stopped(call)), words, call);
  }

  reader(words: readonly string[], call: DeskCall = {}): Promise<Said> {
    return this.run(
      readerWith(() => Promise.resolve(this.#keyDevices()), stopped(call)),
      words,
      call,
    );
  }

  async run(command: Command, words: readonly string[], { react, data = this.data }: DeskCall = {}): Promise<Said> {
    const said = { out: '', err: '' };
    const io = {
      out: (text: string) => void (said.out += `${text}\n`),
      err: (text: string) => {
        said.err += `${text}\n`;
        react?.(text);
      },
    };
    try {
      return { code: await command([...words, '--data', data], io), ...said };
    } catch (error) {
      if (!(error instanceof Error && 'exitCode' in error)) throw error;
      return { code: Number(error.exitCode), out: said.out, err: `${said.err}${error.message}\n` };
    }
  }

  /** Lends the open log. */
  async withLog<T>(use: (opened: OpenedLog) => Promise<T>): Promise<T> {
    const opened = await openStationLog(this.paths, this.config, { software: 'countersign test', configDigest: configDigest(this.config) });
    try {
      return await use(opened);
    } finally {
      await opened.log.close();
    }
  }

  entries(): Promise<readonly LogEntry[]> {
    return this.withLog(({ log }) => log.entries());
  }

  #keyDevices(): ReaderHardware {
    const { transport: keyTransport } = this.#key;
    const readers = createReaderSource(keyTransport);
    return { readers, keyTransport, close: () => readers.close() };
  }
}

/** A key as it comes from the factory, of a person who does not let it wait long. */
export function factoryKey(options: Partial<BioKeyOptions> = {}): VirtualBioKey {
  return VirtualBioKey.create({ fingers: [], keepaliveMs: 10, touchTimeoutMs: 2000, ...options });
}

/** Takes a key out and plugs it in again when that is asked for; then the finger that is laid on it is anybody's. */
export function replugging(key: VirtualBioKey): Reaction {
  return (said) => {
    if (said.startsWith('Take the key out')) {
      key.unplug();
      void sleep(300).then(() => key.plug());
    }
    if (said === 'Touch the key now.') key.nextTouches({ finger: 'anybody' });
  };
}

function stopped({ signal = new AbortController().signal }: DeskCall) {
  return <T>(run: (given: AbortSignal) => Promise<T>): Promise<T> => run(signal);
}
