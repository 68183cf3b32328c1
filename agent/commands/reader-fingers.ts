/** The fingers of a key: list, add, rename, remove, and the way back after strangers locked it. */
import { fewestFingers } from '../../drivers/fido/enrolment.ts';
import { isDeviceError } from '../../drivers/errors.ts';
import type { FingerKeeper, FingerSample, KnownFinger } from '../../drivers/finger-keeper.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import { deviceWords } from './reader-words.ts';
import { sampleWords } from './reader-sample-words.ts';
import type { OfficersKey } from './reader-with-key.ts';

/** What is to be done with the fingers. `unlock` gives back the tries, which the right PIN does by itself. */
export type FingerOrder =
  | { readonly verb: 'fingers' }
  | { readonly verb: 'unlock' }
  | { readonly verb: 'add'; readonly name: string }
  | { readonly verb: 'rename'; readonly id: string; readonly name: string }
  | { readonly verb: 'remove'; readonly id: string };

/** Does it, enters it, and says so. Throws StartRefused and DeviceError. */
export async function tendFingers(key: OfficersKey, order: FingerOrder, io: CommandIo, signal: AbortSignal): Promise<void> {
  const { keys, pin, log, of } = key;
  if ('name' in order) {
    const longest = await keys.longestName();
    if (Buffer.byteLength(order.name) > longest) throw new StartRefused(`This key keeps names of at most ${longest} bytes.`, 1);
  }
  const session = await keys.unlock(pin);
  try {
    switch (order.verb) {
      case 'unlock':
        await log.append({ op: 'reader-changed', ...of, action: 'unlocked' });
        io.out(`Unlocked: a finger has ${(await keys.state()).fingerTries} tries again.`);
        return;
      case 'fingers':
        break;
      case 'add': {
        io.err('The holder lays the finger on the key and lifts it off, as often as is said.');
        const call = { signal, onSample: (sample: FingerSample) => io.err(sampleWords(sample)) };
        const { id: finger } = await session.enrolFinger(order.name, call).catch((error: unknown) => {
          throw isDeviceError(error) ? new StartRefused(`${deviceWords(error)} No finger was added.`, 1, error) : error;
        });
        await log.append({ op: 'reader-changed', ...of, action: 'finger-added', finger });
        break;
      }
      case 'rename':
        mustKnow(await session.fingers(), order.id);
        await session.renameFinger(order.id, order.name);
        await log.append({ op: 'reader-changed', ...of, action: 'finger-renamed', finger: order.id });
        break;
      case 'remove':
        await removeFrom(session, order.id);
        await log.append({ op: 'reader-changed', ...of, action: 'finger-removed', finger: order.id });
    }
    tell(await session.fingers(), io);
  } finally {
    await session.close();
  }
}

async function removeFrom(session: FingerKeeper, id: string): Promise<void> {
  const known = await session.fingers();
  mustKnow(known, id);
  if (known.length === 1)
    throw new StartRefused('This is the last finger of the key, and without one nobody signs with it. Add another one first.', 1);
  await session.removeFinger(id);
}

function mustKnow(known: readonly KnownFinger[], id: string): void {
  if (!known.some((one) => one.id === id))
    throw new StartRefused(`There is no finger ${id} on this key. Which there are, is listed by: countersign reader fingers`, 1);
}

function tell(known: readonly KnownFinger[], io: CommandIo): void {
  for (const { id, name } of known) io.out(`${id}  ${name === undefined ? 'without a name' : JSON.stringify(name)}`);
  if (known.length === 0) io.out('There is no finger on this key.');
  if (known.length < fewestFingers) io.err(`There are fewer than ${fewestFingers} fingers: a holder whose one finger is hurt cannot sign.`);
}
