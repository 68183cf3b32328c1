/** Every fault of the matrix, done to the real parts: cards, reader and the process that holds the module. From then on it stays so. */
import { setTimeout as sleep } from 'node:timers/promises';
import { instruction, status } from '../../../drivers/virtual/apdu.ts';
import { paddedPin } from '../../../drivers/virtual/piv-reference.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { pivAid } from '../../../drivers/virtual/piv-objects.ts';
import { pace } from './pace.ts';
import { type Walk, wrongPin } from './walk.ts';

export const faults = [
  'removed',
  'swapped',
  'reader-lost',
  'module-crash',
  'module-hang',
  'wrong-pin',
  'locked',
  'last-try',
  'device-error',
] as const;
export type Fault = (typeof faults)[number];

const patienceMs = 10_000;

/** Does it. What the driver can see while nothing is asked of it, it has seen when this resolves. */
export async function inject(fault: Fault, walk: Walk): Promise<void> {
  const { story, card } = walk;
  const { reader } = story.devices;
  const { tokens } = story.running.hardware;
  const ids = (): readonly string[] => tokens.tokens().map(({ id }) => id);
  const before = ids();
  // While a job is held in the middle, the driver looks at nothing else.
  const seen = (condition: () => boolean): Promise<void> => (walk.hostAtWork === undefined ? until(condition) : Promise.resolve());
  switch (fault) {
    case 'removed':
      await reader.remove();
      return seen(() => ids().length < before.length);
    case 'swapped':
      if (reader.inserted[0] !== undefined) await reader.remove();
      await seen(() => before.length === 0 || ids().length < before.length);
      await reader.insert(walk.other);
      return seen(() => ids().some((id) => !before.includes(id)));
    case 'reader-lost':
      await reader.unplug();
      walk.unplugged = true;
      return seen(() => tokens.slots().length === 0 && ids().length === 0);
    case 'module-crash': {
      const pid = await hostOf(walk);
      process.kill(pid, 'SIGKILL');
      return seen(() => (tokens.modules()[0]?.pid ?? pid) !== pid);
    }
    case 'module-hang':
      process.kill(await hostOf(walk), 'SIGSTOP');
      // Whatever is asked next waits behind a look at the slots that hangs.
      return sleep(4 * pace.pollMs);
    case 'wrong-pin':
      // Where it is asked for, it will be typed; anywhere else nobody takes it.
      if (walk.visit.takesPin()) walk.typesWrongPin = true;
      else if (walk.type(wrongPin)) throw new Error('a PIN was taken that nobody asked for');
      return;
    case 'locked':
      return useTries(card, 0);
    case 'last-try':
      return useTries(card, 1);
    case 'device-error':
      for (const ins of Object.values(instruction)) card.faults.failNext(ins, status.noDiagnosis, Infinity);
  }
}

async function hostOf({ story, hostAtWork }: Walk): Promise<number> {
  if (hostAtWork !== undefined) return hostAtWork;
  const { tokens } = story.running.hardware;
  await until(() => tokens.modules()[0]?.pid !== undefined);
  return Number(tokens.modules()[0]?.pid);
}

/** Somebody tries wrong PINs on the card until so many tries are left, and the station is not told. */
export async function useTries(card: PivCard, left: number): Promise<void> {
  await card.transmit(Uint8Array.of(0, instruction.select, 4, 0, pivAid.length, ...pivAid, 0));
  const pin = paddedPin(wrongPin);
  while (card.pinTriesLeft > left) await card.transmit(Uint8Array.of(0, instruction.verify, 0, 0x80, pin.length, ...pin));
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the driver does not notice');
    await sleep(5);
  }
}
