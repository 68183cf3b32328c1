/** What each result of fprintd means, and what each failure of the bus is called: tables, and what stands in none of them. */
import { describe, expect, it } from 'vitest';
import { BusFailure, type BusFailureKind, deviceErrorOf } from '../../../drivers/fprintd/bus-failure.ts';
import { socketOf } from '../../../drivers/fprintd/bus.ts';
import { devicePathsOf, fingersOf, isFinger, isUser } from '../../../drivers/fprintd/names.ts';
import { enrolResult, verifyResult } from '../../../drivers/fprintd/results.ts';

const feedback = [
  ['retry-scan', 'scan-again'],
  ['swipe-too-short', 'swipe-too-short'],
  ['finger-not-centered', 'not-centred'],
  ['remove-and-retry', 'lift-finger'],
] as const;

describe('a result while a finger is compared', () => {
  it('is a match only when fprintd says so and is done', () => {
    expect(verifyResult('verify-match', true)).toEqual({ kind: 'matched' });
    expect(verifyResult('verify-match', false).kind).toBe('feedback');
    for (const near of ['match', 'Verify-match', 'verify-match ', 'enroll-completed', '']) {
      expect(verifyResult(near, true), near).toMatchObject({ kind: 'failed', error: { code: 'device-error' } });
    }
  });

  it('says that the finger is another one', () => {
    const error = { code: 'not-matched', recover: 'retry', origin: { kind: 'fprintd', value: 'verify-no-match' } };
    expect(verifyResult('verify-no-match', true)).toMatchObject({ kind: 'failed', error });
  });

  it.each(feedback)('%s asks for another scan', (word, kind) => {
    expect(verifyResult(`verify-${word}`, false)).toEqual({ kind: 'feedback', feedback: { kind } });
    expect(enrolResult(`enroll-${word}`, false)).toEqual({ kind: 'feedback', feedback: { kind } });
  });

  it('that is the end, and no match, is an error whatever it is called', () => {
    expect(verifyResult('verify-disconnected', true)).toMatchObject({ error: { code: 'reader-lost' } });
    expect(verifyResult('verify-unknown-error', true)).toMatchObject({ error: { code: 'device-error', recover: 'ask-staff' } });
    expect(verifyResult('verify-retry-scan', true)).toMatchObject({ kind: 'failed', error: { code: 'device-error' } });
  });

  it.each(['verify-too-wet', 'constructor', '__proto__', 'x'.repeat(500)])('that nobody knows is kept: %s', (said) => {
    expect(verifyResult(said, false)).toEqual({ kind: 'feedback', feedback: { kind: 'other', said: said.slice(0, 64) } });
    expect(verifyResult(said, true)).toMatchObject({ kind: 'failed', error: { origin: { kind: 'fprintd', value: said.slice(0, 64) } } });
    expect(enrolResult(said, true)).toMatchObject({ kind: 'failed', error: { origin: { kind: 'fprintd', value: said.slice(0, 64) } } });
  });
});

describe('a result while a finger is enrolled', () => {
  it('is a stage, or the last one', () => {
    expect(enrolResult('enroll-stage-passed', false)).toEqual({ kind: 'stage' });
    expect(enrolResult('enroll-completed', true)).toEqual({ kind: 'completed' });
    expect(enrolResult('enroll-stage-passed', true).kind).toBe('failed');
    expect(enrolResult('enroll-completed', false).kind).toBe('feedback');
    expect(enrolResult('verify-match', true).kind).toBe('failed');
  });

  it.each(['enroll-failed', 'enroll-data-full', 'enroll-duplicate', 'enroll-unknown-error'])('%s enrols nothing', (said) => {
    expect(enrolResult(said, true)).toMatchObject({
      kind: 'failed',
      error: { code: 'device-error', recover: 'ask-staff', origin: { value: said } },
    });
  });

  it('says that the reader is gone', () => {
    expect(enrolResult('enroll-disconnected', true)).toMatchObject({ error: { code: 'reader-lost' } });
  });
});

describe('a failure of the bus', () => {
  it.each([
    ['net.reactivated.Fprint.Error.AlreadyInUse', 'busy', 'retry'],
    ['net.reactivated.Fprint.Error.NoEnrolledPrints', 'no-usable-key', 'other-token'],
    ['net.reactivated.Fprint.Error.PermissionDenied', 'device-error', 'ask-staff'],
    ['net.reactivated.Fprint.Error.NoSuchDevice', 'reader-lost', 'ask-staff'],
    ['net.reactivated.Fprint.Error.ClaimDevice', 'reader-lost', 'ask-staff'],
    ['net.reactivated.Fprint.Error.Internal', 'device-error', 'ask-staff'],
    ['net.reactivated.Fprint.Error.InvalidFingername', 'device-error', 'ask-staff'],
    ['net.reactivated.Fprint.Error.PrintsNotDeletedFromDevice', 'device-error', 'ask-staff'],
    ['org.freedesktop.DBus.Error.AccessDenied', 'device-error', 'ask-staff'],
    ['org.freedesktop.DBus.Error.UnknownObject', 'reader-lost', 'ask-staff'],
    ['org.freedesktop.DBus.Error.UnknownMethod', 'reader-lost', 'ask-staff'],
    ['org.freedesktop.DBus.Error.ServiceUnknown', 'reader-lost', 'ask-staff'],
    ['org.freedesktop.DBus.Error.Spawn.ChildExited', 'reader-lost', 'ask-staff'],
    ['org.freedesktop.DBus.Error.NoReply', 'reader-lost', 'ask-staff'],
    ['com.example.Unheard', 'device-error', 'ask-staff'],
  ])('%s is %s', (dbusName, code, recover) => {
    const error = deviceErrorOf(new BusFailure('refused', 'words', { dbusName }), 'Claim');
    expect(error).toMatchObject({ code, recover, origin: { kind: 'dbus', value: dbusName } });
  });

  it.each<[BusFailureKind, string]>([
    ['no-bus', 'reader-lost'],
    ['closed', 'reader-lost'],
    ['late', 'device-error'],
    ['malformed', 'device-error'],
    ['cancelled', 'cancelled'],
  ])('without an answer (%s) is %s', (kind, code) => {
    expect(deviceErrorOf(new BusFailure(kind, 'words'), 'Claim').code).toBe(code);
  });

  it('has a name that fits into the log, however long it was', () => {
    const error = deviceErrorOf(new BusFailure('refused', '', { dbusName: `a.${'b'.repeat(250)}` }), 'Claim');
    expect(String(error.origin?.value)).toHaveLength(64);
  });
});

describe('what is said to fprintd', () => {
  it('names one of ten fingers and never any of them', () => {
    expect(isFinger('right-thumb')).toBe(true);
    for (const word of ['any', '', 'toString', 'right-thumb ']) expect(isFinger(word), word).toBe(false);
  });

  it('names a person by a pseudonym, which is no path and never empty', () => {
    expect(isUser('0123456789abcdef0123456789abcdef')).toBe(true);
    for (const word of ['', 'root', '../../etc', '0123456789abcdef0123456789abcde/', '0123456789ABCDEF0123456789ABCDEF']) {
      expect(isUser(word), word).toBe(false);
    }
  });

  it('takes lists of devices and fingers only when each of them can be one', () => {
    expect(devicePathsOf(['/net/reactivated/Fprint/Device/0'])).toHaveLength(1);
    for (const bad of [undefined, 'x', [1], ['/'], ['/net/reactivated/Fprint/Device/0/..']]) expect(devicePathsOf(bad)).toBeUndefined();
    expect(fingersOf(['left-thumb'])).toEqual(['left-thumb']);
    expect(fingersOf(['any'])).toBeUndefined();
  });
});

describe('the address of the bus', () => {
  it('is a unix socket, by path or abstract, the first of several', () => {
    expect(socketOf('unix:path=/run/dbus/system_bus_socket')).toBe('/run/dbus/system_bus_socket');
    expect(socketOf('unix:path=/a%20b,guid=00')).toBe('/a b');
    expect(socketOf('unix:guid=00,abstract=x')).toBe('\0x');
    expect(socketOf('tcp:host=localhost,port=1;unix:path=/x')).toBe('/x');
  });

  it.each(['', 'tcp:host=localhost,port=12', 'unixexec:path=/bin/sh', 'launchd:env=X', 'unix:tmpdir=/tmp'])(
    'is nothing else: %s',
    (address) => {
      expect(() => socketOf(address)).toThrow(BusFailure);
    },
  );
});
