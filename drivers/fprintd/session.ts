/**
 * One conversation with one running fprintd. Calls go to its unique name, and signals count only from there. Every process on this computer can
 * send us a message that says "matched", and only the bus's word on its sender tells it from fprintd's.
 */
import { DeviceError } from '../errors.ts';
import { type BusSignal, type CallLimits, SystemBus } from './bus.ts';
import { BusFailure, deviceErrorOf } from './bus-failure.ts';
import { deviceInterface, fprintService, objectManager } from './names.ts';

export interface SessionOptions {
  /** Address of the system bus. */
  readonly address: string;
  /** Limit for questions that need no person, milliseconds. */
  readonly answerMs: number;
  /** Limit for the bus to start fprintd, milliseconds. */
  readonly startMs: number;
}

export interface FprintCall {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

const busName = 'org.freedesktop.DBus';
const listened: readonly string[] = [deviceInterface, objectManager];

export class FprintSession {
  readonly #bus: SystemBus;
  readonly #answerMs: number;
  readonly #listeners = new Set<(signal: BusSignal) => void>();
  readonly #goneListeners = new Set<(error: DeviceError) => void>();
  #owner = '';
  #gone: DeviceError | undefined;

  private constructor(bus: SystemBus, answerMs: number) {
    this.#bus = bus;
    this.#answerMs = answerMs;
    bus.onEnd((failure) => this.#end(deviceErrorOf(failure, 'fprintd')));
    bus.onSignal((signal) => this.#take(signal));
  }

  /** Has the bus start fprintd where it does not run yet. Throws DeviceError: reader-lost, device-error, cancelled. */
  static async open({ address, answerMs, startMs }: SessionOptions, signal?: AbortSignal): Promise<FprintSession> {
    const limits = { deadlineMs: answerMs, ...(signal === undefined ? {} : { signal }) };
    const bus = await explained('the system bus', () => SystemBus.connect(address, limits));
    const session = new FprintSession(bus, answerMs);
    try {
      await explained('fprintd', async () => {
        const about = `type='signal',sender='${busName}',interface='${busName}',member='NameOwnerChanged',arg0='${fprintService}'`;
        await bus.ask('AddMatch', [about], limits);
        for (const name of listened) await bus.ask('AddMatch', [`type='signal',sender='${fprintService}',interface='${name}'`], limits);
        session.#owner = await ownerOf(bus, limits, startMs);
      });
      if (session.#gone !== undefined) throw session.#gone;
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** Why nothing more comes of this conversation; undefined while it goes on. */
  get gone(): DeviceError | undefined {
    return this.#gone;
  }

  /** Asks this fprintd. Throws DeviceError. */
  async call(call: FprintCall, signal?: AbortSignal): Promise<readonly unknown[]> {
    if (this.#gone !== undefined) throw this.#gone;
    const limits = { deadlineMs: this.#answerMs, ...(signal === undefined ? {} : { signal }) };
    return explained(call.member, () => this.#bus.call({ destination: this.#owner, ...call }, limits));
  }

  /** Tells the signals of fprintd's devices, and that devices come and go. */
  onSignal(listener: (signal: BusSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Told once when fprintd, or the way to it, is gone; at once when it is gone already. */
  onGone(listener: (error: DeviceError) => void): () => void {
    if (this.#gone !== undefined) listener(this.#gone);
    else this.#goneListeners.add(listener);
    return () => this.#goneListeners.delete(listener);
  }

  /** Ends it. fprintd lets go of what a connection had claimed when the connection ends. */
  close(): void {
    this.#end(new DeviceError('reader-lost', 'fprintd: the conversation was closed'));
    this.#bus.close();
  }

  #take(signal: BusSignal): void {
    if (signal.sender === busName && signal.interface === busName && signal.member === 'NameOwnerChanged') {
      const [name, before] = signal.body;
      if (name !== fprintService || before === '') return;
      this.#end(new DeviceError('reader-lost', 'fprintd has ended or was started anew'));
      this.#bus.close();
      return;
    }
    if (signal.sender !== this.#owner || !listened.includes(signal.interface)) return;
    for (const listener of [...this.#listeners]) listener(signal);
  }

  #end(error: DeviceError): void {
    if (this.#gone !== undefined) return;
    this.#gone = error;
    for (const listener of [...this.#goneListeners]) listener(error);
    this.#goneListeners.clear();
    this.#listeners.clear();
  }
}

/** The unique name of the fprintd that runs, or of the one that the bus starts. Throws BusFailure. */
async function ownerOf(bus: SystemBus, limits: CallLimits, startMs: number): Promise<string> {
  const ask = async (): Promise<string> => {
    const [owner] = await bus.ask('GetNameOwner', [fprintService], limits);
    if (typeof owner === 'string' && owner.startsWith(':')) return owner;
    throw new BusFailure('malformed', 'the bus does not name its owner');
  };
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof BusFailure) || error.dbusName !== 'org.freedesktop.DBus.Error.NameHasNoOwner') throw error;
  }
  const start = { destination: busName, path: '/org/freedesktop/DBus', interface: busName, member: 'StartServiceByName', signature: 'su' };
  await bus.call({ ...start, body: [fprintService, 0] }, { ...limits, deadlineMs: startMs });
  return ask();
}

async function explained<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof BusFailure ? deviceErrorOf(error, what) : error;
  }
}
