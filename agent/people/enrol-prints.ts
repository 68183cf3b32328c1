/**
 * Enrolment at a reader that signs nothing: this computer keeps the prints of two or more fingers, under a pseudonym. What comes out is an `enrol` entry
 * that says so; no signature of the reader is in it, for there is none.
 */
import { randomBytes } from 'node:crypto';
import { DeviceError } from '../../drivers/errors.ts';
import type { FingerName, MatchingReader, ReaderPrompt, ScanFeedback } from '../../drivers/fingerprint.ts';
import type { Actor } from '../log/catalogue.ts';
import type { EventOf } from '../log/events.ts';

export interface PrintsOrder {
  readonly reader: MatchingReader;
  /** At least two, no finger twice, in the order in which they will be asked for. */
  readonly fingers: readonly FingerName[];
  /** SHA-256 of the holder's certificate, hex. */
  readonly certificateSha256: string;
  readonly actor: Actor;
}

/** What the person who enrols is told meanwhile. */
export interface PrintsProgress {
  onFinger(finger: FingerName): void;
  onStage(passed: number, of: number | undefined): void;
  onFeedback(feedback: ScanFeedback): void;
  onPrompt?(prompt: ReaderPrompt): void;
  /** The finger was taken, and is now compared once, so that nobody leaves with prints that do not match. */
  onCheck(finger: FingerName): void;
}

/** Takes the fingers and tries each of them once. Throws DeviceError, and RangeError for fewer than two fingers; then no print of it stays. */
export async function enrolPrints(order: PrintsOrder, progress: PrintsProgress, signal?: AbortSignal): Promise<EventOf<'enrol'>> {
  const { reader, fingers, certificateSha256, actor } = order;
  if (fingers.length < 2 || new Set(fingers).size !== fingers.length) throw new RangeError('two different fingers or more are enrolled');
  const subject = randomBytes(16).toString('hex');
  const call = { ...progress, ...(signal === undefined ? {} : { signal }) };
  try {
    for (const finger of fingers) {
      progress.onFinger(finger);
      await reader.enrol({ user: subject, finger }, call);
      progress.onCheck(finger);
      await reader.verify({ user: subject, finger }, call);
    }
    const kept = await reader.fingers(subject);
    if (!fingers.every((finger) => kept.includes(finger))) {
      throw new DeviceError('device-error', 'fprintd did not keep all fingers', { recover: 'ask-staff' });
    }
  } catch (error) {
    await removePrints(reader, subject, fingers);
    throw error;
  }
  return {
    op: 'enrol',
    actor,
    subject,
    certificate_sha256: certificateSha256,
    assurance: 'station-asserted',
    reader: reader.info.name,
    fingers: [...fingers],
  };
}

/** Deletes prints that no entry stands for. Where the reader is gone they stay under a pseudonym that nobody is ever asked for by. */
export async function removePrints(reader: MatchingReader, subject: string, fingers: readonly FingerName[]): Promise<void> {
  for (const finger of fingers) {
    await reader.remove({ user: subject, finger }).catch((error: unknown) => {
      if (!(error instanceof DeviceError)) throw error;
    });
  }
}
