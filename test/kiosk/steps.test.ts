import { describe, expect, test } from 'vitest';
import type { PublicState } from '../../agent/contract/state.ts';
import { canCancel, stepOf, stepsOf, wayOn } from '../../kiosk/steps.ts';
import type { StateOf } from '../../kiosk/state-of.ts';

const trouble: StateOf<'trouble'> = {
  screen: 'trouble',
  trouble: 'wrong-pin',
  problem: 'pin-wrong',
  recover: 're-enter-pin',
  outcome: 'nothing-signed',
  canContinue: true,
};

describe('the ways out of a screen', () => {
  test('a wrong PIN leads to another try, and Cancel is there', () => {
    expect(wayOn(trouble)).toBe('again');
    expect(canCancel(trouble)).toBe(true);
  });

  test('a refused document leads back to the documents', () => {
    expect(wayOn({ ...trouble, trouble: 'document-refused', problem: 'document-refused', recover: 'ask-staff' })).toBe('other-document');
  });

  test('once the card is out, a trouble page leads to the start and promises no other try', () => {
    const out: PublicState = { ...trouble, trouble: 'pin-locked', problem: 'pin-locked', recover: 'other-token' };
    expect(wayOn(out)).toBe('start');
    expect(canCancel(out)).toBe(false);
  });

  test('a trouble that only the card ends shows no button at all', () => {
    const stuck: PublicState = { ...trouble, canContinue: false };
    expect(wayOn(stuck)).toBeUndefined();
    expect(canCancel(stuck)).toBe(false);
  });

  test('a PIN that is typed on the card reader is cancelled there, and the screen offers no Cancel that could not keep its word', () => {
    const document = { id: 'doc-1', name: 'a.pdf', pages: 1, size: 9, digest: 'd'.repeat(64), signatures: 0 };
    const pin = { minLength: 4, maxLength: 8, lastTry: false } as const;
    expect(canCancel({ screen: 'enter-pin', document, place: { place: 1, of: 1 }, pin: { ...pin, pad: 'screen' } })).toBe(true);
    expect(
      canCancel({
        screen: 'enter-pin',
        document,
        place: { place: 1, of: 1 },
        pin: { ...pin, pad: 'reader', waiting: { time: 1, secondsLeft: 9 } },
      }),
    ).toBe(false);
  });

  test('nobody is offered Cancel while the card signs or after it has', () => {
    expect(canCancel({ screen: 'take-card', outcome: 'signed' })).toBe(false);
    expect(canCancel({ screen: 'insert-card' })).toBe(true);
  });
});

test('the way has a step less where a member of staff vouches, and the others keep their places', () => {
  const names = ['Card', 'Read', 'Agree', 'Finger', 'PIN'];
  expect(stepsOf(names, false).map(({ name }) => name)).toEqual(names);
  const steps = stepsOf(names, true);
  expect(steps.map(({ name }) => name)).toEqual(['Card', 'Read', 'Agree', 'PIN']);
  const named = (screen: Parameters<typeof stepOf>[0]) => steps.find(({ step }) => step === stepOf(screen))?.name;
  expect([named('confirm'), named('enter-pin'), named('touch-reader')]).toEqual(['Agree', 'PIN', undefined]);
});
