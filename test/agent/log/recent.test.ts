import { expect, it } from 'vitest';
import { Recent } from '../../../agent/log/verify/recent.ts';

it('what a verifier remembers is pushed out by what comes later, the oldest first', () => {
  const recent = new Recent<string, number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  expect([recent.has('a'), recent.get('b')]).toEqual([true, 2]);
  recent.set('c', 3);
  expect([recent.has('a'), recent.get('b'), recent.get('c')]).toEqual([false, 2, 3]);
  expect([recent.delete('b'), recent.delete('b')]).toEqual([true, false]);
  recent.clear();
  expect(recent.has('c')).toBe(false);
});
