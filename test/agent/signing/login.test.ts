/** One login serves the documents of a visit: what opens it, what uses it, and what ends it. */
import { expect, it } from 'vitest';
import { DeviceError } from '../../../drivers/errors.ts';
import type { SigningOrder, SigningSession } from '../../../drivers/token.ts';
import { Login } from '../../../agent/signing/login.ts';
import { typedPin } from '../../support/signing/visit-facts.ts';

const order: SigningOrder = { tokenId: 'ada', certificateSha256: '1'.repeat(64), scheme: 'rsa-pss', hash: 'sha256' };
const message = Uint8Array.of(7);

/** A token that tells what was opened and closed, and refuses the message 0. */
function watchedLogin() {
  const told: string[] = [];
  const openSigning = (_order: SigningOrder, pin: unknown): SigningSession => {
    const number = told.filter((one) => one.startsWith('open')).length + 1;
    told.push(`open ${number} ${pin === undefined ? 'at the pad' : 'with a PIN'}`);
    return {
      sign: (bytes) =>
        bytes[0] === 0 ? Promise.reject(new DeviceError('pin-wrong', 'the PIN is wrong')) : Promise.resolve(Uint8Array.of(number)),
      close: () => {
        told.push(`close ${number}`);
        return Promise.resolve();
      },
    };
  };
  return { told, login: new Login({ openSigning }, () => undefined) };
}

it('the first signature opens it with the PIN, the others use it, and it ends once', async () => {
  const { told, login } = watchedLogin();
  await login.sign(order, message, typedPin());
  await login.sign(order, message, undefined);
  login.end();
  login.end();
  expect(told).toEqual(['open 1 with a PIN', 'close 1']);
});

it('the first failure ends it, and the next PIN opens another', async () => {
  const { told, login } = watchedLogin();
  await expect(login.sign(order, Uint8Array.of(0), typedPin())).rejects.toMatchObject({ code: 'pin-wrong' });
  expect(told).toEqual(['open 1 with a PIN', 'close 1']);
  expect(await login.sign(order, message, typedPin())).toEqual(Uint8Array.of(2));
});

it('a PIN that is typed again never meets a login that is still open', async () => {
  const { told, login } = watchedLogin();
  await login.sign(order, message, typedPin());
  await login.sign(order, message, typedPin());
  expect(told).toEqual(['open 1 with a PIN', 'close 1', 'open 2 with a PIN']);
});

it('a reader with a pad of its own is asked once for all', async () => {
  const { told, login } = watchedLogin();
  await login.sign(order, message, undefined);
  await login.sign(order, message, undefined);
  expect(told).toEqual(['open 1 at the pad']);
});
