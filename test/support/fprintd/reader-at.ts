/** A reader on a private bus, opened as the station opens it, and the hand that lays fingers on it. */
import type { EnrolScanCall, FingerOf, MatchingReader, ScanCall, StationMatch } from '../../../drivers/fingerprint.ts';
import { type FprintSourceOptions, FprintSource } from '../../../drivers/fprintd/source.ts';
import { type Finger, touch } from './print.ts';
import type { PrivateBus } from './private-bus.ts';

/** Waits until the source lists one. */
export async function firstReader(source: FprintSource): Promise<string> {
  const [listed] = source.readers();
  if (listed !== undefined) return listed.id;
  return new Promise((resolve) => {
    const stop = source.watch(([reader]) => {
      if (reader === undefined) return;
      stop();
      resolve(reader.id);
    });
  });
}

export async function openReader(
  bus: Pick<PrivateBus, 'address'>,
  options: FprintSourceOptions = {},
): Promise<{ readonly source: FprintSource; readonly reader: MatchingReader }> {
  const source = new FprintSource({ address: bus.address, lookMs: 100, ...options });
  return { source, reader: await source.open(await firstReader(source)) };
}

/** Enrols a finger that is laid down a little differently each time. */
export async function enrol(
  bus: PrivateBus,
  reader: MatchingReader,
  whose: FingerOf,
  finger: Finger,
  call: EnrolScanCall = {},
): Promise<void> {
  let scans = 0;
  const onPrompt = (): void => {
    scans += 1;
    void bus.sensor.lay(
      touch(finger, { dx: 0.3 * Math.sin(scans), dy: 0.3 * Math.cos(scans), degrees: 3 * Math.sin(2 * scans), seed: scans }),
    );
  };
  await reader.enrol(whose, { ...call, onPrompt });
}

/** One try with whatever `lay` does at the sensor, once it waits. */
export function tryFinger(reader: MatchingReader, whose: FingerOf, lay: () => Promise<void>, call: ScanCall = {}): Promise<StationMatch> {
  return reader.verify(whose, { ...call, onPrompt: () => void lay() });
}
