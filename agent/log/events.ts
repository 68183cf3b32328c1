/** Events: what may be appended, told apart by its op (`catalogue.ts`), and the check of it. */
import * as z from 'zod';
import { type Actor, actorSchema, fieldsOf, operationSchema, type reserved } from './catalogue.ts';

export type Op = keyof typeof fieldsOf;
/** The fields of one op. */
export type Fields<O extends Op> = z.infer<(typeof fieldsOf)[O]>;
/** What the log says of the key that its checkpoints are signed with. */
export type LogKeyFields = Extract<Fields<'key'>, { readonly purpose: 'log' }>;
/** One event of one op, flat: the op, the operation it belongs to, who acted, and the fields of the op. */
export type EventOf<O extends Op> = { readonly op: O; readonly operation?: string; readonly actor: Actor } & OwnFields<O>;
/** An op without fields of its own has none, rather than every name with nothing allowed in it. */
type OwnFields<O extends Op> = string extends keyof Fields<O> ? unknown : Readonly<Fields<O>>;
/** What the log records, as a union told apart by `op`. */
export type LogEvent = { [O in Op]: EventOf<O> }[Op];

/** Ops that the store writes by itself and takes from nobody. */
export const storeOps = ['genesis', 'boot', 'clock-changed', 'anchor'] as const satisfies readonly Op[];
export type StoreOp = (typeof storeOps)[number];
/** What a caller may append. */
export type AppendableEvent = { [O in Exclude<Op, StoreOp>]: EventOf<O> }[Exclude<Op, StoreOp>];

export type ReservedOp = keyof typeof reserved;

const eventSchemas = new Map<string, z.ZodType>(
  Object.entries(fieldsOf).map(([op, fields]) => {
    const common = { op: z.literal(op), operation: operationSchema.exactOptional(), actor: actorSchema };
    return [op, fields instanceof z.ZodUnion ? z.union(fields.options.map((one) => one.extend(common))) : fields.extend(common)];
  }),
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
