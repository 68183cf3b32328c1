/**
 * The system bus: calls with deadlines, signals with their sender, and the end of the connection told once. The package `dbus-native` 0.13.0 speaks
 * the protocol: of those on npm that are still kept it has the fewest dependencies, no addon, fetches nothing, and is the newest that runs on Node 20.
 * Only unix sockets are spoken to, only as the user who we are (EXTERNAL), and nothing is offered to others.
 */
import { createClient, type DBusError, type MessageBus } from 'dbus-native';
import { BusFailure } from './bus-failure.ts';

/** Where the system bus is when nobody says otherwise (D-Bus Specification, "System message bus"). */
export const systemBusAddress = 'unix:path=/run/dbus/system_bus_socket';

const busName = 'org.freedesktop.DBus';

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

export interface CallLimits {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** One signal. `sender` is written by the bus itself and cannot be forged; everything else can be sent to us by any process of this computer. */
export interface BusSignal {
  readonly sender: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body: readonly unknown[];
}

/** The socket of an address like `unix:path=/run/x`; of several, the first on a unix socket. Throws BusFailure no-bus. */
export function socketOf(address: string): string {
  for (const one of address.split(';')) {
    const [, kind, value] = /^unix:(?:.*,)?(path|abstract)=([^,]+)/.exec(one) ?? [];
    if (kind === undefined || value === undefined) continue;
    const bytes = value.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return kind === 'abstract' ? `\0${bytes}` : bytes;
  }
  throw new BusFailure('no-bus', 'its address names no unix socket');
}

export class SystemBus {
  readonly #bus: MessageBus;
  readonly #signals = new Set<(signal: BusSignal) => void>();
  readonly #ends = new Set<(failure: BusFailure) => void>();
  #end: BusFailure | undefined;

  private constructor(socket: string) {
    // `direct`: the greeting is sent below, with a deadline; the package's own would wait for ever, and throw where nobody could catch it.
    this.#bus = createClient({ socket, authMethods: ['EXTERNAL'], direct: true, plainValues: true, maxMessageSize: 1 << 20 });
    const { connection } = this.#bus;
    connection.on('error', (error) => {
      this.#ended(error);
      connection.stream.destroy();
    });
    connection.on('end', () => this.#ended(undefined));
    connection.on('close', (cause) => this.#ended(cause));
    connection.on('message', ({ type, sender = '', path = '', interface: name = '', member = '', body = [] }) => {
      if (type !== 4) return;
      for (const listener of this.#signals) listener({ sender, path, interface: name, member, body });
    });
  }

  /** Connects and greets. Throws BusFailure: no-bus, refused, late, closed. */
  static async connect(address: string, limits: CallLimits): Promise<SystemBus> {
    const bus = new SystemBus(socketOf(address));
    try {
      await bus.call({ destination: busName, path: '/org/freedesktop/DBus', interface: busName, member: 'Hello' }, limits);
      return bus;
    } catch (error) {
      bus.close();
      const closed = error instanceof BusFailure && error.kind === 'closed';
      throw closed ? new BusFailure('no-bus', reasonOf(error.cause), { cause: error }) : error;
    }
  }

  get closed(): boolean {
    return this.#end !== undefined;
  }

  /** Asks and waits for the answer: its values. Throws BusFailure: refused, late, closed, cancelled. */
  call(call: BusCall, { deadlineMs, signal }: CallLimits): Promise<readonly unknown[]> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    if (signal?.aborted === true) return Promise.reject(new BusFailure('cancelled', 'cancelled before it was asked'));
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end);
        return;
      }
      if (signal?.aborted === true) {
        reject(new BusFailure('cancelled', 'cancelled before it was asked'));
        return;
      }
      const { member, body, ...rest } = call;
      let settled = false;
      const settle = (act: () => void): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#ends.delete(onEnd);
        act();
      };
      // The deadline is ours, so that it holds the process up and counts from before the greeting.
      const timer = setTimeout(
        () => settle(() => reject(new BusFailure('late', `${member} was not answered within ${deadlineMs} ms`))),
        deadlineMs,
      );
      const onAbort = (): void => settle(() => reject(new BusFailure('cancelled', 'cancelled')));
      const onEnd = (failure: BusFailure): void => settle(() => reject(failure));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#ends.add(onEnd);
      this.#bus.invoke(
        { ...rest, member, ...(body === undefined ? {} : { body: [...body] }) },
        (error: DBusError | null, ...values: unknown[]) =>
          settle(() => (error === null ? resolve(values) : reject(this.#end ?? failureOf(error)))),
      );
    });
  }

  /** A question to the bus itself. Throws as `call` does. */
  ask(member: string, body: readonly string[], limits: CallLimits, signature = 's'.repeat(body.length)): Promise<readonly unknown[]> {
    const call = { destination: busName, path: '/org/freedesktop/DBus', interface: busName, member, body };
    return this.call(signature === '' ? { ...call } : { ...call, signature }, limits);
  }

  /** Tells every signal that comes in, wanted or not; who listens looks at the sender. */
  onSignal(listener: (signal: BusSignal) => void): () => void {
    this.#signals.add(listener);
    return () => this.#signals.delete(listener);
  }

  /** Told once when the connection is gone, at once when it is gone already. */
  onEnd(listener: (failure: BusFailure) => void): () => void {
    if (this.#end !== undefined) listener(this.#end);
    else this.#ends.add(listener);
    return () => this.#ends.delete(listener);
  }

  close(): void {
    this.#ended(undefined);
    this.#bus.connection.stream.destroy();
  }

  #ended(cause: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = new BusFailure('closed', 'the connection to the system bus is closed', { cause });
    this.#signals.clear();
    for (const listener of [...this.#ends]) listener(this.#end);
    this.#ends.clear();
  }
}

function failureOf(error: DBusError): BusFailure {
  if (error.dbusName === undefined) return new BusFailure('closed', error.message, { cause: error });
  return new BusFailure('refused', error.message, { dbusName: error.dbusName, cause: error });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'nobody answers at its socket';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
