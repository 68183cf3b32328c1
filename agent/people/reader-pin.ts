/**
 * The PIN of a holder's fingerprint key, in safekeeping: random, sealed in the log before the key has it, opened by members of staff through their own keys.
 * It stands in the tier `supervision`, because whoever has it can put a finger of their own on the key: supervisors and auditors are trusted with that, and
 * clerks, who see holders every day, are not. It is sealed under a data key of the holder, so that an erasure takes it as well; a key whose PIN is gone
 * still signs, and can still be reset. Signing never needs it.
 */
import { Secret } from '../../drivers/secret.ts';
import type { LogEntry } from '../log/entry.ts';
import type { EventOf } from '../log/events.ts';
import { appendPersonal } from '../log/personal.ts';
import type { Json } from '../log/record.ts';
import type { SealingFacts } from '../log/staff-grants.ts';
import type { LogStore } from '../log/store.ts';
import { type Reader, type Reading, unseal } from '../log/unsealing.ts';

/** Who may open a PIN. */
export const pinTier = 'supervision';

/** True when what is sealed for supervisors can be read by somebody. */
export function pinCanBeOpened({ tiers, staff }: SealingFacts): boolean {
  return tiers.some(({ tier }) => tier === pinTier) && staff.some((one) => one.tiers.includes(pinTier));
}

/** The number of the entry, and what it says. */
export interface KeptPin {
  readonly seq: number;
  readonly event: EventOf<'reader-pin'>;
  readonly entry: LogEntry;
}

/**
 * Enters a PIN, which is taken and wiped. It is sealed as a list of its bytes: fields are JSON, and so the numbers stand in a text for a moment, but the PIN
 * itself is never a string, and the index of words passes it over. Throws RangeError in a log in which nobody could open it, and as `appendPersonal`.
 */
export async function keepPin(
  log: Pick<LogStore, 'appendAll'>,
  sealing: SealingFacts,
  event: EventOf<'reader-pin'>,
  pin: Secret,
): Promise<KeptPin> {
  if (!pinCanBeOpened(sealing)) throw new RangeError('nobody could ever open this PIN');
  return pin.take(async (bytes) => {
    const list = [...bytes];
    try {
      const person = { subject: event.subject, fields: { [pinTier]: { pin: list } } };
      const [entry] = await appendPersonal(log, sealing.tiers, [event], person);
      if (entry === undefined) throw new Error('the log gave no entry back');
      return { seq: entry.seq, event, entry };
    } finally {
      list.fill(0);
    }
  });
}

/** Every PIN that was entered, oldest first. Throws LogUnavailable. */
export async function keptPins(log: Pick<LogStore, 'entries'>): Promise<readonly KeptPin[]> {
  return (await log.entries({ op: 'reader-pin' })).flatMap((entry) => {
    const { seq, event } = entry;
    return event.op === 'reader-pin' ? [{ seq, event, entry }] : [];
  });
}

/** A PIN that this person cannot have. `locked`: their role may not open it; `erased`: its holder was erased. */
export class PinNotOpened extends Error {
  override readonly name = 'PinNotOpened';
  readonly why: Extract<Reading, { readonly refused: unknown }>['refused'];

  constructor(why: PinNotOpened['why']) {
    super(`the sealed PIN does not open: ${why}`);
    this.why = why;
  }
}

/** Opens a PIN for a member of staff; that it was opened stands in the log before. Throws PinNotOpened, and as `unseal`. */
export async function openPin(reader: Reader, { entry }: KeptPin): Promise<Secret> {
  if (!reader.tiers.tiers.includes(pinTier)) throw new PinNotOpened('locked');
  const [opened] = await unseal(reader, [entry], 'used');
  const reading = opened?.readings.find(({ tier }) => tier === pinTier);
  if (reading === undefined) throw new PinNotOpened('missing');
  if ('refused' in reading) throw new PinNotOpened(reading.refused);
  const bytes = takeBytes(reading.fields['pin']);
  if (bytes === undefined) throw new PinNotOpened('not-committed');
  return new Secret(bytes);
}

/** Takes the bytes out of the list, and leaves zeros in it. */
function takeBytes(list: Json | undefined): Uint8Array | undefined {
  if (!Array.isArray(list)) return undefined;
  const numbers = list as unknown[];
  const isPin = numbers.length > 0 && numbers.length < 64 && numbers.every((one) => typeof one === 'number' && one >= 0 && one < 256);
  const bytes = isPin ? Uint8Array.from(numbers as number[]) : undefined;
  numbers.fill(0);
  return bytes;
}
