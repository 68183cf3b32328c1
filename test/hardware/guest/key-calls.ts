/** The fingerprint reader as the station's own driver sees it, on the hidraw of the guest's kernel. Binary is base64url on the way to the host. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FingerprintReader, ReaderPrompt } from '../../../drivers/fingerprint.ts';
import { KeyEnrolment } from '../../../drivers/fido/enrolment.ts';
import { createHidrawTransport } from '../../../drivers/fido/hidraw.ts';
import { createReaderSource } from '../../../drivers/fido/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import { type UsbChange, watchUsb } from '../../../drivers/usb/hotplug.ts';

const never = 24 * 3_600_000;
/** It does not poll: whatever it notices, it was told. */
const transport = createHidrawTransport(never);
const troubles: string[] = [];
const source = createReaderSource(transport, { onTrouble: (error) => troubles.push(String(error)), probeAgainMs: 200 });
const changes: { readonly what: UsbChange['what']; readonly kinds: readonly string[]; readonly id: string }[] = [];
const usb = watchUsb(({ what, kinds, vendorId, productId }) =>
  changes.push({ what, kinds: [...kinds], id: `${vendorId.toString(16)}:${productId.toString(16)}` }),
);
/** It only polls: no USB event is waited for here, and the calls below are made when none can come. */
let polled: { readonly count: () => number; readonly stop: () => void } | undefined;
const prompts: ReaderPrompt[] = [];

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));
const text = (value: Uint8Array): string => Buffer.from(value).toString('base64url');

/** One use of the reader that is plugged in. */
async function withReader<T>(use: (reader: FingerprintReader) => Promise<T>): Promise<T> {
  prompts.length = 0;
  const [info] = source.readers();
  if (info === undefined) throw new Error('no fingerprint reader is plugged in');
  const reader = await source.open(info.id);
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

export const keyCalls = {
  hidDevices: () => transport.list(),
  readers: () => source.readers(),
  troubles: () => troubles,
  prompts: () => prompts,
  usbLive: () => usb.live,

  /** What was told since the last time that this was asked. */
  usbChanges: () => changes.splice(0),

  startPolling(pollMs: number): void {
    let seen = 0;
    const stop = createHidrawTransport(pollMs).watch(() => (seen += 1));
    polled = { count: () => seen, stop };
  },

  polledChanges: () => polled?.count() ?? 0,
  stopPolling: () => polled?.stop(),

  triesLeft: () => withReader((reader) => reader.triesLeft()),

  enrol: (rpId: string, userId: string, clientDataHash: string) =>
    withReader(async (reader) => {
      const call = { onPrompt: (prompt: ReaderPrompt) => void prompts.push(prompt) };
      const made = await reader.enrol({ rpId, userId: bytes(userId), clientDataHash: bytes(clientDataHash) }, call);
      return {
        credentialId: text(made.credentialId),
        publicKey: text(made.publicKey),
        format: made.attestationFormat,
        aaguid: made.aaguid,
      };
    }),

  verify: (rpId: string, credentialId: string, clientDataHash: string) =>
    withReader(async (reader) => {
      const call = { onPrompt: (prompt: ReaderPrompt) => void prompts.push(prompt) };
      const made = await reader.verify({ rpId, credentialId: bytes(credentialId), clientDataHash: bytes(clientDataHash) }, call);
      return { authenticatorData: text(made.authenticatorData), signature: text(made.signature) };
    }),

  /** An enrolment officer enrols one more finger; what the reader said of each sample, and the fingers that it knows then. */
  async enrolFinger(pin: string, name: string) {
    const [info] = source.readers();
    const officer = await KeyEnrolment.open(transport, info?.id ?? '');
    try {
      const session = await officer.unlock(new Secret(Buffer.from(pin)));
      const samples: string[] = [];
      await session.enrolFinger(name, { onSample: ({ feedback, remaining }) => samples.push(`${feedback}, ${remaining} to go`) });
      const fingers = await session.fingers();
      await session.close();
      return { samples, fingers: fingers.map((finger) => finger.name) };
    } finally {
      await officer.close();
    }
  },

  sleep: (ms: number) => sleep(ms),
};
