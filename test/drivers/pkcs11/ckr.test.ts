import { describe, expect, it } from 'vitest';
import { deviceErrorCodes, recoverOf } from '../../../drivers/errors.ts';
import { codeOf, isDecisive, nameFailure, type Failure, type Probe } from '../../../drivers/pkcs11/ckr.ts';

const here: Probe = { seen: 'same', flags: 0x40d };
const fromCkr = (ckr: number): Failure => ({ code: codeOf(ckr), message: `CKR ${ckr}`, ckr });

describe('what a failure of a token is called', () => {
  it.each([
    [0xa0, 'pin-wrong'],
    [0xa2, 'pin-length'],
    [0xa3, 'pin-expired'],
    [0xa4, 'pin-locked'],
    [0x70, 'mechanism-unsupported'],
    [0x71, 'mechanism-unsupported'],
    [0x63, 'mechanism-unsupported'],
    [0xe1, 'unsupported-token'],
    [0x5, 'device-error'],
    [0x6, 'device-error'],
    [0x30, 'device-error'],
    [0x90, 'device-error'],
    [0x91, 'device-error'],
    [0x100, 'device-error'],
    [0x101, 'device-error'],
    [0x80001234, 'device-error'],
  ])('CKR %i with the token still there is %s, and keeps its number', (ckr, code) => {
    expect(nameFailure(fromCkr(ckr), here)).toMatchObject({ code, origin: { kind: 'ckr', value: ckr } });
  });

  it('only CKR_PIN_INCORRECT ever asks for the PIN as wrong, whatever else a module returns', () => {
    for (let ckr = 0; ckr < 0x400; ckr++) {
      const { code } = nameFailure(fromCkr(ckr), here);
      expect(code === 'pin-wrong', `CKR ${ckr}`).toBe(ckr === 0xa0);
      expect(recoverOf[code] === 're-enter-pin', `CKR ${ckr}`).toBe(ckr === 0xa0 || ckr === 0xa2);
    }
  });

  it.each(deviceErrorCodes.filter((code) => code !== 'no-token'))('%s with an empty slot means that the token was removed', (code) => {
    expect(nameFailure({ code, message: 'x' }, { seen: 'empty' }).code).toBe('token-removed');
  });

  it.each(['empty', 'other', 'no-reader', 'unknown'] as const)(
    'a token that was asked to sign and then is %s leaves an unknown outcome',
    (seen) => {
      for (const code of deviceErrorCodes) expect(nameFailure({ code, message: 'x', asked: true }, { seen }).code).toBe('outcome-unknown');
    },
  );

  it('a token that was asked to sign, refused, and is still there has signed nothing', () => {
    expect(nameFailure({ ...fromCkr(0x5), asked: true }, here).code).toBe('device-error');
  });

  it('a card that never left and fails has a fault, whatever its module says of it; what it was asked to sign it refused', () => {
    for (const code of deviceErrorCodes.filter((one) => one !== 'outcome-unknown'))
      for (const asked of [false, true]) expect(nameFailure({ code, message: 'x', asked }, { seen: 'failing' }).code).toBe('device-error');
    expect(nameFailure({ code: 'outcome-unknown', message: 'x' }, { seen: 'failing' }).code).toBe('outcome-unknown');
    // It may be on its way out, which pcscd notices a moment later.
    for (const code of deviceErrorCodes) expect(isDecisive({ code, message: 'x' }, { seen: 'failing' })).toBe(false);
  });

  it('a wrong PIN from a module whose token has just left is no wrong PIN', () => {
    expect(nameFailure(fromCkr(0xa0), { seen: 'empty' }).code).toBe('token-removed');
    expect(nameFailure(fromCkr(0xa0), { seen: 'other' }).code).toBe('token-changed');
  });

  it('the flags tell how many tries are left after a wrong PIN', () => {
    expect(nameFailure(fromCkr(0xa0), here).triesLeft).toBeUndefined();
    expect(nameFailure(fromCkr(0xa0), { seen: 'same', flags: 0x2040d })).toMatchObject({ code: 'pin-wrong', triesLeft: 1 });
    expect(nameFailure(fromCkr(0xa0), { seen: 'same', flags: 0x4040d })).toMatchObject({ code: 'pin-locked', triesLeft: 0 });
  });

  it.each(deviceErrorCodes)('%s with the slot itself gone means that the reader is lost', (code) => {
    expect(nameFailure({ code, message: 'x' }, { seen: 'no-reader' })).toMatchObject({ code: 'reader-lost', recover: 'ask-staff' });
    expect(isDecisive({ code, message: 'x' }, { seen: 'no-reader' })).toBe(true);
  });

  it('keeps what is known when the slots cannot be looked at', () => {
    const crash: Failure = { code: 'module-crashed', message: 'x', origin: { kind: 'signal', value: 'SIGSEGV' } };
    expect(nameFailure(crash, { seen: 'unknown' })).toMatchObject({ code: 'module-crashed', origin: { kind: 'signal', value: 'SIGSEGV' } });
  });

  it('waits for the reader only where a second look could change the name', () => {
    expect(isDecisive(fromCkr(0x5), here)).toBe(false);
    expect(isDecisive(fromCkr(0xa0), here)).toBe(false);
    expect(isDecisive(fromCkr(0xa0), { seen: 'same', flags: 0x1040d })).toBe(true);
    expect(isDecisive(fromCkr(0xa4), here)).toBe(true);
    expect(isDecisive(fromCkr(0x5), { seen: 'empty' })).toBe(true);
  });
});
