/** An enrolment officer in the guest, by the station's own driver on hidraw. The safe for the PIN is this program's memory. */
import type { FingerSample } from '../../../drivers/finger-keeper.ts';
import { KeyEnrolment } from '../../../drivers/fido/enrolment.ts';
import { createHidrawTransport } from '../../../drivers/fido/hidraw.ts';
import { readerIdOf } from '../../../drivers/fido/reader.ts';
import { Secret } from '../../../drivers/secret.ts';

const transport = createHidrawTransport();
let kept: Uint8Array | undefined;
let calledOff: AbortController | undefined;

function pin(): Secret {
  if (kept === undefined) throw new Error('no PIN is kept');
  return new Secret(kept.slice());
}

/** One use of the only key that is plugged in, by an officer. */
async function withOfficer<T>(use: (officer: KeyEnrolment) => Promise<T>): Promise<T> {
  const [hid, ...others] = await transport.list();
  if (hid === undefined || others.length > 0) throw new Error('not one key is plugged in');
  const officer = await KeyEnrolment.open(transport, readerIdOf(hid));
  try {
    return await use(officer);
  } finally {
    await officer.close();
  }
}

export const officerCalls = {
  keyState: () => withOfficer((officer) => officer.state()),

  /** Makes the key ready; tells what was said of every sample. */
  prepareKey: (names: readonly string[]) =>
    withOfficer(async (officer) => {
      const samples: FingerSample[] = [];
      const keep = (secret: Secret): Promise<void> =>
        secret.take((bytes) => {
          kept = bytes.slice();
        });
      const fingers = await officer.prepare({ names, keep }, { onSample: (sample) => samples.push(sample) });
      return { fingers, samples };
    }),

  /** Enrols one more finger; `callOff` ends that. */
  enrolOneMore: (name: string) =>
    withOfficer(async (officer) => {
      calledOff = new AbortController();
      const session = await officer.unlock(pin());
      return session.enrolFinger(name, { signal: calledOff.signal });
    }),

  callOff: () => calledOff?.abort(),

  /** The fingers that the key knows, asked with its PIN: which also unlocks it. */
  knownFingers: () => withOfficer(async (officer) => (await officer.unlock(pin())).fingers()),

  removeFinger: (id: string) => withOfficer(async (officer) => (await officer.unlock(pin())).removeFinger(id)),

  tryPin: (guess: string) => withOfficer(async (officer) => (await officer.unlock(new Secret(Buffer.from(guess)))).close()),
};
