/** What comes of each fault while somebody has a file checked: no card takes part in it, and the next one that comes is served as at the first screen. */
import { cannot, ends, signs, type Rows } from './expectation.ts';

export const checkingAFile: Rows = {
  'verifying.choosing': {
    removed: cannot('no card is in'),
    swapped: cannot('no card is in'),
    'reader-lost': signs(),
    'module-crash': signs(),
    'module-hang': signs(),
    'wrong-pin': signs(),
    locked: ends(
      'pin-locked',
      'nothing-signed',
      'token-in consent sign.intent finger-matched pin-locked(pin-locked) sign.failed(pin-locked) token-out',
    ),
    'last-try': signs(),
    'device-error': ends('unsupported-card', 'nothing-signed', 'token-in(unsupported-token) token-out'),
  },
  'verifying.judging': {
    removed: cannot('no card is in'),
    swapped: cannot('no card is in'),
    'reader-lost': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    'module-crash': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    'module-hang': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    'wrong-pin': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    locked: ends(
      'pin-locked',
      'nothing-signed',
      'document-checked token-in consent sign.intent finger-matched pin-locked(pin-locked) sign.failed(pin-locked) token-out',
    ),
    'last-try': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    'device-error': ends('unsupported-card', 'nothing-signed', 'document-checked token-in(unsupported-token) token-out'),
  },
  'verifying.verdict': {
    removed: cannot('no card is in'),
    swapped: cannot('no card is in'),
    'reader-lost': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    'module-crash': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    'module-hang': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    'wrong-pin': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    locked: ends(
      'pin-locked',
      'nothing-signed',
      'document-checked token-in consent sign.intent finger-matched pin-locked(pin-locked) sign.failed(pin-locked) token-out',
    ),
    'last-try': signs('document-checked token-in consent sign.intent finger-matched sign.done token-out'),
    'device-error': ends('unsupported-card', 'nothing-signed', 'document-checked token-in(unsupported-token) token-out'),
  },
};
