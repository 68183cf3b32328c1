import { expect, it } from 'vitest';
import { type Json, NotCanonical, parseBody, serialise } from '../../agent/log/record.ts';
import { readCanonical, writeAgain } from '../../agent/log/verify/canonical.ts';
import { readVectorFiles } from '../support/log/public-vectors.ts';
import { holds } from '../support/log/second-opinion.ts';

/** The canonical text of a value, or undefined where the log's form does not have it. */
function written(value: unknown): string | undefined {
  try {
    return serialise(value as Json);
  } catch (error) {
    if (error instanceof NotCanonical) return undefined;
    throw error;
  }
}

/** Every key and every value inside a value. */
function inside(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [value];
  return [value, ...Object.entries(value).flatMap(([key, one]) => [...(Array.isArray(value) ? [] : [key]), ...inside(one)])];
}

it('whatever the log takes of the public JSON of RFC 8785 is written as it is there, and the rest is refused, by both implementations', (context) => {
  const outputs = new Map(readVectorFiles(context, 'jcs/output').map(({ name, bytes }) => [name, bytes]));
  const inputs = readVectorFiles(context, 'jcs/input');
  expect(inputs.length).toBeGreaterThan(3);
  for (const { name, bytes } of inputs) {
    const output = outputs.get(name) ?? Buffer.alloc(0);
    for (const form of [bytes, output]) {
      // Keys in capitals, numbers with a point, null: none of them can stand in an entry.
      expect(() => parseBody(form)).toThrow(NotCanonical);
      expect(holds(() => readCanonical(form, 0))).toBe(false);
    }
    const parts = inside(JSON.parse(bytes.toString('utf8')));
    const taken = parts.map(written).filter((text) => text !== undefined);
    expect(taken.length).toBeGreaterThan(0);
    for (const text of taken) {
      expect(output.toString('utf8')).toContain(text);
      const body = Buffer.from(`{"a":${text}}`);
      expect(serialise(parseBody(body))).toBe(body.toString('utf8'));
      expect(writeAgain(readCanonical(body, 0))).toBe(body.toString('utf8'));
    }
    const refused = parts.filter((part) => written(part) === undefined);
    const allowed = (part: unknown) => typeof part === 'string' || typeof part === 'boolean' || Number.isSafeInteger(part);
    expect(refused.filter(allowed)).toEqual([]);
  }
});
