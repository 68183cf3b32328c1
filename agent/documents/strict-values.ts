/** Reads values that came from a process that is not believed blindly: each is what was agreed, closed and bounded, or the whole answer counts for nothing. */
import { printable } from './printable.ts';

/** Gives the value as it was agreed; throws NotAgreed for any other. */
export type Agreed<T> = (value: unknown) => T;

/** Something else came than was agreed. */
export class NotAgreed extends Error {
  override readonly name = 'NotAgreed';
}

function refuse(): never {
  throw new NotAgreed();
}

export const truth: Agreed<boolean> = (value) => (typeof value === 'boolean' ? value : refuse());

/** A whole number, not below zero. */
export const count: Agreed<number> = (value) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : refuse());

/** A finite number, not below zero. */
export const amount: Agreed<number> = (value) => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : refuse());

/** Text, made safe to show, and cut to `longest` characters. */
export function text(longest: number): Agreed<string> {
  return (value) => (typeof value === 'string' ? printable(value, longest) : refuse());
}

/** Text of one form. */
export function form(pattern: RegExp): Agreed<string> {
  return (value) => (typeof value === 'string' && pattern.test(value) ? value : refuse());
}

/** One of the codes; `all` has every one, so that the compiler misses one that is left out. */
export function code<T extends string | number>(all: Readonly<Record<T, true>>): Agreed<T> {
  return (value) => ((typeof value === 'string' || typeof value === 'number') && Object.hasOwn(all, value) ? (value as T) : refuse());
}

/** At most `most` of the same. */
export function list<T>(one: Agreed<T>, most: number): Agreed<readonly T[]> {
  return (value) => (Array.isArray(value) && value.length <= most ? value.map(one) : refuse());
}

type Agreement<T> = { readonly [K in keyof T]-?: Agreed<Exclude<T[K], undefined>> };
type OptionalKey<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** Named values: all of `needed`, some of `allowed`, no other. They stay in the order in which they came. */
export function record<T extends object>(
  needed: Agreement<Omit<T, OptionalKey<T>>>,
  ...[allowed]: OptionalKey<T> extends never ? [] : [allowed: Agreement<Pick<T, OptionalKey<T>>>]
): Agreed<T> {
  const known = new Map<string, Agreed<unknown>>(Object.entries({ ...needed, ...allowed }));
  const all = Object.keys(needed);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse();
    if (!all.every((key) => Object.hasOwn(value, key))) return refuse();
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, (known.get(key) ?? refuse)(one)])) as T;
  };
}

/** Parses JSON that was agreed; undefined for anything else. */
export function parseAgreed<T>(json: string, agreed: Agreed<T>): T | undefined {
  try {
    return agreed(JSON.parse(json));
  } catch (problem) {
    if (problem instanceof NotAgreed || problem instanceof SyntaxError) return undefined;
    throw problem;
  }
}
