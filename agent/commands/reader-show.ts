/** What a key is like, for anybody: nothing is asked of it but what it tells everybody, and nothing is written. */
import type { KeyEnrolment, KeyState } from '../../drivers/fido/enrolment.ts';
import { type AttestationPolicy, judgeModel } from '../people/attestation.ts';
import { faultWords } from '../people/enrol.ts';
import type { CommandIo } from './io.ts';

/** Says it. Throws DeviceError. */
export async function showKey(keys: KeyEnrolment, accepted: AttestationPolicy, io: CommandIo): Promise<void> {
  const { aaguid } = await keys.info();
  const state = await keys.state();
  const verdict = judgeModel(aaguid, accepted);
  io.out(
    [
      `Model        ${verdict.ok ? `${verdict.model}, allowed here` : `not allowed here: ${faultWords(verdict.why)}`} (${aaguid})`,
      `PIN          ${pinLine(state)}`,
      `Fingers      ${state.fingersEnrolled ? 'enrolled; which, is told to who has its PIN' : 'none'}`,
      `Finger tries ${state.fingerTries === 0 ? 'none left: locked, see countersign reader unlock' : String(state.fingerTries)}`,
    ].join('\n'),
  );
}

function pinLine({ pinSet, pinTries }: KeyState): string {
  if (!pinSet) return 'none';
  if (pinTries === undefined) return 'set';
  if (pinTries.left === 0) return 'set, and taken no more: the key has to be reset';
  return `set, ${pinTries.left} tries left${pinTries.unplugFirst ? ', after it was taken out and plugged in again' : ''}`;
}
