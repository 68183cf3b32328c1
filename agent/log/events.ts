/**
 * The closed catalogue of the operation log: every kind of entry there is, with the fields that it holds in the clear. The names of persons
 * and the titles of documents never stand in any of them. A field that is not in a schema here is refused, never dropped.
 */
import * as z from 'zod';
import { documentRefusals, documentRemarks, problems, type ProblemCode } from '../contract/problems.ts';
import { otherKinds } from '../contract/state.ts';
import { fileOutcomes } from '../contract/verification.ts';
import { depthLimit, type Json, type JsonObject } from './record.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const hex = z.string().regex(/^([0-9a-f]{2})+$/);
const seq = z.int().nonnegative();
const count = z.int().nonnegative();
const word = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);
const name = z.string().min(1).max(200);
const time = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
const assurance = z.enum(['signed-by-reader', 'station-asserted']);
// These lists may grow and never shrink: an entry that holds a code must stay readable.
const problem = z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]);
const refusal = z.enum(documentRefusals);
const remark = z.enum(documentRemarks);

const json = (depth: number): z.ZodType<Json> =>
  depth === 0
    ? z.never()
    : z.union([z.string(), z.int(), z.boolean(), z.array(z.lazy(() => json(depth - 1))), z.lazy(() => jsonObject(depth - 1))]);
const jsonObject = (depth: number): z.ZodType<JsonObject> =>
  z.record(
    z.string().regex(/^[a-z][a-z0-9_]*$/),
    z.lazy(() => json(depth)),
  );
/** The consent's own fields, as `agent/signing` made them; two levels are taken by the body around it. */
const statement = jsonObject(depthLimit - 2);

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
  boot: z.strictObject({ previous: seq.exactOptional() }),
  'clock-changed': z.strictObject({ from: time, to: time }),
  enrol: z.strictObject({
    // The holder's pseudonym, random: what stands as the actor's id in their later entries.
    subject: z.string().regex(/^[0-9a-f]{32}$/),
    certificate_sha256: sha256,
    credential_id: hex,
    public_key: hex,
    aaguid: z.string().regex(/^[0-9a-f]{32}$/),
    sign_count: count,
    assurance,
    attestation_format: z.string().min(1).max(64),
    authenticator_data: hex,
    attestation_statement: hex,
  }),
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
  'finger-matched': z.strictObject({
    consent_sha256: sha256,
    credential_id: hex,
    authenticator_data: hex,
    client_data_hash: sha256,
    signature: hex,
    sign_count: count,
    assurance,
  }),
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
  // A checkpoint that was signed: size, root hash, and SHA-256 of the note.
  seal: z.strictObject({ size: z.int().min(1), root: sha256, checkpoint_sha256: sha256 }),
  // `public_key`: Ed25519, 32 bytes; its name in signed notes is the origin of the log.
  key: z.strictObject({ purpose: z.enum(['log']), action: z.enum(['made']), public_key: sha256, wrapping: z.enum(['passphrase', 'none']) }),
} as const;

export type Op = keyof typeof fieldsOf;
/** The fields of one op. */
export type Fields<O extends Op> = z.infer<(typeof fieldsOf)[O]>;
/** One event of one op, flat: the op, the operation it belongs to, who acted, and the fields of the op. */
export type EventOf<O extends Op> = { readonly op: O; readonly operation?: string; readonly actor: Actor } & OwnFields<O>;
/** An op without fields of its own has none, rather than every name with nothing allowed in it. */
type OwnFields<O extends Op> = string extends keyof Fields<O> ? unknown : Readonly<Fields<O>>;
/** What the log records, as a union told apart by `op`. */
export type LogEvent = { [O in Op]: EventOf<O> }[Op];

/** Ops that the store writes by itself and takes from nobody. */
export const storeOps = ['genesis', 'boot', 'clock-changed'] as const satisfies readonly Op[];
export type StoreOp = (typeof storeOps)[number];
/** What a caller may append. */
export type AppendableEvent = { [O in Exclude<Op, StoreOp>]: EventOf<O> }[Exclude<Op, StoreOp>];

/**
 * Ops that have their name already and may not be appended yet: their schema takes nothing, because what they hold is decided where they
 * are first written.
 */
export const reserved = {
  'network-up': z.never(),
  'staff-login': z.never(),
  receipt: z.never(),
  'export.begin': z.never(),
  'export.done': z.never(),
  import: z.never(),
  supplement: z.never(),
  request: z.never(),
  confirm: z.never(),
  reject: z.never(),
  audit: z.never(),
  erase: z.never(),
  policy: z.never(),
  prune: z.never(),
  restore: z.never(),
} as const;
export type ReservedOp = keyof typeof reserved;

const eventSchemas = new Map<string, z.ZodType>(
  Object.entries(fieldsOf).map(([op, fields]) => [
    op,
    fields.extend({ op: z.literal(op), operation: operationSchema.exactOptional(), actor: actorSchema }),
  ]),
);

/** An event that is not in the catalogue or does not fit its schema; nothing was written. */
export class NotInCatalogue extends Error {
  override readonly name = 'NotInCatalogue';
}

/** Checks an event against the catalogue and returns a copy of it. Throws NotInCatalogue with the fields that do not fit. */
export function parseEvent(event: unknown): LogEvent {
  const op = typeof event === 'object' && event !== null && 'op' in event ? event.op : undefined;
  const schema = typeof op === 'string' ? eventSchemas.get(op) : undefined;
  if (schema === undefined) throw new NotInCatalogue(`no op ${JSON.stringify(op)} that may be appended`);
  const result = schema.safeParse(event);
  if (result.success) return result.data as LogEvent;
  const fields = result.error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`);
  throw new NotInCatalogue(`${String(op)}: ${fields.join('; ')}`, { cause: result.error });
}
