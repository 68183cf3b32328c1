/** What comes of each fault from the finger until the signed document is saved. */
import { cannot, either, ends, signs, type Rows } from './expectation.ts';

/** Somebody vouches while the station is stopped, and it starts again. */
const vouchedFor = 'boot vouch boot token-in consent sign.intent vouched';

export const fromFingerToSignature: Rows = {
  waitingForFinger: {
    removed: ends('card-removed', 'nothing-signed', 'token-in consent sign.intent sign.failed(token-removed) token-out'),
    swapped: ends('over', 'unsaid', 'token-in consent sign.intent sign.failed(token-removed) token-out'),
    'reader-lost': ends('card-removed', 'nothing-signed', 'token-in consent sign.intent sign.failed(token-removed) token-out'),
    'module-crash': signs(),
    'module-hang': signs(),
    'wrong-pin': signs(),
    locked: ends(
      'pin-locked',
      'nothing-signed',
      'token-in consent sign.intent finger-matched pin-locked(pin-locked) sign.failed(pin-locked) token-out',
    ),
    'last-try': signs(),
    'device-error': ends(
      'card-reader-lost',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(device-error) token-out',
    ),
  },
  takingVouch: {
    removed: ends('card-removed', 'nothing-signed', `${vouchedFor} sign.failed(token-removed) token-out`),
    swapped: ends('over', 'unsaid', `${vouchedFor} sign.failed(token-removed) token-out`),
    'reader-lost': ends('card-removed', 'nothing-signed', `${vouchedFor} sign.failed(token-removed) token-out`),
    'module-crash': signs(`${vouchedFor} sign.done token-out`),
    'module-hang': signs(`${vouchedFor} sign.done token-out`),
    'wrong-pin': signs(`${vouchedFor} sign.done token-out`),
    locked: ends('pin-locked', 'nothing-signed', `${vouchedFor} pin-locked(pin-locked) sign.failed(pin-locked) token-out`),
    'last-try': signs(`${vouchedFor} sign.done token-out`),
    'device-error': ends('card-reader-lost', 'nothing-signed', `${vouchedFor} sign.failed(device-error) token-out`),
  },
  beforePin: {
    removed: cannot('it decides at once, by what was read before'),
    swapped: cannot('it decides at once, by what was read before'),
    'reader-lost': cannot('it decides at once, by what was read before'),
    'module-crash': cannot('it decides at once, by what was read before'),
    'module-hang': cannot('it decides at once, by what was read before'),
    'wrong-pin': cannot('it decides at once, by what was read before'),
    locked: ends(
      'pin-locked',
      'nothing-signed',
      'token-in consent sign.intent finger-matched pin-locked(pin-locked) sign.failed(pin-locked) token-out',
    ),
    'last-try': signs(),
    'device-error': cannot('it decides at once, by what was read before'),
  },
  lastTry: {
    removed: ends('card-removed', 'nothing-signed', 'token-in consent sign.intent finger-matched sign.failed(token-removed) token-out'),
    swapped: ends('over', 'unsaid', 'token-in consent sign.intent finger-matched sign.failed(token-removed) token-out'),
    'reader-lost': ends(
      'card-removed',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(token-removed) token-out',
    ),
    'module-crash': signs(),
    'module-hang': signs(),
    'wrong-pin': signs(),
    locked: ends(
      'pin-locked',
      'nothing-signed',
      'token-in consent sign.intent finger-matched pin-locked(pin-locked) sign.failed(pin-locked) token-out',
    ),
    'last-try': signs(),
    'device-error': ends(
      'card-reader-lost',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(device-error) token-out',
    ),
  },
  enteringPin: {
    removed: ends('card-removed', 'nothing-signed', 'token-in consent sign.intent finger-matched sign.failed(token-removed) token-out'),
    swapped: ends('over', 'unsaid', 'token-in consent sign.intent finger-matched sign.failed(token-removed) token-out'),
    'reader-lost': ends(
      'card-removed',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(token-removed) token-out',
    ),
    'module-crash': signs(),
    'module-hang': signs(),
    'wrong-pin': signs('token-in consent sign.intent finger-matched pin-wrong(pin-wrong) sign.done token-out'),
    locked: ends(
      'pin-locked',
      'nothing-signed',
      'token-in consent sign.intent finger-matched pin-locked(pin-locked) sign.failed(pin-locked) token-out',
    ),
    'last-try': signs(),
    'device-error': ends(
      'card-reader-lost',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(device-error) token-out',
    ),
  },
  'signing.atToken, PIN on its way': {
    removed: ends('card-removed', 'nothing-signed', 'token-in consent sign.intent finger-matched sign.failed(token-removed) token-out'),
    // The driver may see that the first card is gone before it sees the second.
    swapped: either(
      ends('over', 'unsaid', 'token-in consent sign.intent finger-matched sign.failed(token-changed) token-out'),
      ends('over', 'unsaid', 'token-in consent sign.intent finger-matched sign.failed(token-removed) token-out'),
    ),
    'reader-lost': ends(
      'card-reader-lost',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(reader-lost) token-out',
    ),
    'module-crash': ends(
      'card-reader-lost',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(module-crashed) token-out',
    ),
    'module-hang': ends(
      'card-reader-lost',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(module-timeout) token-out',
    ),
    'wrong-pin': signs('token-in consent sign.intent finger-matched pin-wrong(pin-wrong) sign.done token-out'),
    locked: ends(
      'pin-locked',
      'nothing-signed',
      'token-in consent sign.intent finger-matched pin-locked(pin-locked) sign.failed(pin-locked) token-out',
    ),
    'last-try': signs(),
    'device-error': ends(
      'card-reader-lost',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(device-error) token-out',
    ),
  },
  'signing.atToken, card asked': {
    removed: ends(
      'outcome-unknown',
      'outcome-unknown',
      'token-in consent sign.intent finger-matched sign.outcome-unknown(outcome-unknown) token-out',
    ),
    swapped: ends('over', 'unsaid', 'token-in consent sign.intent finger-matched sign.outcome-unknown(outcome-unknown) token-out'),
    'reader-lost': ends(
      'outcome-unknown',
      'outcome-unknown',
      'token-in consent sign.intent finger-matched sign.outcome-unknown(outcome-unknown) token-out',
    ),
    'module-crash': ends(
      'outcome-unknown',
      'outcome-unknown',
      'token-in consent sign.intent finger-matched sign.outcome-unknown(outcome-unknown) token-out',
    ),
    'module-hang': ends(
      'outcome-unknown',
      'outcome-unknown',
      'token-in consent sign.intent finger-matched sign.outcome-unknown(outcome-unknown) token-out',
    ),
    'wrong-pin': signs(),
    locked: ends('card-reader-lost', 'nothing-signed', 'token-in consent sign.intent finger-matched sign.failed(device-error) token-out'),
    'last-try': ends(
      'card-reader-lost',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(device-error) token-out',
    ),
    'device-error': ends(
      'card-reader-lost',
      'nothing-signed',
      'token-in consent sign.intent finger-matched sign.failed(device-error) token-out',
    ),
  },
  'signing.atPad': {
    removed: cannot('the virtual reader has no PIN pad; pads have stories of their own'),
    swapped: cannot('the virtual reader has no PIN pad; pads have stories of their own'),
    'reader-lost': cannot('the virtual reader has no PIN pad; pads have stories of their own'),
    'module-crash': cannot('the virtual reader has no PIN pad; pads have stories of their own'),
    'module-hang': cannot('the virtual reader has no PIN pad; pads have stories of their own'),
    'wrong-pin': cannot('the virtual reader has no PIN pad; pads have stories of their own'),
    locked: cannot('the virtual reader has no PIN pad; pads have stories of their own'),
    'last-try': cannot('the virtual reader has no PIN pad; pads have stories of their own'),
    'device-error': cannot('the virtual reader has no PIN pad; pads have stories of their own'),
  },
  checking: {
    removed: signs(),
    swapped: ends('over', 'unsaid', 'token-in consent sign.intent finger-matched sign.done token-out'),
    'reader-lost': signs(),
    'module-crash': signs(),
    'module-hang': signs(),
    'wrong-pin': signs(),
    locked: signs(),
    'last-try': signs(),
    'device-error': signs(),
  },
  saving: {
    removed: signs(),
    swapped: ends('over', 'unsaid', 'token-in consent sign.intent finger-matched sign.done token-out'),
    'reader-lost': signs(),
    'module-crash': signs(),
    'module-hang': signs(),
    'wrong-pin': signs(),
    locked: signs(),
    'last-try': signs(),
    'device-error': signs(),
  },
};
