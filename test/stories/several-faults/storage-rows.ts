/** What comes of faults behind the card when they meet the second or the last of three documents. */
import type { Moment, Place } from '../../support/several/play.ts';
import { cannot, ends, type Expectation } from './expectation.ts';

export const storageFaults = [
  'the output does not hold',
  'no room for the output',
  'no entry can be written',
  'no entry can be written, and the card is pulled',
  'the document was exchanged',
] as const;
export type StorageFault = (typeof storageFaults)[number];

export interface StorageRow {
  readonly moment: Moment;
  readonly of: Readonly<Record<Place, Expectation>>;
  /** The log is read after the next start, which has closed what was open; the card had left meanwhile. */
  readonly restarts?: true;
}

export const storageRows: Readonly<Record<StorageFault, StorageRow>> = {
  'the output does not hold': {
    moment: 'card asked',
    of: {
      2: ends('out-of-service', 'signed signature-refused not-reached'),
      3: ends('out-of-service', 'signed signed signature-refused'),
    },
  },
  'no room for the output': {
    moment: 'being checked',
    of: {
      2: ends('out-of-service', 'signed output-failed not-reached'),
      3: ends('out-of-service', 'signed signed output-failed'),
    },
  },
  'no entry can be written': {
    moment: 'being checked',
    of: { 2: ends('out-of-service', 'signed unknown fault'), 3: ends('out-of-service', 'signed signed unknown') },
    restarts: true,
  },
  'no entry can be written, and the card is pulled': {
    moment: 'card asked',
    of: { 2: ends('out-of-service', 'signed unknown fault'), 3: ends('out-of-service', 'signed signed unknown') },
    restarts: true,
  },
  'the document was exchanged': {
    moment: 'being prepared',
    of: {
      2: ends('document-refused', 'signed document-changed not-reached'),
      3: cannot('what was shown last is still in memory, and those bytes are signed'),
    },
  },
};
