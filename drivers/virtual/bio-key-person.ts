/** A virtual bio key and the person in front of it: a touch, and the comparison of a finger (built-in user verification, CTAP 2.1 section 6.5.3.1). */
import { keepaliveStatus } from '../fido/framing.ts';
import { ctapStatus } from '../fido/status.ts';
import type { Task } from './bio-key-hid.ts';
import { Refusal } from './bio-key-refusal.ts';
import type { Sensor } from './bio-key-sensor.ts';
import type { BioKeyStore } from './bio-key-store.ts';

export class Person {
  readonly #store: BioKeyStore;
  readonly #sensor: Sensor;
  readonly #matchMs: number;

  /** `matchMs`: how long the comparison of a finger takes, milliseconds. */
  constructor(store: BioKeyStore, sensor: Sensor, matchMs: number) {
    this.#store = store;
    this.#sensor = sensor;
    this.#matchMs = matchMs;
  }

  /** One touch, by whatever finger. Throws Refusal 0x2D when it was cancelled and 0x2F when nobody came. */
  async touch(task: Task): Promise<{ readonly finger: string; readonly sample: number }> {
    const touch = await this.sample(task);
    if (touch === undefined) throw new Refusal(ctapStatus.userActionTimeout);
    return touch;
  }

  /** One touch as `touch`, or undefined when nobody came within `timeoutMs`. */
  async sample(task: Task, timeoutMs?: number): Promise<{ readonly finger: string; readonly sample: number } | undefined> {
    task.status(keepaliveStatus.userPresenceNeeded);
    const touch = await this.#sensor.wait(task.signal, timeoutMs);
    if (touch.kind === 'cancelled') throw new Refusal(ctapStatus.keepaliveCancel);
    task.status(keepaliveStatus.processing);
    return touch.kind === 'timeout' ? undefined : touch;
  }

  /** One touch, one comparison, no tries of its own. A finger that is laid on badly does not match. Throws Refusal, 0x3F or 0x3C for one that does not. */
  async verify(task: Task): Promise<void> {
    if (this.#store.templates.fingers.size === 0) throw new Refusal(ctapStatus.notAllowed);
    if (this.#store.uvRetries <= 0) throw new Refusal(ctapStatus.uvBlocked);
    const { finger, sample } = await this.touch(task);
    this.#store.countTry();
    if (this.#matchMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#matchMs));
    if (sample !== 0 || !this.#store.templates.fingers.has(finger))
      throw new Refusal(this.#store.uvRetries <= 0 ? ctapStatus.uvBlocked : ctapStatus.uvInvalid);
    this.#store.resetTries();
  }
}
