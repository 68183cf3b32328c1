/** The page that tells a buyer which cards work: its tables are the driver's own data, and what it names is there. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configName, knownModules, knownModuleSchema } from '../../../drivers/pkcs11/known-modules.ts';
import { parseConfig } from '../../../agent/config.ts';
import { newConfig } from '../../../agent/station.ts';

const page = readFileSync(new URL('../../../drivers/pkcs11/README.md', import.meta.url), 'utf8');

/** The rows of the table whose head begins with this cell. */
function rowsUnder(head: string): readonly string[] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  const rest = lines.slice(start + 2);
  return start < 0
    ? []
    : rest.slice(
        0,
        rest.findIndex((line) => !line.startsWith('|')),
      );
}

it('the modules on the page are the modules that are known, with what they were tested', () => {
  const expected = knownModules.map(({ name, file, cards, tested }) => `| ${name} | \`${file}\` | ${cards} | ${tested} |`);
  expect(rowsUnder('module')).toEqual(expected);
});

it('the fields on the page are the fields of the schema, each with its sentence', () => {
  const expected = Object.entries(knownModuleSchema.shape).map(([name, field]) => `| \`${name}\` | ${field.description ?? 'nothing'} |`);
  expect(rowsUnder('field')).toEqual(expected);
});

it('no field is described by nothing, and no two modules share a file or a name for the configuration', () => {
  expect(Object.values(knownModuleSchema.shape).every(({ description }) => description !== undefined)).toBe(true);
  expect(new Set(knownModules.map(({ file }) => file)).size).toBe(knownModules.length);
  const names = knownModules.map(configName);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['opensc', 'softhsm2', 'ykcs11', 'idprime']));
  const modules = names.slice(0, 8).map((name) => ({ name, path: '/usr/lib/some.so' }));
  for (const some of [modules, names.slice(8, 16), names.slice(16)].map((group) =>
    group.map((one) => (typeof one === 'string' ? { name: one, path: '/usr/lib/some.so' } : one)),
  ))
    expect(newConfig({ name: 'a.example.org', rpId: 'example.org', port: 0, modules: some, demo: false }).modules).toHaveLength(
      some.length,
    );
});

it('the lines of configuration on the page are ones that a station takes', () => {
  const [, lines = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
  const modules = (JSON.parse(`{${lines}}`) as { modules: { name: string; path: string }[] }).modules;
  const config = newConfig({ name: 'a.example.org', rpId: 'example.org', port: 0, modules: [], demo: false });
  expect(parseConfig(JSON.stringify({ ...config, modules }), 'station.json').modules).toEqual(modules);
});

it('every test that the page names is there', () => {
  const named = [...page.matchAll(/`((?:test|drivers)\/[\w./-]+\.(?:test\.)?(?:ts|json|md))`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(6);
  for (const path of named) expect([path, existsSync(new URL(`../../../${path}`, import.meta.url))]).toEqual([path, true]);
});
