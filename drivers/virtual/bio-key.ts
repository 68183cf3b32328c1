/**
 * A virtual bio key: an authenticator in this process that speaks real CTAPHID reports with real keys, for tests and demo stations. A person acts
 * on it by naming a finger. It proves transport, framing, cryptography, errors and screens; it proves nothing about a sensor. It must never be taken for
 * a real one: its AAGUID and attestation root (`bio-key-identity.ts`) are there to be refused.
 */
import type { HidChannel, HidInfo, HidListener, HidTransport } from '../fido/transport.ts';
import { BioKeyAuthenticator } from './bio-key-ctap.ts';
import { CtapHidDevice } from './bio-key-hid.ts';
import type { Generation } from './bio-key-info.ts';
import { type LaidFinger, type Manner, Sensor } from './bio-key-sensor.ts';
import { type BioKeyJson, BioKeyStore } from './bio-key-store.ts';

export interface BioKeyBehaviour {
  /** How long it waits for a finger, milliseconds; then it answers with 0x2F. */
  readonly touchTimeoutMs?: number;
  /** How long the comparison takes, milliseconds: time for a person to see "processing". */
  readonly matchMs?: number;
  readonly keepaliveMs?: number;
  /** PIN/UV auth protocols in its order of preference. */
  readonly protocols?: readonly (1 | 2)[];
  /** Good samples that the enrolment of a finger takes. */
  readonly samples?: number;
  /** Shortest PIN that it takes, Unicode code points. */
  readonly minPinLength?: number;
  /** `2.1-preview` is a key from before the standard had bio enrolment. */
  readonly generation?: Generation;
  /** Called whenever what `toJSON` gives has changed: the moment to write the file. */
  readonly onChange?: () => void;
}

export interface BioKeyOptions extends BioKeyBehaviour {
  /** Names of the fingers that it knows. */
  readonly fingers: Iterable<string>;
  /** Tries of a finger before it locks itself. */
  readonly maxTries?: number;
  /** Fingers that it has room for. */
  readonly maxTemplates?: number;
}

const path = 'virtual-bio-key';

export class VirtualBioKey {
  /** Where a driver plugs in. */
  readonly transport: HidTransport;
  readonly #store: BioKeyStore;
  readonly #sensor: Sensor;
  readonly #authenticator: BioKeyAuthenticator;
  readonly #device: CtapHidDevice;
  readonly #listeners = new Set<HidListener>();
  readonly #watchers = new Set<() => void>();
  #plugged = true;

  private constructor(store: BioKeyStore, behaviour: BioKeyBehaviour) {
    this.#store = store;
    store.onChange = () => behaviour.onChange?.();
    this.#sensor = new Sensor(behaviour.touchTimeoutMs ?? 30_000);
    this.#authenticator = new BioKeyAuthenticator({
      store,
      sensor: this.#sensor,
      matchMs: behaviour.matchMs ?? 0,
      protocols: behaviour.protocols ?? (behaviour.generation === '2.1-preview' ? [1] : [2, 1]),
      samples: behaviour.samples,
      minPinLength: behaviour.minPinLength,
      generation: behaviour.generation,
    });
    this.#device = new CtapHidDevice({
      keepaliveMs: behaviour.keepaliveMs ?? 100,
      send: (report) => this.#toHosts((listener) => listener.onReport(report.slice())),
      handle: (request, task) => this.#authenticator.handle(request, task),
    });
    this.transport = {
      list: () => Promise.resolve(this.#plugged ? [this.#hidInfo()] : []),
      open: (wanted, listener) => this.#open(wanted, listener),
      watch: (onChange) => {
        this.#watchers.add(onChange);
        return () => this.#watchers.delete(onChange);
      },
    };
  }

  /** A new key without a PIN, plugged in. With no fingers it is as it comes from the factory. */
  static create({ fingers, maxTries, maxTemplates, ...behaviour }: BioKeyOptions): VirtualBioKey {
    return new VirtualBioKey(BioKeyStore.make(fingers, maxTries ?? 3, maxTemplates ?? 5), behaviour);
  }

  /** The key that `toJSON` described, plugged in. Throws Error when it describes something else. */
  static fromJSON(json: BioKeyJson, behaviour: BioKeyBehaviour = {}): VirtualBioKey {
    return new VirtualBioKey(BioKeyStore.fromJSON(json), behaviour);
  }

  toJSON(): BioKeyJson {
    return this.#store.toJSON();
  }

  /** Names of the fingers that it knows. */
  get fingers(): ReadonlySet<string> {
    return this.#store.templates.fingers;
  }

  /** Tries of a finger left before it locks itself. */
  get triesLeft(): number {
    return this.#store.uvRetries;
  }

  /** Wrong PINs in a row that are left before it takes no PIN any more. */
  get pinTriesLeft(): number {
    return this.#store.pinRetries;
  }

  /** From now on its PIN is good for nothing but a change of it, as after an administrator's order. */
  expirePin(): void {
    this.#store.expirePin();
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  /** True while it waits for a finger: its light blinks. */
  get waiting(): boolean {
    return this.#sensor.waiting;
  }

  /** Lays a finger on the sensor. False when the key was not waiting: like a real one it then takes no notice. */
  touch(finger: string, manner: Manner = 'well'): boolean {
    return this.#sensor.touch({ finger, manner });
  }

  /** From now on this finger comes by itself whenever the key waits for one; undefined ends that. */
  autoTouch(finger: string | undefined, manner: Manner = 'well'): void {
    this.#sensor.auto(finger === undefined ? undefined : { finger, manner });
  }

  /** These fingers come one after the other, each when the key waits the next time; then again the one of `autoTouch`, if any. */
  nextTouches(...laid: readonly LaidFinger[]): void {
    this.#sensor.announce(laid);
  }

  /** Of the fingers of `nextTouches`, how many are still to come. */
  get touchesToCome(): number {
    return this.#sensor.toCome;
  }

  /** What an officer does with the key's PIN after it locked itself: all tries are there again. */
  unlock(): void {
    this.#store.resetTries();
  }

  /** Pulls it out, whatever it is doing. */
  unplug(): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.#toHosts((listener) => listener.onGone(new Error('device disconnected')));
    this.#listeners.clear();
    this.#device.reset();
    this.#authenticator.powerCycle();
    this.#changed();
  }

  plug(): void {
    if (this.#plugged) return;
    this.#plugged = true;
    this.#authenticator.powerCycle();
    this.#changed();
  }

  #hidInfo(): HidInfo {
    // 0x1209:0x0001 is the test number of pid.codes, which no product may carry.
    const names = { product: 'Countersign virtual bio key', manufacturer: 'Countersign demo' };
    return { path, vendorId: 0x1209, productId: 0x0001, serial: this.#store.serial, ...names };
  }

  #changed(): void {
    for (const onChange of this.#watchers) setImmediate(onChange);
  }

  /** Every program that has the device open gets every report, as with hidraw. */
  #toHosts(deliver: (listener: HidListener) => void): void {
    for (const listener of this.#listeners) setImmediate(() => deliver(listener));
  }

  #open(wanted: string, listener: HidListener): Promise<HidChannel> {
    if (!this.#plugged || wanted !== path) return Promise.reject(new Error('no such device'));
    let open = true;
    const own: HidListener = {
      onReport: (report) => open && listener.onReport(report),
      onGone: (cause) => {
        if (open) listener.onGone(cause);
        open = false;
      },
    };
    this.#listeners.add(own);
    return Promise.resolve({
      write: (report: Uint8Array) => {
        if (!open || !this.#listeners.has(own)) return Promise.reject(new Error('the device is closed'));
        const copy = report.slice();
        setImmediate(() => this.#listeners.has(own) && this.#device.receive(copy));
        return Promise.resolve();
      },
      close: () => {
        open = false;
        this.#listeners.delete(own);
        return Promise.resolve();
      },
    });
  }
}
