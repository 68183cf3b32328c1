/** Which finger is asked for, where the reader compares with one of them. */
import type { FingerName } from '../../agent/contract/finger.ts';

export type FingerTexts = Readonly<Record<FingerName, string>>;

export const fingersEn: FingerTexts = {
  'left-thumb': 'Use your left thumb.',
  'left-index-finger': 'Use your left index finger.',
  'left-middle-finger': 'Use your left middle finger.',
  'left-ring-finger': 'Use your left ring finger.',
  'left-little-finger': 'Use your left little finger.',
  'right-thumb': 'Use your right thumb.',
  'right-index-finger': 'Use your right index finger.',
  'right-middle-finger': 'Use your right middle finger.',
  'right-ring-finger': 'Use your right ring finger.',
  'right-little-finger': 'Use your right little finger.',
};

export const fingersDe: FingerTexts = {
  'left-thumb': 'Nehmen Sie den linken Daumen.',
  'left-index-finger': 'Nehmen Sie den linken Zeigefinger.',
  'left-middle-finger': 'Nehmen Sie den linken Mittelfinger.',
  'left-ring-finger': 'Nehmen Sie den linken Ringfinger.',
  'left-little-finger': 'Nehmen Sie den linken kleinen Finger.',
  'right-thumb': 'Nehmen Sie den rechten Daumen.',
  'right-index-finger': 'Nehmen Sie den rechten Zeigefinger.',
  'right-middle-finger': 'Nehmen Sie den rechten Mittelfinger.',
  'right-ring-finger': 'Nehmen Sie den rechten Ringfinger.',
  'right-little-finger': 'Nehmen Sie den rechten kleinen Finger.',
};
