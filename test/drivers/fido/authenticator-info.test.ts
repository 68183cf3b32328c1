import { describe, expect, test } from 'vitest';
import { authenticatorInfoOf } from '../../../drivers/fido/authenticator-info.ts';
import { CborError, CborFields } from '../../../drivers/fido/cbor.ts';

const least: readonly (readonly [number, unknown])[] = [
  [1, ['FIDO_2_0']],
  [3, Uint8Array.from({ length: 16 }, (_, index) => index)],
];
const read = (...more: readonly (readonly [number, unknown])[]) =>
  authenticatorInfoOf(new CborFields(new Map([...least, ...more]), 'getInfo'));

describe('what a key says of itself', () => {
  test('may be no more than a version and a model; the rest is what the standard supposes', () => {
    expect(read()).toEqual({
      versions: ['FIDO_2_0'],
      aaguid: '000102030405060708090a0b0c0d0e0f',
      options: new Map(),
      pinUvAuthProtocols: [],
      fingerprint: false,
      minPinLength: 4,
      forcePinChange: false,
    });
  });

  test('tells the shortest PIN, a change that is due, and the firmware', () => {
    expect(read([0x0c, true], [0x0d, 8], [0x0e, 328_965])).toMatchObject({
      forcePinChange: true,
      minPinLength: 8,
      firmwareVersion: 328_965,
    });
  });

  test.each([
    ['by bio enrolment, also with no finger enrolled', [4, new Map([['bioEnroll', false]])]],
    ['by the preview of it', [4, new Map([['userVerificationMgmtPreview', false]])]],
    ['by its modality', [0x12, 0x06]],
  ] as const)('tells that it has a sensor %s', (_, field) => {
    expect(read(field).fingerprint).toBe(true);
  });

  test('is read in spite of fields and options that nobody knows', () => {
    const options = new Map<unknown, unknown>([
      ['uv', true],
      ['later', 'text'],
      [5, true],
    ]);
    expect(read([4, options], [0x63, 'later'], [1, ['FIDO_2_1', 5]])).toMatchObject({
      options: new Map([['uv', true]]),
      versions: ['FIDO_2_1'],
    });
  });

  test.each([
    ['a shortest PIN that is text', [0x0d, 'four']],
    ['a change that is a number', [0x0c, 1]],
    ['a firmware that is bytes', [0x0e, new Uint8Array(2)]],
    ['a model that is text', [3, 'model']],
    ['versions that are no list', [1, 'FIDO_2_0']],
  ] as const)('is refused with %s', (_, field) => {
    expect(() => read(field)).toThrow(CborError);
  });
});
