/** Another random PIN for a key, in place of one that somebody may have seen. */
import { isDeviceError } from '../../drivers/errors.ts';
import { Secret } from '../../drivers/secret.ts';
import { keepPin } from '../people/reader-pin.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import { deviceWords } from './reader-words.ts';
import type { OfficersKey } from './reader-with-key.ts';

/** Renews it. Throws StartRefused and DeviceError. */
export async function renew({ keys, pin, kept, log, facts, actor }: OfficersKey, io: CommandIo): Promise<void> {
  const [first, current] = await twice(pin);
  let entry: number | undefined;
  try {
    // Before there is a new entry: with a wrong PIN there is nothing to renew, and the newest entry must stay the one that counts.
    await (await keys.unlock(first)).close();
    await keys.renewPin(current, async (next) => {
      entry = (await keepPin(log, facts, { ...kept.event, actor, action: 'renewed' }, next)).seq;
      io.err(`The new PIN is sealed in entry ${entry} of the log.`);
    });
    io.out('The key has it, and no other.');
  } catch (error) {
    if (entry === undefined || !isDeviceError(error)) throw error;
    throw new StartRefused(
      `${deviceWords(error)} Whether the key has the new PIN, of entry ${entry}, or still the one of entry ${kept.seq}, cannot be told: try the one, and then the other, with countersign reader fingers --entry N.`,
      1,
      error,
    );
  } finally {
    first.wipe();
    current.wipe();
  }
}

function twice(pin: Secret): Promise<readonly [Secret, Secret]> {
  return pin.take((bytes) => [new Secret(bytes.slice()), new Secret(bytes.slice())] as const);
}
