import { describe, expect, test } from 'vitest';
import type { DeviceErrorCode, Recover } from '../../../drivers/errors.ts';
import { CtapChannel } from '../../../drivers/fido/channel.ts';
import { hidCommand } from '../../../drivers/fido/framing.ts';
import { ctapStatus, deviceErrorOf } from '../../../drivers/fido/status.ts';
import { ScriptedHid } from './scripted-hid.ts';

type StatusName = keyof typeof ctapStatus;

/** Every status that CTAP 2.1 section 8.2 names: its number, and what it means in the words of the house. */
const table = {
  invalidCommand: [0x01, 'device-error', 'ask-staff'],
  invalidParameter: [0x02, 'device-error', 'ask-staff'],
  invalidLength: [0x03, 'device-error', 'ask-staff'],
  invalidSequence: [0x04, 'device-error', 'ask-staff'],
  timeout: [0x05, 'device-error', 'ask-staff'],
  channelBusy: [0x06, 'busy', 'retry'],
  lockRequired: [0x0a, 'busy', 'retry'],
  invalidChannel: [0x0b, 'device-error', 'ask-staff'],
  cborUnexpectedType: [0x11, 'device-error', 'ask-staff'],
  invalidCbor: [0x12, 'device-error', 'ask-staff'],
  missingParameter: [0x14, 'device-error', 'ask-staff'],
  limitExceeded: [0x15, 'device-error', 'ask-staff'],
  fingerprintDatabaseFull: [0x17, 'device-error', 'ask-staff'],
  largeBlobStorageFull: [0x18, 'device-error', 'ask-staff'],
  credentialExcluded: [0x19, 'device-error', 'ask-staff'],
  processing: [0x21, 'busy', 'retry'],
  invalidCredential: [0x22, 'no-usable-key', 'other-token'],
  userActionPending: [0x23, 'busy', 'retry'],
  operationPending: [0x24, 'busy', 'retry'],
  noOperations: [0x25, 'device-error', 'ask-staff'],
  unsupportedAlgorithm: [0x26, 'mechanism-unsupported', 'other-token'],
  operationDenied: [0x27, 'device-error', 'retry'],
  keyStoreFull: [0x28, 'device-error', 'ask-staff'],
  notBusy: [0x29, 'device-error', 'ask-staff'],
  noOperationPending: [0x2a, 'device-error', 'ask-staff'],
  unsupportedOption: [0x2b, 'mechanism-unsupported', 'other-token'],
  invalidOption: [0x2c, 'device-error', 'ask-staff'],
  keepaliveCancel: [0x2d, 'cancelled', 'none'],
  noCredentials: [0x2e, 'no-usable-key', 'other-token'],
  userActionTimeout: [0x2f, 'touch-timeout', 'retry'],
  notAllowed: [0x30, 'device-error', 'ask-staff'],
  pinInvalid: [0x31, 'device-error', 'ask-staff'],
  pinBlocked: [0x32, 'reader-locked', 'ask-staff'],
  pinAuthInvalid: [0x33, 'device-error', 'ask-staff'],
  pinAuthBlocked: [0x34, 'reader-locked', 'ask-staff'],
  pinNotSet: [0x35, 'device-error', 'ask-staff'],
  puatRequired: [0x36, 'device-error', 'ask-staff'],
  pinPolicyViolation: [0x37, 'device-error', 'ask-staff'],
  requestTooLarge: [0x39, 'device-error', 'ask-staff'],
  actionTimeout: [0x3a, 'touch-timeout', 'retry'],
  upRequired: [0x3b, 'device-error', 'ask-staff'],
  uvBlocked: [0x3c, 'reader-locked', 'ask-staff'],
  integrityFailure: [0x3d, 'device-error', 'ask-staff'],
  invalidSubcommand: [0x3e, 'device-error', 'ask-staff'],
  uvInvalid: [0x3f, 'not-matched', 'retry'],
  unauthorizedPermission: [0x40, 'device-error', 'ask-staff'],
  other: [0x7f, 'device-error', 'ask-staff'],
} as const satisfies Record<Exclude<StatusName, 'ok'>, readonly [number, DeviceErrorCode, Recover]>;

const rows = Object.entries(table).map(([name, [value, code, recover]]) => ({ name, value, code, recover }));

describe('status bytes of a reader', () => {
  test.each(rows)('$name ($value) means $code', ({ name, value, code, recover }) => {
    const error = deviceErrorOf(value, 'getAssertion');
    expect(error).toMatchObject({ code, recover, origin: { kind: 'ctap', value } });
    expect(error.message).toContain(name);
    expect(ctapStatus[name as StatusName]).toBe(value);
  });

  test('every status that has no name is a device error that keeps its number', () => {
    const named = new Set<number>(rows.map(({ value }) => value));
    let unnamed = 0;
    for (let status = 1; status < 256; status += 1) {
      if (named.has(status)) continue;
      unnamed += 1;
      const error = deviceErrorOf(status, 'x');
      expect(error).toMatchObject({ code: 'device-error', recover: 'ask-staff', origin: { kind: 'ctap', value: status } });
      expect(error.message).toContain(`0x${status.toString(16).padStart(2, '0')}`);
    }
    expect(unnamed).toBe(255 - rows.length);
  });

  test('no status ever asks a person for a PIN', () => {
    for (let status = 1; status < 256; status += 1) {
      const { code, recover } = deviceErrorOf(status, 'x');
      expect(code).not.toMatch(/^pin-/);
      expect(recover).not.toBe('re-enter-pin');
    }
  });
});

describe('error bytes of CTAPHID', () => {
  test.each([
    ['an unknown command', 0x01, 'device-error'],
    ['a wrong parameter', 0x02, 'device-error'],
    ['a wrong length', 0x03, 'device-error'],
    ['a wrong sequence', 0x04, 'device-error'],
    ['a message that took too long', 0x05, 'device-error'],
    ['a busy channel', 0x06, 'busy'],
    ['a lock of another program', 0x0a, 'busy'],
    ['an unknown channel', 0x0b, 'device-error'],
    ['another error', 0x7f, 'device-error'],
    ['a number that the standard does not have', 0x42, 'device-error'],
  ] as const)('%s (%i) is told as %s and keeps its number', async (_, value, code) => {
    const hid = new ScriptedHid();
    const channel = await CtapChannel.open(hid.transport, 'scripted', { busyMs: 0 });
    hid.onMessage = () => hid.send(hidCommand.error, Uint8Array.of(value));
    const call = channel.call(hidCommand.cbor, Uint8Array.of(4), { deadlineMs: 1000 });
    await expect(call).rejects.toMatchObject({ name: 'DeviceError', code, origin: { kind: 'ctaphid', value } });
    await channel.close();
  });
});
