/** What fprintd calls its parts, and what may be said to it: one finger by its name, and one user by a pseudonym. */
import { fingerNames, type FingerName } from '../fingerprint.ts';

export const fprintService = 'net.reactivated.Fprint';
export const managerPath = '/net/reactivated/Fprint/Manager';
export const managerInterface = 'net.reactivated.Fprint.Manager';
/** Tells that devices come and go (D-Bus Specification, "org.freedesktop.DBus.ObjectManager"). */
export const objectManager = 'org.freedesktop.DBus.ObjectManager';
export const deviceInterface = 'net.reactivated.Fprint.Device';

/** Object paths of devices as fprintd makes them: a number behind the folder. */
const devicePath = /^\/net\/reactivated\/Fprint\/Device\/[A-Za-z0-9_]{1,32}$/;

/** Device paths out of the answer of GetDevices; undefined when it is no list of them. */
export function devicePathsOf(answer: unknown): readonly string[] | undefined {
  return isListOf(answer, (one) => devicePath.test(one)) ? answer : undefined;
}

/** Fingers out of the answer of ListEnrolledFingers; undefined when it is no list of them. */
export function fingersOf(answer: unknown): readonly FingerName[] | undefined {
  return isListOf(answer, isFinger) ? (answer as readonly FingerName[]) : undefined;
}

/** True for the ten fingers; never for "any", with which fprintd would search instead of compare. */
export function isFinger(name: string): name is FingerName {
  return (fingerNames as readonly string[]).includes(name);
}

/**
 * True for a pseudonym: 32 hex digits. fprintd takes the name into the path of a file, and an empty one would stand for the station's own user.
 */
export function isUser(name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name);
}

function isListOf(value: unknown, fits: (one: string) => boolean): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && fits(one));
}
