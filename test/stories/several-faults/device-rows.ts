/** What comes of each fault of card, reader and module when it meets the second or the last of three documents. */
import type { Fault } from '../../support/matrix/faults.ts';
import type { Moment, Place } from '../../support/several/play.ts';
import { cannot, type Either, ends, type Expectation } from './expectation.ts';

export interface DeviceRow {
  readonly place: Place;
  readonly moment: Moment;
  readonly of: Readonly<Record<Fault, Expectation | Either>>;
}

const noPin = cannot('no PIN is asked for again: one serves them all');

/** Whether the screen of the first holder is still seen when another card comes in is decided by how soon it comes. */
const orOver = (screen: string): readonly string[] => [screen, 'over'];

/** The station may see that the card is gone before it asks it for the next signature, or find then that there is no reader. */
const lostWith = (before: string, after = ''): Either => [
  ends('card-removed', `${before} token-removed ${after}`.trim()),
  ends('card-reader-lost', `${before} reader-lost ${after}`.trim()),
];

export const deviceRows: Readonly<Record<string, DeviceRow>> = {
  'the second, while it is prepared': {
    place: 2,
    moment: 'being prepared',
    of: {
      removed: ends('card-removed', 'signed token-removed not-reached'),
      swapped: ends(orOver('card-removed'), 'signed token-removed not-reached'),
      'reader-lost': lostWith('signed', 'not-reached'),
      'module-crash': ends('card-reader-lost', 'signed module-crashed not-reached'),
      'module-hang': ends('card-reader-lost', 'signed module-timeout not-reached'),
      'wrong-pin': noPin,
      locked: ends('pin-locked', 'signed pin-locked not-reached', 'pin-locked(pin-locked)'),
      // The right PIN at the next document gives the card its tries back.
      'last-try': ends('signed', 'signed signed signed'),
      'device-error': ends('card-reader-lost', 'signed device-error not-reached'),
    },
  },
  'the second, when the card was asked': {
    place: 2,
    moment: 'card asked',
    of: {
      removed: ends('outcome-unknown', 'signed unknown not-reached'),
      swapped: ends(orOver('outcome-unknown'), 'signed unknown not-reached'),
      'reader-lost': ends('outcome-unknown', 'signed unknown not-reached'),
      'module-crash': ends('outcome-unknown', 'signed unknown not-reached'),
      'module-hang': ends('outcome-unknown', 'signed unknown not-reached'),
      'wrong-pin': noPin,
      locked: ends('card-reader-lost', 'signed device-error not-reached'),
      'last-try': ends('card-reader-lost', 'signed device-error not-reached'),
      'device-error': ends('card-reader-lost', 'signed device-error not-reached'),
    },
  },
  'the second, while its signature is checked': {
    place: 2,
    moment: 'being checked',
    of: {
      removed: ends('card-removed', 'signed signed token-removed'),
      swapped: ends(orOver('card-removed'), 'signed signed token-removed'),
      'reader-lost': lostWith('signed signed'),
      'module-crash': ends('card-reader-lost', 'signed signed module-crashed'),
      'module-hang': ends('card-reader-lost', 'signed signed module-timeout'),
      'wrong-pin': noPin,
      locked: ends('pin-locked', 'signed signed pin-locked', 'pin-locked(pin-locked)'),
      'last-try': ends('signed', 'signed signed signed'),
      'device-error': ends('card-reader-lost', 'signed signed device-error'),
    },
  },
  'the last, when the card was asked': {
    place: 3,
    moment: 'card asked',
    of: {
      removed: ends('outcome-unknown', 'signed signed unknown'),
      swapped: ends(orOver('outcome-unknown'), 'signed signed unknown'),
      'reader-lost': ends('outcome-unknown', 'signed signed unknown'),
      'module-crash': ends('outcome-unknown', 'signed signed unknown'),
      'module-hang': ends('outcome-unknown', 'signed signed unknown'),
      'wrong-pin': noPin,
      locked: ends('card-reader-lost', 'signed signed device-error'),
      'last-try': ends('card-reader-lost', 'signed signed device-error'),
      'device-error': ends('card-reader-lost', 'signed signed device-error'),
    },
  },
};
