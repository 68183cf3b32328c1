/** Nothing that signs can reach the PIN of a key: held over the imports of the whole house, and shown on a small house that breaks it. */
import { describe, expect, test } from 'vitest';
import { importsOf, type Source } from '../../support/rooms/imports.ts';
import { readTree, sourcesOf } from '../../support/rooms/tree.ts';

/** What only an enrolment officer may reach. */
const officers = ['device-pin', 'bio-enrolment', 'finger-session', 'random-pin', 'factory-reset', 'enrolment'].map(
  (name) => `drivers/fido/${name}.ts`,
);
/** Where signatures come from: the readers as the station opens them, the machine that asks them, the door that people come through, the wiring of both. */
const signing = /^(?:drivers\/fido\/(?:reader|source|user-verification)\.ts|agent\/(?:signing|http)\/.*|agent\/(?:main|hardware)\.ts)$/;

/** The ways by which a file that `from` matches reaches one of `targets`, at once or by way of others, types included. */
function waysTo(sources: readonly Source[], from: RegExp, targets: readonly string[]): string[] {
  const arrows = new Map(sources.map((source) => [source.path, importsOf(source).flatMap((one) => (one.ours ? [one.target] : []))]));
  const found: string[] = [];
  const seen = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    if (targets.includes(path)) found.push([...way, path].join(' -> '));
    if (seen.has(path)) return;
    seen.add(path);
    for (const next of arrows.get(path) ?? []) walk(next, [...way, path]);
  };
  for (const path of arrows.keys()) if (from.test(path)) walk(path, []);
  return found;
}

const house = sourcesOf(readTree()).filter(({ path }) => /^(?:agent|drivers)\//.test(path));

describe('the PIN of a key', () => {
  test('cannot be reached by anything that signs', () => {
    expect(waysTo(house, signing, officers)).toEqual([]);
  });

  test('is where this test looks for it, and so is what signs', () => {
    const paths = house.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining([...officers, 'drivers/fido/reader.ts', 'agent/main.ts', 'agent/hardware.ts']));
    expect(paths.filter((path) => path.startsWith('agent/signing/') && signing.test(path)).length).toBeGreaterThan(5);
    expect(waysTo(house, /^drivers\/fido\/enrolment\.ts$/, ['drivers/fido/device-pin.ts'])).not.toEqual([]);
  });

  test('is named in no other way: the subcommands that carry a PIN stand in one file of the driver', () => {
    const carrying = /\b(?:setPin|changePin|getPinToken|getTokenUsingPin)\b\s*[:=]\s*(?:0x0?)?[3459]\b/;
    const found = house.filter(({ path, text }) => path.startsWith('drivers/fido/') && carrying.test(text)).map(({ path }) => path);
    expect(found).toEqual(['drivers/fido/device-pin.ts']);
  });

  test.each([
    ['a reader that imports it', 'drivers/fido/reader.ts', "import { tokenByPin } from './device-pin.ts';"],
    ['a reader that loads it later', 'drivers/fido/reader.ts', "const { tokenByPin } = await import('./device-pin.ts');"],
    ['a reader that reaches it by another file', 'drivers/fido/reader.ts', "import './enrolment.ts';"],
    ['signing that imports it', 'agent/signing/actors.ts', "import type { FingerToken } from '../../drivers/fido/device-pin.ts';"],
  ])('%s is found', (_, path, text) => {
    const small: Source[] = [
      { path: 'drivers/fido/device-pin.ts', text: '' },
      { path: 'drivers/fido/enrolment.ts', text: "export * from './device-pin.ts';" },
    ];
    expect(waysTo([...small, { path, text: '' }], signing, officers)).toEqual([]);
    expect(waysTo([...small, { path, text }], signing, officers)).not.toEqual([]);
  });
});
