/** The kinds of values that fields of entries have; see `catalogue.ts`. All hex is lower case. */
import * as z from 'zod';
import { documentRefusals, documentRemarks, problems, type ProblemCode } from '../contract/problems.ts';
import { jsonObject } from './json-field.ts';
import { depthLimit } from './record.ts';

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const hex = z.string().regex(/^([0-9a-f]{2})+$/);
export const seq = z.int().nonnegative();
export const count = z.int().nonnegative();
export const word = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);
export const name = z.string().min(1).max(200);
export const time = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
// These lists may grow and never shrink: an entry that holds a code must stay readable.
export const problem = z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]);
export const refusal = z.enum(documentRefusals);
export const remark = z.enum(documentRemarks);

/** The consent's own fields, as `agent/signing` made them; two levels are taken by the body around it. */
export const statement = jsonObject(depthLimit - 2);

/** 32 hex digits, random: the pseudonym of a person, or the id of a data key. */
export const id32 = z.string().regex(/^[0-9a-f]{32}$/);
/** An age recipient: a public X25519 key. */
export const recipient = z.string().regex(/^age1[02-9ac-hj-np-z]{58}$/);
/** Who may read sealed fields; see `sealed-field.ts`. */
export const tier = z.enum(['operations', 'supervision', 'audit']);
/** A file that belongs to an entry, by its hash; its name is personal and sealed. */
export const attachment = z.strictObject({ sha256, size: count });
/**
 * Who stands behind a statement of staff (`statement.ts`): SHA-256 of their certificate, its public key (SPKI, DER) and the signature of their token;
 * ECDSA as DER (RFC 3279 section 2.2.3), as openssl reads it. The certificate itself holds their name and stays out of the log. `seen` is the newest
 * entry when it was signed: it ties the statement to its place, so that it cannot be entered twice, and vouches for all that stands before it.
 */
export const bySigner = {
  seen: z.strictObject({ entry: seq, leaf: sha256 }),
  certificate_sha256: sha256,
  public_key: hex,
  scheme: z.enum(['rsa-pkcs1', 'rsa-pss', 'ecdsa']),
  hash: z.enum(['sha256', 'sha384', 'sha512']),
  signature: hex,
};
/**
 * A random PIN for the fingerprint key of a holder, sealed in the tier `supervision` of this entry before the key had it. `subject`: the pseudonym under
 * which they are enrolled on it; `aaguid`: which model.
 */
export const readerPin = z.strictObject({ subject: id32, certificate_sha256: sha256, aaguid: id32, action: z.enum(['made', 'renewed']) });
const ofHolder = { subject: id32, aaguid: id32 };
/** What was done to a fingerprint key. `finger`: its own id for one. After a `reset` nobody can tell whose it was. */
export const readerChanged = z.union([
  z.strictObject({ action: z.enum(['finger-added', 'finger-renamed', 'finger-removed']), ...ofHolder, finger: hex }),
  z.strictObject({ action: z.literal('unlocked'), ...ofHolder }),
  z.strictObject({ action: z.literal('reset'), aaguid: id32 }),
]);
/** What is asked for and not decided by then has lapsed. */
export const until = time;
