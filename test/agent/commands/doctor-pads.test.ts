import { expect, it } from 'vitest';
import { padCheck } from '../../../agent/commands/doctor/pads.ts';
import { softhsmModule } from '../../support/softhsm.ts';

const place = { root: '/', env: process.env, demo: false, now: Date.now(), ms: 10_000 };

it('finds by a call, not by its word, that this binding can ask the pad of a reader', async () => {
  expect(await padCheck(place, softhsmModule)).toMatchObject({ finding: 'ok', found: expect.stringContaining('own pad') as unknown });
});

it('says how to mend a binding that was compiled without the patch', async () => {
  // What pkcs11js 2.1.7 says as it is published.
  const unpatched = "console.log('Argument 2 has wrong type. Should be a String')";
  expect(await padCheck(place, softhsmModule, unpatched)).toMatchObject({ finding: 'warning', mend: 'npm run setup' });
});

it('guesses nothing when it could not be tried', async () => {
  expect(await padCheck(place, '/nowhere/module.so')).toMatchObject({
    finding: 'note',
    found: expect.stringContaining('could not be tried') as unknown,
  });
});
