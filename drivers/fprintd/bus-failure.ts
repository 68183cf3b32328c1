/** What went wrong between this process, the system bus and fprintd, and which DeviceError it is. Pure: no bus is asked here. */
import { DeviceError, type DeviceErrorCode, type Recover } from '../errors.ts';

/** `no-bus`: nobody listens there. `refused`: an error came back by its name. `late`: no answer in time. `closed`: the connection went away. */
export type BusFailureKind = 'no-bus' | 'refused' | 'late' | 'closed' | 'cancelled' | 'malformed';

export class BusFailure extends Error {
  override readonly name = 'BusFailure';
  readonly kind: BusFailureKind;
  /** Name of the D-Bus error, where one came back. */
  readonly dbusName?: string;

  constructor(kind: BusFailureKind, message: string, options: { readonly dbusName?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    if (options.dbusName !== undefined) this.dbusName = options.dbusName;
  }
}

interface Meaning {
  readonly code: DeviceErrorCode;
  readonly words: string;
  readonly recover?: Recover;
}

const polkit =
  'fprintd does not let this user use fingerprint readers; install the rule deploy/polkit/60-countersign.rules, and see that polkitd runs';
const absent: Meaning = { code: 'reader-lost', words: 'fprintd does not run and cannot be started' };
const denied: Meaning = { code: 'device-error', words: polkit, recover: 'ask-staff' };
const gone: Meaning = { code: 'reader-lost', words: 'the fingerprint reader is gone' };

/** The errors of fprintd 1.94 (its D-Bus description) and those of the bus (D-Bus Specification) that say more than "it failed". */
const meanings: ReadonlyMap<string, Meaning> = new Map(
  Object.entries<Meaning>({
    'net.reactivated.Fprint.Error.AlreadyInUse': { code: 'busy', words: 'the fingerprint reader is in use by another program' },
    'net.reactivated.Fprint.Error.NoEnrolledPrints': { code: 'no-usable-key', words: 'this finger is not enrolled on this computer' },
    'net.reactivated.Fprint.Error.PermissionDenied': denied,
    'net.reactivated.Fprint.Error.NoSuchDevice': gone,
    // A claim ends only with us or with fprintd: it was started anew in between.
    'net.reactivated.Fprint.Error.ClaimDevice': { code: 'reader-lost', words: 'fprintd forgot that the reader is ours' },
    'org.freedesktop.DBus.Error.AccessDenied': denied,
    'org.freedesktop.DBus.Error.UnknownObject': gone,
    // GDBus says this of objects that are not there, and of methods that are not; we call no method that fprintd 1.90 lacks.
    'org.freedesktop.DBus.Error.UnknownMethod': gone,
    'org.freedesktop.DBus.Error.ServiceUnknown': absent,
    'org.freedesktop.DBus.Error.NameHasNoOwner': absent,
    'org.freedesktop.DBus.Error.NoReply': absent,
  }),
);

/** Turns a failure into the error of the contract; the name that came over the bus is kept. `what` is the call that failed. */
export function deviceErrorOf(failure: BusFailure, what: string): DeviceError {
  const { code, words, recover } = meaningOf(failure);
  return new DeviceError(code, `${what}: ${words}`, {
    cause: failure,
    ...(recover === undefined ? {} : { recover }),
    // The log has room for 64 characters, and nobody promises that of the names of others.
    ...(failure.dbusName === undefined ? {} : { origin: { kind: 'dbus', value: failure.dbusName.slice(0, 64) } }),
  });
}

function meaningOf({ kind, dbusName = '', message }: BusFailure): Meaning {
  switch (kind) {
    case 'no-bus':
      return { code: 'reader-lost', words: `there is no system bus: ${message}` };
    case 'closed':
      return { code: 'reader-lost', words: 'the connection to the system bus was lost' };
    case 'cancelled':
      return { code: 'cancelled', words: 'cancelled' };
    case 'late':
      return { code: 'device-error', words: message, recover: 'ask-staff' };
    case 'malformed':
      return { code: 'device-error', words: message, recover: 'ask-staff' };
    case 'refused': {
      if (dbusName.startsWith('org.freedesktop.DBus.Error.Spawn.')) return absent;
      return meanings.get(dbusName) ?? { code: 'device-error', words: message === '' ? dbusName : message, recover: 'ask-staff' };
    }
  }
}
