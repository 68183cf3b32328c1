/** A demo station with its virtual cards, whose holder Ada is enrolled at a reader that does not sign: fprintd on a private bus. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { enrolAsserted } from '../../../agent/commands/enrol-asserted.ts';
import { configDigest, readConfig, stationPaths } from '../../../agent/config.ts';
import type { EventOf } from '../../../agent/log/events.ts';
import { openStore } from '../../../agent/log/store.ts';
import { software } from '../../../agent/version.ts';
import { openVirtualHardware } from '../../../agent/workbench/hardware.ts';
import { FprintSource } from '../../../drivers/fprintd/source.ts';
import { readLog, StoryStation } from '../station.ts';
import { type Finger, touch } from './print.ts';
import type { PrivateBus } from './private-bus.ts';
import { openReader } from './reader-at.ts';

export interface AssertedStation {
  readonly bus: PrivateBus;
  /** What `station.json` says of the station's own word. */
  readonly stationAsserted: 'refuse' | 'accept' | undefined;
  /** Ada's right and left index finger. */
  readonly right: Finger;
  readonly left: Finger;
  /** Told what the terminal says at the enrolment. */
  readonly onSaid?: (line: string) => void;
}

export function makeAssertedStation(wanted: AssertedStation): Promise<StoryStation> {
  return StoryStation.make({
    prepare: (data) => prepare(data, wanted),
    hardware: async (config, paths) => {
      const virtual = await openVirtualHardware(config, paths, { matchMs: 20 });
      const matchers = new FprintSource({ address: wanted.bus.address, lookMs: 100 });
      const close = async (): Promise<void> => {
        await matchers.close();
        await virtual.close();
      };
      return { ...virtual, matchers, close };
    },
  });
}

async function prepare(data: string, { bus, stationAsserted, right, left, onSaid }: AssertedStation): Promise<void> {
  const file = join(data, 'station.json');
  const said = JSON.parse(await readFile(file, 'utf8')) as object;
  if (stationAsserted !== undefined) await writeFile(file, JSON.stringify({ ...said, fingerprint: { stationAsserted } }));
  const ada = (await readLog(data)).find((event) => event.op === 'enrol');
  const config = await readConfig(data);
  const log = await openStore(stationPaths(data, config).log, { software, configDigest: configDigest(config) });
  const { source, reader } = await openReader(bus);
  let finger = right;
  let scans = 0;
  const lay = (): void => {
    scans += 1;
    void bus.sensor.lay(touch(finger, { degrees: scans % 4, dx: 0.1 * (scans % 3), seed: scans }));
  };
  const hand = {
    ...reader,
    info: reader.info,
    fingers: reader.fingers.bind(reader),
    remove: reader.remove.bind(reader),
    close: reader.close.bind(reader),
    // Whoever lays the fingers down does what the terminal asks.
    enrol: ((whose, call) => reader.enrol(whose, { ...call, onPrompt: lay })) satisfies typeof reader.enrol,
    verify: ((whose, call) => reader.verify(whose, { ...call, onPrompt: lay })) satisfies typeof reader.verify,
  };
  const io = {
    out: () => undefined,
    err: (line: string): void => {
      if (line.startsWith('Lay the')) finger = line.includes('left') ? left : right;
      onSaid?.(line);
    },
  };
  const order = {
    reader: hand,
    fingers: ['right-index-finger', 'left-index-finger'],
    certificateSha256: ada?.certificate_sha256 ?? '',
    actor: { id: 'demo-clerk', role: 'clerk' },
    before: [],
  } as const;
  const append = async (event: EventOf<'enrol'>): Promise<void> => {
    await log.append(event);
  };
  try {
    await enrolAsserted(order, append, io);
  } finally {
    await source.close();
    await log.close();
  }
}
