/**
 * The contract of an enrolment officer with the fingers that a key knows: enrol, list, rename, remove. Implemented by `fido/finger-session.ts`. Nobody needs
 * it for a signature, so it stands apart from the contracts of readers; a screen that shows an enrolment needs nothing but this.
 */
import type { ReaderCall } from './fingerprint.ts';

/** What a key says about one sample of a finger, in the order of its numbers (CTAP 2.1 section 6.7.3, lastEnrollSampleStatus). `unknown` is a number that no table has; it is kept beside the word. */
export const sampleFeedbacks = [
  'good',
  'too-high',
  'too-low',
  'too-left',
  'too-right',
  'too-fast',
  'too-slow',
  'poor-quality',
  'too-skewed',
  'too-short',
  'merge-failure',
  'exists',
  'database-full',
  'no-finger',
  'no-lift',
  'unknown',
] as const;

export type SampleFeedback = (typeof sampleFeedbacks)[number];

/** One sample of an enrolment. */
export interface FingerSample {
  readonly feedback: SampleFeedback;
  /** The number that the key said. */
  readonly native: number;
  /** Good samples that are still needed. */
  readonly remaining: number;
}

/** One finger that a key knows. */
export interface KnownFinger {
  /** The key's own id for it, hex digits. */
  readonly id: string;
  /** Absent where the finger was given no name. */
  readonly name?: string;
}

export interface FingerCall extends ReaderCall {
  /** Called after every sample, the bad ones too. */
  readonly onSample?: (sample: FingerSample) => void;
}

/**
 * The officer's right to the fingers was shown when this was opened. Every method throws DeviceError: busy, reader-lost, cancelled, touch-timeout,
 * device-error; and RangeError for a name that is empty or longer than the key keeps.
 */
export interface FingerKeeper {
  /** The fingers that it knows, in its own order. */
  fingers(): Promise<readonly KnownFinger[]>;
  /**
   * Enrols one finger in as many samples as the key asks for. A cancel between two samples leaves nothing behind; when the last sample was in before
   * it, the finger is enrolled and returned.
   */
  enrolFinger(name: string, call?: FingerCall): Promise<KnownFinger>;
  renameFinger(id: string, name: string): Promise<void>;
  removeFinger(id: string): Promise<void>;
  /** Ends the officer's right to the fingers. Safe to call twice. */
  close(): Promise<void>;
}
