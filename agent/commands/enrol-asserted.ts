/** The part of `countersign enrol` for readers that do not sign: two fingers or more, scan by scan, with what the person at the reader has to know. */
import { fingerNames, type FingerName, type ScanFeedback } from '../../drivers/fingerprint.ts';
import { takesStationsWord, type StationConfig } from '../config.ts';
import type { EventOf } from '../log/events.ts';
import { enrolPrints, type PrintsOrder, type PrintsProgress, removePrints } from '../people/enrol-prints.ts';
import type { Enrolled } from '../people/enrolment.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';

/** The fingers of an option. Throws WrongUsage: an unknown finger, one twice, fewer than two. */
export function fingersIn(names: readonly string[]): readonly FingerName[] {
  const fingers = names.map((name) => {
    const finger = fingerNames.find((one) => one === name);
    if (finger === undefined) throw new WrongUsage(`There is no finger "${name}". Fingers are: ${fingerNames.join(', ')}.`);
    return finger;
  });
  if (new Set(fingers).size < Math.max(2, fingers.length))
    throw new WrongUsage('Two different fingers or more are enrolled, so that a cut does not keep anybody from signing.');
  return fingers;
}

/** Throws StartRefused when the station does not take its own word for a finger. */
export function mustTakeStationsWord(config: StationConfig): void {
  if (config.demo) throw new StartRefused('A demo station has a reader of its own that signs; --station-asserted is for real readers.', 1);
  if (takesStationsWord(config)) return;
  throw new StartRefused(
    'This station does not take its own word for a finger. Whoever answers for it can allow that in station.json: "fingerprint": {"stationAsserted": "accept"}.',
    1,
  );
}

const feedbackWords: Readonly<Record<Exclude<ScanFeedback['kind'], 'other'>, string>> = {
  'scan-again': 'That scan did not count. Again.',
  'swipe-too-short': 'Too short. Again, slower.',
  'not-centred': 'Not in the middle. Again.',
  'lift-finger': 'Lift the finger, then lay it down again.',
};

export interface AssertedOrder extends PrintsOrder {
  /**
   * What was enrolled for these fingers until now. Its prints are deleted first: fprintd compares a finger with all that it keeps before it takes it, and
   * refuses one that it knows. Whoever breaks off then has to be enrolled again.
   */
  readonly before: readonly (Enrolled | undefined)[];
}

/** Throws DeviceError, also when it was called off by `signal`; what `append` throws leaves no prints behind. */
export async function enrolAsserted(
  order: AssertedOrder,
  append: (event: EventOf<'enrol'>) => Promise<void>,
  io: CommandIo,
  signal?: AbortSignal,
): Promise<void> {
  const { reader, before } = order;
  io.err(`${reader.info.name}: this reader does not sign. That a finger matched will be the word of this station alone.`);
  try {
    for (const prints of before) {
      if (prints?.assurance !== 'station-asserted') continue;
      io.err('The prints that were kept until now are deleted.');
      await removePrints(reader, prints.subject, prints.fingers);
    }
    const progress: PrintsProgress = {
      onFinger: (finger) => io.err(`Lay the ${words(finger)} on the reader, and lift it, until it is taken.`),
      onStage: (passed, of) => io.err(of === undefined ? `Scan ${passed} taken.` : `Scan ${passed} of ${of} taken.`),
      onFeedback: (feedback) => io.err(feedback.kind === 'other' ? `The reader says: ${feedback.said}.` : feedbackWords[feedback.kind]),
      onCheck: (finger) => io.err(`Taken. Now once more, to see that it matches: the ${words(finger)}.`),
    };
    const event = await enrolPrints(order, progress, signal);
    await append(event).catch(async (error: unknown) => {
      await removePrints(reader, event.subject, order.fingers);
      throw error;
    });
  } finally {
    await reader.close();
  }
}

function words(finger: FingerName): string {
  return finger.replaceAll('-', ' ');
}
