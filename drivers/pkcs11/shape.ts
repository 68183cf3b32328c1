/**
 * Checks of the shape of a message: every field known, every field of its type, none too many. Small enough to load in a child that must
 * start within milliseconds.
 */

export type Check<T> = (value: unknown) => value is T;

export const isString: Check<string> = (value) => typeof value === 'string';
export const isBoolean: Check<boolean> = (value) => typeof value === 'boolean';
export const isNumber: Check<number> = (value): value is number => typeof value === 'number' && Number.isFinite(value);
export const isBytes: Check<Uint8Array> = (value) => value instanceof Uint8Array;

/** A value out of a closed list. */
export function oneOf<const T extends string>(...values: readonly T[]): Check<T> {
  return (value): value is T => values.some((known) => known === value);
}

/** A list of at most `max` items. */
export function listOf<T>(check: Check<T>, max = 1024): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.length <= max && value.every((item) => check(item));
}

/** A field that may be missing. */
export interface Optional<T> {
  readonly optional: Check<T>;
}

/** The fields of one message. */
export type Fields = Readonly<Record<string, Check<unknown> | Optional<unknown>>>;

/** True when `value` is a plain object that has exactly the fields of `fields`. */
export function hasFields(value: unknown, fields: Fields): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const entries = new Map<string, unknown>(Object.entries(value));
  for (const [name, field] of Object.entries(fields)) {
    const present = entries.get(name);
    entries.delete(name);
    if (typeof field === 'function') {
      if (!field(present)) return false;
    } else if (present !== undefined && !field.optional(present)) return false;
  }
  return entries.size === 0;
}
