/** A virtual key as it comes from the factory, and the ways to it that the tests of an enrolment officer share. */
import { afterEach } from 'vitest';
import { CtapChannel } from '../../../drivers/fido/channel.ts';
import { type AuthenticatorInfo } from '../../../drivers/fido/authenticator-info.ts';
import { Ctap2 } from '../../../drivers/fido/ctap.ts';
import { setPin } from '../../../drivers/fido/device-pin.ts';
import { type EnrolmentOptions, KeyEnrolment } from '../../../drivers/fido/enrolment.ts';
import { readerIdOf } from '../../../drivers/fido/reader.ts';
import { Secret } from '../../../drivers/secret.ts';
import { type BioKeyOptions, VirtualBioKey } from '../../../drivers/virtual/bio-key.ts';

/** Limit for every command here, milliseconds. */
export const short = { deadlineMs: 5000 };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

export function factoryKey(options: Partial<BioKeyOptions> = {}): VirtualBioKey {
  return VirtualBioKey.create({ fingers: [], keepaliveMs: 10, ...options });
}

export function secretOf(text: string): Secret {
  return new Secret(new TextEncoder().encode(text));
}

/** The bytes of a secret as text; the secret is taken by this. */
export function textOf(secret: Secret): Promise<string> {
  return secret.take((bytes) => new TextDecoder().decode(bytes));
}

/** A client on a channel of its own; closed after the test. */
export async function clientOf(key: VirtualBioKey): Promise<{ channel: CtapChannel; ctap: Ctap2; info: () => Promise<AuthenticatorInfo> }> {
  const channel = await CtapChannel.open(key.transport, 'virtual-bio-key');
  open.push(channel);
  const ctap = new Ctap2(channel);
  return { channel, ctap, info: () => ctap.getInfo(short) };
}

/** A client on a key that has this PIN. */
export async function clientWithPin(key: VirtualBioKey, pin: string) {
  const client = await clientOf(key);
  await setPin(client.ctap, await client.info(), secretOf(pin), short);
  return client;
}

/** The officer's way to the key, over its own transport or one around it; closed after the test. */
export async function officerOf(key: VirtualBioKey, options: EnrolmentOptions = {}, transport = key.transport): Promise<KeyEnrolment> {
  const [hid] = await transport.list();
  if (hid === undefined) throw new Error('the key is not plugged in');
  const officer = await KeyEnrolment.open(transport, readerIdOf(hid), options);
  open.push(officer);
  return officer;
}
