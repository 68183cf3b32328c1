/** What the entries of the operation log mean, in words. */
import type { Op, ReservedOp } from './events.ts';

/** What each op means, for the table in the README and for `log show --help`. */
export const meanings: Readonly<Record<Op | ReservedOp, string>> = {
  genesis: 'the log begins: which station it belongs to, and whether that is a demo station',
  boot: 'the agent started, or (`reopened`) opened its log again after an I/O error; `previous` is the entry with which that was recorded before',
  'clock-changed': 'the wall clock was set, or stands before the last entry',
  'network-up': 'a network came up: the air gap was broken',
  'staff-login': 'a member of staff logged in',
  enrol:
    'a finger was enrolled for a certificate; the attestation is kept as the reader gave it. `station-asserted`: two or more fingers at a reader that signs nothing, whose prints the station keeps',
  'enrol-refused':
    'a finger was not enrolled because of its reader: its maker does not vouch for it, or its model is not allowed here; `problem` says which',
  'reader-pin':
    'a fingerprint key is about to get a random PIN, which is sealed in this entry before the key has it; who may read the tier `supervision` opens the fingers with it',
  'reader-changed':
    'a finger of a fingerprint key was added, renamed or removed, or a key that had locked itself got its tries back, or a key was made as it came from the factory; `finger` is its own id for one',
  'document-in': 'a document was taken in; `remarks` says what the holder was told of it, `kind` what it is when it is no PDF',
  'document-refused': 'a document was refused',
  'document-checked': 'the signatures in a file were judged at the screen; `outcome` is the worst verdict',
  'token-in': 'a token was put in: its serial and the certificates on it',
  'token-out': 'the token was taken out',
  consent: 'the holder consented: the statement and its digest',
  'finger-matched':
    'the reader matched a finger and signed the digest of the consent. `station-asserted`: a reader that signs nothing matched it, and that it did is the word of the station alone',
  vouched: 'instead of a finger, the word of a member of staff was taken for this consent; `vouch` is the entry in which they vouched',
  'finger-refused': 'the finger was not matched, or the answer of the reader was not accepted',
  'pin-wrong':
    'no right PIN: the token said that it was wrong, or it had a wrong length, or none was typed on the reader in time; `problem` says which',
  'pin-locked': 'the token said that its PIN is locked',
  'sign.intent': 'a signature is about to be made: written before any device is asked for anything',
  'sign.done': 'the signature was made and verified; the digest of the signed document, and its `format` when that is no PDF',
  'sign.failed': 'nothing was signed',
  'sign.outcome-unknown': 'the token was asked to sign and nobody can tell whether it did',
  'token-test':
    'somebody at the terminal agreed to a diagnostic signature, over a text that is no document; written before the token is asked',
  'token-tested': 'how the diagnostic signature ended; `test` is the entry in which it began',
  receipt: 'a receipt was made for the holder: a proof of the entry `done`, under a checkpoint of `size` entries',
  seal: 'the log was sealed with a checkpoint, also when nothing happened: its size, its root and the SHA-256 of the note; `minutes` is when the next one is due',
  anchor:
    'the anchor of the log, a file outside of its database: begun, mended, failed, or renewed by staff; `found` says what was found then, `size` and `leaf` what it said',
  'export.begin': 'a bundle was begun',
  'export.done': 'a bundle was read back and found complete',
  import: 'a return bundle of head office was taken in',
  supplement: 'a late record, signed by its author; it counts once a second person has confirmed it, and lapses if nobody has `until` then',
  request: 'a member of staff asked for something that needs a second person, and signed it',
  confirm: 'a second person agreed, and signed it; `entry` is what they agreed to',
  reject: 'a second person refused, and signed it',
  vouch: 'a member of staff vouched for a holder whose finger cannot be used, and signed it; it counts `until` then, once',
  'statement-refused': 'a member of staff, or somebody with a card that is on no list of staff, wanted to enter one of these and could not',
  audit: 'an auditor read sealed fields',
  erase: 'the personal data of a person were made unreadable; `kids` are the ids of the data keys that are gone',
  unseal: 'sealed fields were opened for a member of staff, who is the actor, of which tiers and entries; or they tried, and were refused',
  key: 'a key of the station was made, or that of head office taken, or the keys of tiers were given to a member of staff or taken away; `public_key` is the Ed25519 key that checkpoints of the log are checked with, as 32 bytes in hex, `recipient` whom something is encrypted to',
  policy: 'a rule of the station was changed',
  prune: 'entries that head office has were removed from this station',
  restore: 'the log was carried on after a loss, in a new epoch',
};
