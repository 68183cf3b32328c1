/** From what a driver throws to a problem of the house: names are kept, numbers are kept, and a bug stays a bug. */
import { expect, it } from 'vitest';
import { DeviceError, deviceErrorCodes } from '../../../drivers/errors.ts';
import { askDevice, deviceProblem, documentProblem, problemOf, SigningProblem } from '../../../agent/signing/problem.ts';

it.each(deviceErrorCodes)('%s of a token keeps its name', async (code) => {
  const refused = askDevice('token', () => Promise.reject(new DeviceError(code, 'native words')));
  await expect(refused).rejects.toMatchObject({ name: 'SigningProblem', problem: { code } });
});

it('a card reader and a fingerprint reader that are lost have two names', () => {
  const lost = new DeviceError('reader-lost', 'gone');
  expect(deviceProblem(lost, 'token').problem.code).toBe('reader-lost');
  expect(deviceProblem(lost, 'fingerprint').problem.code).toBe('fingerprint-reader-lost');
});

it('tries left and the native number are kept, native words are not', () => {
  const error = new DeviceError('device-error', '/usr/lib/module.so said CKR_GENERAL_ERROR', {
    triesLeft: 2,
    origin: { kind: 'ckr', value: 5 },
  });
  const { problem } = deviceProblem(error, 'token');
  expect(problem).toEqual({ code: 'device-error', triesLeft: 2, origin: { kind: 'ckr', value: '5' } });
  expect(problemOf(deviceProblem(error, 'token'))).toEqual(problem);
});

it('a bug is not renamed on its way, and is a fault in the end', async () => {
  const bug = new TypeError('undefined is not a function');
  await expect(askDevice('token', () => Promise.reject(bug))).rejects.toBe(bug);
  expect(problemOf(bug)).toEqual({ code: 'fault' });
  expect(problemOf(undefined)).toEqual({ code: 'fault' });
  // A driver's error that nobody named is a bug too: whoever called must say which device it was.
  expect(problemOf(new DeviceError('pin-wrong', 'wrong'))).toEqual({ code: 'fault' });
});

it('a refused document keeps its reason; what stands in the log already says so', () => {
  expect(problemOf(documentProblem('encrypted'))).toEqual({ code: 'document-refused', refusal: 'encrypted' });
  expect(problemOf(new SigningProblem('not-enrolled', { recorded: true }))).toEqual({ code: 'not-enrolled', recorded: true });
});
