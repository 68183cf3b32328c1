/**
 * The closed catalogue of the operation log: every kind of entry there is, with the fields that it holds in the clear. The names of persons
 * and the titles of documents never stand in any of them. A field that is not in a schema here is refused, never dropped.
 */
import * as z from 'zod';
import { otherKinds } from '../contract/state.ts';
import { fileOutcomes } from '../contract/verification.ts';
import {
  attachment,
  bySigner,
  count,
  hex,
  id32,
  name,
  problem,
  readerChanged,
  readerPin,
  recipient,
  refusal,
  remark,
  seq,
  sha256,
  statement,
  tier,
  time,
  until,
  word,
} from './catalogue-fields.ts';
import { fingerFields } from './finger-fields.ts';

/** How a member of staff knew a holder, and why no finger could be asked for; closed lists, because what is told in words could name somebody. */
export const identifications = ['identity-document', 'known-in-person'] as const;
export const vouchReasons = ['no-readable-finger', 'finger-disabled', 'reader-unusable'] as const;

/** Who acted: a random pseudonym, never a name, and in which role. */
export const roles = ['holder', 'clerk', 'supervisor', 'auditor', 'administrator', 'station'] as const;
export type Role = (typeof roles)[number];
const pseudonym = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
export const actorSchema = z.strictObject({ id: pseudonym, role: z.enum(roles) });
export type Actor = z.infer<typeof actorSchema>;
/** Id of an operation: letters, digits, `-` and `_`, at most 64. */
export const operationSchema = pseudonym;

/** A revocation list that a certificate was looked up in: by its own hash, its issuer's name (SHA-256 of the DER), number (decimal) and date. */
const revocationList = z.strictObject({
  list_sha256: sha256,
  issuer_sha256: sha256,
  number: z
    .string()
    .regex(/^\d{1,49}$/)
    .exactOptional(),
  this_update: time,
  stale: z.literal(true).exactOptional(),
});
export type RevocationListFields = z.infer<typeof revocationList>;

/** The ops that this version appends, each with the fields of its own. All hex is lower case. */
export const fieldsOf = {
  genesis: z.strictObject({ station_name: name, demo: z.boolean() }),
  // `reopened`: the agent went on running, and opened its log again after an I/O error.
  boot: z.strictObject({ previous: seq.exactOptional(), reopened: z.literal(true).exactOptional() }),
  'clock-changed': z.strictObject({ from: time, to: time }),
  ...fingerFields,
  // A reader that nobody may be enrolled on: one that its maker does not vouch for, say.
  'enrol-refused': z.strictObject({
    certificate_sha256: sha256,
    aaguid: id32,
    problem: z.enum([
      'virtual',
      'not-attested',
      'not-attested-by-maker',
      'malformed',
      'bad-signature',
      'wrong-certificate',
      'not-valid-now',
      'unknown-maker',
      'model-not-allowed',
    ]),
  }),
  'reader-pin': readerPin,
  'reader-changed': readerChanged,
  'document-in': z.strictObject({
    document_sha256: sha256,
    size: count,
    pages: count,
    signatures: count,
    // What a person was told of it; absent where there was nothing to tell.
    remarks: z.array(remark).min(1).max(64).exactOptional(),
    // What a file is that is no PDF, and that nobody could read on the screen; absent for a PDF.
    kind: z.enum(otherKinds).exactOptional(),
  }),
  'document-refused': z.strictObject({ refusal, document_sha256: sha256.exactOptional(), size: count.exactOptional() }),
  'document-checked': z.strictObject({
    // Absent where the file could not be read to its end.
    document_sha256: sha256.exactOptional(),
    size: count,
    outcome: z.enum(fileOutcomes),
    signatures: count,
    refusal: refusal.exactOptional(),
  }),
  'token-in': z.strictObject({
    module: z.string().max(200),
    token_serial: z.string().max(64),
    certificates: z.array(sha256).max(64),
    problem: problem.exactOptional(),
    // Absent where nothing was looked up; empty where there was no list to look into.
    revocation_lists: z.array(revocationList).max(64).exactOptional(),
  }),
  'token-out': z.strictObject({}),
  consent: z.strictObject({ statement, consent_sha256: sha256 }),
  // Instead of a finger: the entry in which a member of staff vouched for the holder. `public_key` is that of the holder's certificate (SPKI, DER):
  // it shows that the key of whoever vouched is another one.
  vouched: z.strictObject({ consent_sha256: sha256, vouch: seq, vouch_leaf: sha256, public_key: hex }),
  'finger-refused': z.strictObject({ problem, tries_left: count.exactOptional() }),
  'pin-wrong': z.strictObject({ problem, tries_left: count.exactOptional() }),
  'pin-locked': z.strictObject({ problem }),
  'sign.intent': z.strictObject({
    document_sha256: sha256,
    certificate_sha256: sha256,
    consent_sha256: sha256,
    scheme: word,
    hash: word,
  }),
  'sign.done': z.strictObject({
    intent: seq,
    document_sha256: sha256,
    certificate_sha256: sha256,
    output_sha256: sha256,
    output_size: count,
    signature_sha256: sha256,
    // Absent where the PDF itself was signed.
    format: z.enum(['cades', 'asic-s', 'asic-e']).exactOptional(),
  }),
  'sign.failed': z.strictObject({
    intent: seq.exactOptional(),
    problem,
    origin_kind: word.exactOptional(),
    origin_value: z.string().min(1).max(64).exactOptional(),
  }),
  'sign.outcome-unknown': z.strictObject({ intent: seq, problem }),
  // `text_sha256`: of the diagnostic text that is signed; it says of itself that it is no declaration of will.
  'token-test': z.strictObject({
    module: z.string().max(200),
    token_serial: z.string().max(64),
    certificate_sha256: sha256,
    text_sha256: sha256,
    scheme: word,
    hash: word,
  }),
  'token-tested': z.strictObject({
    test: seq,
    result: z.enum(['signed', 'nothing-signed', 'outcome-unknown']),
    signature_sha256: sha256.exactOptional(),
    problem: problem.exactOptional(),
    tries_left: count.exactOptional(),
  }),
  // What the holder takes away: a proof of the entry `done` under a checkpoint of `size` entries; SHA-256 of its text.
  receipt: z.strictObject({ done: seq, size: z.int().min(1), proof_sha256: sha256 }),
  // A checkpoint that was signed: size, root hash, and SHA-256 of the note.
  // `minutes`: when the next one is due; absent in one that was made by hand, and in logs of before.
  seal: z.strictObject({ size: z.int().min(1), root: sha256, checkpoint_sha256: sha256, minutes: z.int().min(1).exactOptional() }),
  anchor: z.strictObject({
    // `mended`: one of the two slots could not be read, and was written anew. `failed`: it cannot be written, and the station stops.
    action: z.enum(['begun', 'renewed', 'mended', 'failed']),
    // Where staff had it renewed: what was found before, and what it said, where it could be read.
    found: z.enum(['missing', 'damaged', 'other-log', 'changed', 'behind', 'good']).exactOptional(),
    size: z.int().min(1).exactOptional(),
    leaf: sha256.exactOptional(),
    // Where it failed: the code of the operating system, in small letters.
    problem: word.exactOptional(),
  }),
  key: z.union([
    // `public_key`: Ed25519, 32 bytes; its name in signed notes is the origin of the log. `wrapping` says how its private key is kept.
    z.strictObject({
      purpose: z.literal('log'),
      action: z.enum(['made']),
      public_key: sha256,
      wrapping: z.enum(['passphrase', 'none', 'token']),
    }),
    // Whom the station seals the personal fields of a tier to, and whom it encrypts bundles to; the station has no identity for either.
    z.strictObject({
      purpose: z.literal('tier'),
      action: z.enum(['made']),
      tier,
      recipient,
    }),
    z.strictObject({ purpose: z.literal('head-office'), action: z.enum(['taken']), recipient }),
    // For whom the keys of tiers are wrapped, by the hash of each age file; `recipient` is absent where a passphrase opens it.
    z.strictObject({
      purpose: z.literal('staff'),
      action: z.literal('granted'),
      staff: pseudonym,
      role: z.enum(['clerk', 'supervisor', 'auditor']),
      grants: z
        .array(z.strictObject({ tier, wrapped_sha256: sha256 }))
        .min(1)
        .max(3),
      recipient: recipient.exactOptional(),
    }),
    z.strictObject({ purpose: z.literal('staff'), action: z.literal('revoked'), staff: pseudonym }),
  ]),
  // A late record, at the place where it was made and not where it belongs. It counts once another person has confirmed it.
  supplement: z.strictObject({
    kind: word,
    // The entry that it adds to; absent where it is about none. Of a whole operation, `operation` of the entry says it.
    about: seq.exactOptional(),
    // When that happened which it tells, as its author claims.
    occurred: z.strictObject({ from: time, to: time }),
    attachments: z.array(attachment).max(64),
    until,
    ...bySigner,
  }),
  // What a person asks for that needs a second one; `details` says of what, by pseudonyms, numbers and hashes.
  request: z.strictObject({ action: z.literal('erase'), details: z.strictObject({ subject: id32 }), until, ...bySigner }),
  // A second person's word on a `request` or a `supplement`, by its number and leaf.
  confirm: z.strictObject({ entry: seq, entry_leaf: sha256, ...bySigner }),
  reject: z.strictObject({ entry: seq, entry_leaf: sha256, reason: word, ...bySigner }),
  // A member of staff vouches, until then, for the holder of this certificate, who was enrolled under this pseudonym: for one consent, instead of a finger.
  vouch: z.strictObject({
    subject: id32,
    holder_certificate_sha256: sha256,
    identified: z.enum(identifications),
    reason: z.enum(vouchReasons),
    until,
    ...bySigner,
  }),
  // A statement that was not entered: by a card that is on no list, by a person who may not, or because the token did not sign.
  'statement-refused': z.strictObject({
    statement: z.enum(['supplement', 'request', 'confirm', 'reject', 'vouch']),
    // What was to be confirmed or rejected.
    entry: seq.exactOptional(),
    certificate_sha256: sha256,
    reason: z.enum(['not-staff', 'certificate', 'other-person', 'role', 'own-entry', 'own-person', 'token']),
    problem: problem.exactOptional(),
  }),
  // The data keys that were deleted, by id; several entries where one has no room for all.
  erase: z.strictObject({ subject: id32, request: seq, confirm: seq, kids: z.array(id32).max(1500) }),
  // Who reads, is the actor; `used` where a command needed it and showed nothing, `refused` where their keys did not open. Several entries where one has no room for all numbers.
  unseal: z.strictObject({
    how: z.enum(['shown', 'searched', 'used', 'refused']),
    tiers: z.array(tier).min(1).max(3),
    entries: z.array(seq).max(3000),
  }),
  // `size`: entries that the bundle ends before; `from` is the number of its first.
  'export.begin': z.strictObject({ number: z.int().min(1), from: seq, size: z.int().min(1) }),
  // `medium_proven`: false where it was not unmounted and read again from the medium itself.
  'export.done': z.strictObject({ begin: seq, number: z.int().min(1), manifest_sha256: sha256, medium_proven: z.boolean() }),
  // The head of the epoch before, as the last bundle of it has it, and the key that signed it, which is never used again.
  restore: z.strictObject({
    origin: z.string().min(1).max(200),
    size: z.int().min(1),
    root: sha256,
    manifest_sha256: sha256,
    public_key: sha256,
  }),
} as const;

/**
 * Ops that have their name already and may not be appended yet: their schema takes nothing, because what they hold is decided where they
 * are first written.
 */
export const reserved = {
  'network-up': z.never(),
  'staff-login': z.never(),
  import: z.never(),
  audit: z.never(),
  policy: z.never(),
  prune: z.never(),
} as const;
