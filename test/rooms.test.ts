/**
 * Holds the rules of the house: who may import whom, who alone touches a native package, how large a file may be, which words must not
 * stand anywhere. Each rule is also shown a small house that breaks it, so that none of them can fall asleep.
 */
import { describe, expect, it } from 'vitest';
import { type Source, importsOf } from './support/rooms/imports.ts';
import { checkRooms } from './support/rooms/rules.ts';
import { readTree, sourcesOf } from './support/rooms/tree.ts';
import { checkWords } from './support/rooms/words.ts';

const tree = readTree();

/** The smallest house in which nothing is wrong. */
const sound: readonly Source[] = [
  { path: 'drivers/token.ts', text: 'export type Token = string;' },
  { path: 'drivers/pkcs11/module.ts', text: "import { PKCS11 } from 'pkcs11js'; import type { Token } from '../token.ts';" },
  { path: 'drivers/fido/hidraw.ts', text: "import HID from 'node-hid';" },
  { path: 'drivers/fprintd/bus.ts', text: "import { createClient } from 'dbus-native';" },
  { path: 'drivers/usb/hotplug.ts', text: "const { usb } = await import('usb');" },
  { path: 'agent/contract/state.ts', text: 'export type State = string;' },
  { path: 'agent/log/database.ts', text: "import sqlite3 from 'sqlite3';" },
  { path: 'agent/log/verify.ts', text: "import { createHash } from 'node:crypto';" },
  { path: 'agent/documents/intake.ts', text: "import type { State } from '../contract/state.ts';" },
  { path: 'agent/people/roles.ts', text: "import '../log/database.ts';" },
  { path: 'agent/signing/view.ts', text: "import { a } from '../people/roles.ts'; import type { Token } from '../../drivers/token.ts';" },
  { path: 'agent/http/server.ts', text: "import type { View } from '../signing/view.ts';" },
  { path: 'agent/main.ts', text: "import { serve } from './http/server.ts'; import pkg from '../package.json' with { type: 'json' };" },
  { path: 'agent/commands/start.ts', text: "import { main } from '../main.ts';" },
  { path: 'agent/cli.ts', text: "import { start } from './commands/start.ts';" },
  { path: 'kiosk/App.svelte', text: `<script lang="ts">import type { State } from '../agent/contract/state.ts';</script><p>x</p>` },
  { path: 'test/a.test.ts', text: "import '../kiosk/App.svelte'; import sqlite3 from 'sqlite3';" },
];

/** What the checker says about the sound house with these files put in, or put in the place of others. */
function findings(...changed: Source[]): string[] {
  const kept = sound.filter(({ path }) => !changed.some((one) => one.path === path));
  return checkRooms([...kept, ...changed]).map(({ rule, path }) => `${rule}: ${path}`);
}

describe('the house as it stands', () => {
  it('has no import against the arrows, no file that is too large, no empty name, no cycle', () => {
    expect(checkRooms(sourcesOf(tree))).toEqual([]);
  });

  it('has no word of unfinished work, no rule switched off, no path of one machine', () => {
    expect(checkWords(tree)).toEqual([]);
  });

  it('is really read: agent, drivers and tests are all there', () => {
    const paths = tree.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['agent/contract/state.ts', 'drivers/errors.ts', 'test/rooms.test.ts', 'package.json']));
  });
});

describe('a sound house', () => {
  it('passes', () => {
    expect(findings()).toEqual([]);
  });
});

describe('an arrow that points up is refused', () => {
  it.each([
    ['a driver that imports the contract', 'drivers/usb/drives.ts', "import type { State } from '../../agent/contract/state.ts';"],
    ['a driver that imports a test', 'drivers/usb/drives.ts', "import '../../test/support/card.ts';"],
    ['a contract that imports a driver', 'agent/contract/api.ts', "import type { Token } from '../../drivers/token.ts';"],
    ['a contract that imports the log', 'agent/contract/api.ts', "export * from '../log/verify.ts';"],
    ['a log that imports documents', 'agent/log/store.ts', "import { read } from '../documents/intake.ts';"],
    ['documents that import the log', 'agent/documents/cms.ts', "import { read } from '../log/database.ts';"],
    ['documents that import a driver', 'agent/documents/cms.ts', "import type { Token } from '../../drivers/token.ts';"],
    ['a log that imports signing', 'agent/log/store.ts', "const later = import('../signing/view.ts');"],
    ['people who import signing', 'agent/people/enrolment.ts', "type View = import('../signing/view.ts').View;"],
    ['people who import records', 'agent/people/enrolment.ts', "import { search } from '../records/search.ts';"],
    ['records that import http', 'agent/records/search.ts', "import { serve } from '../http/server.ts';"],
    ['signing that imports http', 'agent/signing/machine.ts', "import { serve } from '../http/server.ts';"],
    ['http that imports the workbench', 'agent/http/routes.ts', "import { dock } from '../workbench/dock.ts';"],
    ['opening that imports the workbench', 'agent/opening.ts', "import './workbench/dock.ts';"],
    ['a file that stands in no room', 'agent/odds-and-ends.ts', ''],
    ['http that imports main', 'agent/http/routes.ts', "import { main } from '../main.ts';"],
    ['main that imports a command', 'agent/main.ts', "import { start } from './commands/start.ts';"],
    ['a workbench that imports main', 'agent/workbench/dock.ts', "import { main } from '../main.ts';"],
    ['an agent that imports the kiosk', 'agent/http/routes.ts', "import '../../kiosk/App.svelte';"],
    ['an agent that forks a test', 'agent/commands/demo.ts', "const host = new URL('../../test/support/card.ts', import.meta.url);"],
    ['an agent that requires a fixture', 'agent/commands/demo.ts', "const pdf = require('../../fixtures/make.ts');"],
    ['a kiosk that imports a driver', 'kiosk/session.svelte.ts', "import type { Token } from '../drivers/token.ts';"],
    ['a kiosk that imports signing', 'kiosk/session.svelte.ts', "import { view } from '../agent/signing/view.ts';"],
    ['a screen that imports the log', 'kiosk/App.svelte', `<script lang="ts">import { a } from '../agent/log/verify.ts';</script>`],
    ['a screen that imports a test', 'kiosk/App.svelte', `{#await import('../test/support/card.ts')}<p>x</p>{/await}`],
    ['a script that imports the agent', 'scripts/setup.mjs', "import '../agent/main.ts';"],
  ])('%s', (_name, path, text) => {
    expect(findings({ path, text })).toContain(`arrow: ${path}`);
  });

  it.each([
    ['http that runs code of signing', 'agent/http/server.ts', "import { type View, view } from '../signing/view.ts';"],
    ['hardware that always loads the workbench', 'agent/hardware.ts', "import { open } from './workbench/dock.ts';"],
    ['a workbench that runs code of hardware', 'agent/workbench/dock.ts', "import { open } from '../hardware.ts';"],
  ])('%s', (_name, path, text) => {
    expect(findings({ path, text })).toContain(`narrow: ${path}`);
  });

  it('the narrow ways themselves are open', () => {
    expect(findings({ path: 'agent/http/server.ts', text: "import { type View } from '../signing/view.ts';" })).toEqual([]);
    const hardware = { path: 'agent/hardware.ts', text: "const { open } = await import('./workbench/dock.ts');" };
    expect(findings(hardware, { path: 'agent/workbench/dock.ts', text: "import type { Hardware } from '../hardware.ts';" })).toEqual([]);
  });
});

describe('a native package has one home', () => {
  it.each([
    ['sqlite3', 'agent/log/store.ts', "import sqlite3 from 'sqlite3';"],
    ['sqlite3 by a subpath', 'agent/records/search.ts', "import { verbose } from 'sqlite3/lib/sqlite3.js';"],
    ['sqlite3 by require', 'agent/records/search.ts', "const sqlite = createRequire(import.meta.url)('sqlite3');"],
    ['pkcs11js outside its driver', 'agent/signing/actors.ts', "import { PKCS11 } from 'pkcs11js';"],
    ['node-hid outside its file', 'drivers/fido/reader.ts', "const hid = await import('node-hid');"],
    ['usb outside its file', 'drivers/usb/drives.ts', "import { usb } from 'usb';"],
  ])('%s is refused elsewhere', (_name, path, text) => {
    expect(findings({ path, text })).toEqual([`package: ${path}`]);
  });

  it('a second file of the same driver is refused', () => {
    expect(findings({ path: 'drivers/pkcs11/host.ts', text: "import { PKCS11 } from 'pkcs11js';" })).toEqual([
      'package: one file of drivers/pkcs11',
    ]);
  });

  it('a home that does not import it any more is named', () => {
    expect(findings({ path: 'agent/log/database.ts', text: '' })).toEqual(['package: agent/log/database.ts']);
  });

  it('its types may be used beside it', () => {
    expect(findings({ path: 'drivers/pkcs11/reading.ts', text: "import type { PKCS11 } from 'pkcs11js';" })).toEqual([]);
  });
});

describe('the other rules', () => {
  it('the verifier of the log shares no code with the log', () => {
    expect(findings({ path: 'agent/log/verify.ts', text: "import { leaf } from './tree.ts';" })).toEqual(['verifier: agent/log/verify.ts']);
  });

  it.each(['agent/log/utils.ts', 'drivers/helpers/bytes.ts', 'agent/people/index.ts', 'kiosk/parts/common.svelte.ts'])(
    '%s is no name',
    (path) => {
      expect(findings({ path, text: '' })).toEqual([`name: ${path}`]);
    },
  );

  it('a file of 301 lines is too large, one of 300 is not', () => {
    const path = 'agent/signing/machine.ts';
    expect(findings({ path, text: 'a;\n'.repeat(300) })).toEqual([]);
    expect(findings({ path, text: 'a;\n'.repeat(301) })).toEqual([`size: ${path}`]);
  });

  it('two folders that import each other are a cycle, also by way of a third', () => {
    const [a, b, c] = [
      { path: 'drivers/a/one.ts', text: "import type { B } from '../b/one.ts';" },
      { path: 'drivers/b/one.ts', text: "export { c } from '../c/one.ts';" },
      { path: 'drivers/c/two.ts', text: "import '../a/three.ts';" },
    ];
    expect(findings(a, b)).toEqual([]);
    expect(findings(a, b, c)).toEqual(['cycle: drivers/a']);
  });
});

describe('a word that must not stand in the tree is found', () => {
  // In parts, so that this file does not hold the words itself.
  it.each([
    ['a mark of unfinished work', ['// TO', 'DO: later']],
    ['a function that is not there', ["throw new Error('not", " implemented');"]],
    ['a lint rule switched off', ['// eslint', '-disable-next-line no-console']],
    ['a type error waved through', ['// @ts', '-expect-error']],
    ['a test that does not run', ['describe', ".skip('x', () => {});"]],
    ['the home of a developer', ["const path = '", '/home', "/ada/countersign';"]],
    ['the checkout of a machine', ['see ', '/work', '/main']],
  ])('%s', (_name, parts) => {
    const text = parts.join('');
    expect(checkWords([{ path: 'a.md', text: `one line\n${text}` }]).map(({ line }) => line)).toEqual([2]);
  });

  it('ordinary words are left alone', () => {
    expect(checkWords([{ path: 'a.md', text: 'todo lists, /usr/lib, https://example.org/work/main, mktemp -d XXXXXX' }])).toEqual([]);
  });
});

describe('imports are read by a parser', () => {
  it('a comment or a string that looks like an import is none', () => {
    const text = "// import 'a';\nconst b = \"import 'c'\";\nimport 'd';";
    expect(importsOf({ path: 'agent/x.ts', text }).map(({ target }) => target)).toEqual(['d']);
  });
});
