/** A key that is plugged in, in the hands of a member of staff who opened its PIN. What they did with it is an entry, and so is every opening of the PIN. */
import { isDeviceError } from '../../drivers/errors.ts';
import { KeyEnrolment } from '../../drivers/fido/enrolment.ts';
import type { Secret } from '../../drivers/secret.ts';
import { readConfig, stationPaths } from '../config.ts';
import type { openReaderHardware } from '../hardware.ts';
import type { Actor } from '../log/catalogue.ts';
import type { EventOf } from '../log/events.ts';
import type { SealingFacts } from '../log/staff-grants.ts';
import type { LogStore } from '../log/store.ts';
import { keptPins, type KeptPin, openPin, PinNotOpened, pinTier } from '../people/reader-pin.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import { whyAlone } from './log-unsealed.ts';
import { withStaff } from './staff-session.ts';
import { deviceWords } from './reader-words.ts';
import { choosePin, type NamedPin, notOpened, pinBefore } from './reader-kept-pin.ts';
import { oneReader } from './reader-plugged-in.ts';

export interface OfficerCall {
  readonly data: string;
  readonly staff: string;
  readonly identity: string | undefined;
  readonly named: NamedPin;
  /** Also where the key has one try of its PIN left. */
  readonly lastTry: boolean;
}

export interface OfficersKey {
  readonly keys: KeyEnrolment;
  /** To be taken once. */
  readonly pin: Secret;
  readonly kept: KeptPin;
  readonly log: LogStore;
  readonly facts: SealingFacts;
  readonly actor: Actor;
  /** What belongs into every entry about this key. */
  readonly of: Pick<EventOf<'reader-pin'>, 'actor' | 'subject' | 'aaguid'>;
}

/** Opens the log, the PIN and the key, and lends them. Throws StartRefused. */
export async function withKey<T>(
  { data, staff, identity: file, named, lastTry }: OfficerCall,
  open: typeof openReaderHardware,
  io: CommandIo,
  run: (key: OfficersKey) => Promise<T>,
): Promise<T> {
  return withStaff(data, { id: staff, file, why: whyAlone }, async ({ log, facts, person, tiers }) => {
    const all = await keptPins(log);
    const kept = choosePin(all, named);
    if (!tiers.tiers.includes(pinTier)) throw notOpened(new PinNotOpened('locked'), kept, staff);
    const config = await readConfig(data);
    return withPluggedIn(open(config, stationPaths(data, config)), io, async (keys) => {
      await mustTakePin(keys, kept, lastTry);
      const pin = await openPin({ log, person, tiers }, kept).catch((error: unknown) => {
        throw error instanceof PinNotOpened ? notOpened(error, kept, staff) : error;
      });
      const { subject, aaguid } = kept.event;
      const actor = { id: person.id, role: person.role };
      try {
        return await run({ keys, pin, kept, log, facts, actor, of: { actor, subject, aaguid } });
      } catch (error) {
        throw isDeviceError(error) && error.origin?.value === 0x31 ? wrongPin(deviceWords(error), kept, pinBefore(all, kept)) : error;
      } finally {
        pin.wipe();
      }
    });
  });
}

/** The one key that is plugged in, lent; what it refuses becomes a sentence. Throws StartRefused. */
export async function withPluggedIn<T>(
  opening: ReturnType<typeof openReaderHardware>,
  io: CommandIo,
  run: (keys: KeyEnrolment) => Promise<T>,
): Promise<T> {
  const hardware = await opening;
  try {
    const { id } = await oneReader(hardware.readers, io);
    const keys = await KeyEnrolment.open(hardware.keyTransport, id);
    try {
      return await run(keys);
    } finally {
      await keys.close();
    }
  } catch (error) {
    throw isDeviceError(error) ? new StartRefused(deviceWords(error), 1, error) : error;
  } finally {
    await hardware.close();
  }
}

/** Whatever shows without a try that this is not the key, or that a try is too dear. */
async function mustTakePin(keys: KeyEnrolment, { seq, event }: KeptPin, lastTry: boolean): Promise<void> {
  const { aaguid } = await keys.info();
  if (aaguid !== event.aaguid)
    throw new StartRefused(`The PIN in entry ${seq} is for a key of model ${event.aaguid}, and this one is of model ${aaguid}.`, 1);
  const { pinSet, pinTries } = await keys.state();
  if (!pinSet) throw new StartRefused('This key has no PIN: it is as it came from the factory, or was reset. See: countersign enrol', 1);
  if (pinTries?.left === 1 && !lastTry)
    throw new StartRefused(
      `One more wrong PIN, and this key takes none any more. If entry ${seq} surely has the PIN of this key, say --last-try.`,
      1,
    );
}

function wrongPin(words: string, { seq }: KeptPin, before: KeptPin | undefined): StartRefused {
  const other = before === undefined ? '' : ` The PIN before it is in entry ${before.seq}: --entry ${before.seq}.`;
  return new StartRefused(`${words} It is not the key of entry ${seq}, or it got another PIN.${other} No other PIN was tried.`, 1);
}
