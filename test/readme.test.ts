import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reserved } from '../agent/log/catalogue.ts';
import { meanings } from '../agent/log/meanings.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** First and second cell of every table row that begins with a name in back quotes. */
const rows = [...readme.matchAll(/^\| `([^`]+)` \| (.*?) \|/gm)].map(([, name = '', text = '']) => ({ name, text }));

test("the README's table of entries is the log's own catalogue", () => {
  for (const [op, meaning] of Object.entries(meanings)) {
    if (op in reserved) expect(readme).toContain(`\`${op}\``);
    else expect(rows).toContainEqual({ name: op, text: meaning });
  }
});

test("the README's table of commands is what the program offers", () => {
  const cli = readFileSync(new URL('../agent/cli.ts', import.meta.url), 'utf8');
  const offered = [...cli.matchAll(/^ {2}'?([a-z -]+)'?: \{\s*about:/gm)].map(([, name = '']) => `countersign ${name}`);
  const described = rows.filter(({ name }) => name.startsWith('countersign ')).map(({ name }) => name);
  expect(offered.length).toBeGreaterThan(8);
  expect(described.sort()).toEqual(offered.sort());
});
