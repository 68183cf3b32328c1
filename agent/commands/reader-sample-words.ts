/** An enrolment of a finger, sample by sample, in words for whoever lays it on. */
import type { FingerSample, SampleFeedback } from '../../drivers/finger-keeper.ts';

const words: Readonly<Record<SampleFeedback, string>> = {
  good: 'Good.',
  'too-high': 'The finger lay too high. Lay it a little lower.',
  'too-low': 'The finger lay too low. Lay it a little higher.',
  'too-left': 'The finger lay too far left. Lay it a little more to the right.',
  'too-right': 'The finger lay too far right. Lay it a little more to the left.',
  'too-fast': 'That was too fast. Leave the finger on a little longer.',
  'too-slow': 'That was too slow. Take the finger off a little sooner.',
  'poor-quality': 'The print cannot be read. Wipe the sensor and the finger.',
  'too-skewed': 'The finger lay askew. Lay it straight.',
  'too-short': 'Too little of the finger was seen. Lay all of the fingertip on.',
  'merge-failure': 'This does not fit the samples before it. Lay the same finger on.',
  exists: 'This finger is on the key already. Take another one.',
  'database-full': 'The key has no room for another finger.',
  'no-finger': 'No finger came.',
  'no-lift': 'Lift the finger off, and then lay it on again.',
  unknown: 'The sample does not count, and the key says why in a way that is not known here.',
};

/** One sentence or two, and what is still to come. */
export function sampleWords({ feedback, native, remaining }: FingerSample): string {
  const number = feedback === 'unknown' ? ` (sample status ${native})` : '';
  const left = remaining === 0 ? 'This finger is enrolled.' : `${remaining} more ${remaining === 1 ? 'sample' : 'samples'}.`;
  return `${words[feedback]}${number} ${left}`;
}
