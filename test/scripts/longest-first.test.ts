import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { longestFirst, longest } from '../support/run/longest-first.ts';

const root = join(import.meta.dirname, '../..');
const [first = '', second = ''] = longest.map((path) => join(root, path));

test('long files come first, each once, and whatever else there is follows in the order it had', () => {
  expect(longestFirst(root, ['/b', second, '/a', first])).toEqual([first, second, '/b', '/a']);
});

test('a long file that is not asked for is not run', () => {
  expect(longestFirst(root, ['/b', second])).toEqual([second, '/b']);
});

test('every file that is called long is there', () => {
  expect(longest.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
