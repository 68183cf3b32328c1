/**
 * The patches of this project, on a checkout of their own: the published sources of pkcs11js, the real patch and the real patch-package, and an
 * npm that only notes what it was asked to compile.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = 'node_modules/pkcs11js/src/pkcs11.cpp';

let folder: string;
const at = (...path: readonly string[]): string => join(folder, ...path);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'patches-'));
  cpSync(join(root, 'scripts'), at('scripts'), { recursive: true });
  cpSync(join(root, 'patches'), at('patches'), { recursive: true });
  mkdirSync(at('node_modules/pkcs11js/src'), { recursive: true });
  mkdirSync(at('bin'));
  writeFileSync(at('package.json'), '{ "name": "small", "version": "1.0.0" }');
  for (const file of ['package.json', 'src/pkcs11.cpp'])
    cpSync(join(root, 'node_modules/pkcs11js', file), at('node_modules/pkcs11js', file));
  symlinkSync(join(root, 'node_modules/patch-package'), at('node_modules/patch-package'));
  writeFileSync(at('bin/npm'), `#!/bin/sh\necho "$@" >> ${at('npm.log')}\n`, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function patch(): { readonly code: number | null; readonly err: string; readonly compiled: readonly string[] } {
  const env = { PATH: `${at('bin')}:/bin` };
  const ran = spawnSync(process.execPath, [at('scripts/patch.mjs')], { cwd: folder, encoding: 'utf8', env });
  const log = existsSync(at('npm.log')) ? readFileSync(at('npm.log'), 'utf8').trim().split('\n') : [];
  return { code: ran.status, err: ran.stderr, compiled: log };
}

const compiledOnce = ['rebuild pkcs11js --ignore-scripts=false --foreground-scripts'];
const change = (file: string, from: string, to: string): void => {
  const text = readFileSync(at(file), 'utf8');
  if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
  writeFileSync(at(file), text.replace(from, to));
};

it('are applied and the addon is compiled, once', () => {
  expect(patch()).toEqual({ code: 0, err: '', compiled: compiledOnce });
  const patched = readFileSync(at(source), 'utf8');
  expect(patched).toContain('C_Login(sessionHandle, (CK_USER_TYPE)userType, nullptr, 0)');
  expect(patch()).toEqual({ code: 0, err: '', compiled: compiledOnce });
  expect(readFileSync(at(source), 'utf8')).toBe(patched);
});

it('are not applied twice to sources whose addon somebody else compiled anew', () => {
  patch();
  const patched = readFileSync(at(source), 'utf8');
  rmSync(at('node_modules/pkcs11js/build'), { recursive: true });
  expect(patch()).toEqual({ code: 0, err: '', compiled: [...compiledOnce, ...compiledOnce] });
  expect(readFileSync(at(source), 'utf8')).toBe(patched);
});

it('refuse another version of the package, and touch nothing', () => {
  change('node_modules/pkcs11js/package.json', '"version": "2.1.7"', '"version": "2.1.8"');
  const before = readFileSync(at(source), 'utf8');
  const { code, err, compiled } = patch();
  expect(err).toMatch(/^patch: patches\/pkcs11js\+2\.1\.7\.patch was made for pkcs11js 2\.1\.7, but 2\.1\.8 is installed\./);
  expect({ code, compiled }).toEqual({ code: 1, compiled: [] });
  expect(readFileSync(at(source), 'utf8')).toBe(before);
});

it('that do not fit the sources say so in one sentence', () => {
  const text = readFileSync(at(source), 'utf8').replaceAll('GET_ARGS_ULONG(1, userType)', 'GET_ARGS_ULONG(1, kind)');
  writeFileSync(at(source), text);
  const { code, err, compiled } = patch();
  expect(err).toMatch(/^patch: patches\/pkcs11js\+2\.1\.7\.patch does not fit the sources in node_modules\/pkcs11js/);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect({ code, compiled }).toEqual({ code: 1, compiled: [] });
});

it('say what is missing when the addon cannot be compiled, and leave it unmarked', () => {
  writeFileSync(at('bin/npm'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const { code, err } = patch();
  expect(err).toMatch(/^patch: pkcs11js could not be compiled with its patch \(needs g\+\+/);
  expect(code).toBe(1);
  writeFileSync(at('bin/npm'), `#!/bin/sh\necho "$@" >> ${at('npm.log')}\n`, { mode: 0o755 });
  expect(patch()).toEqual({ code: 0, err: '', compiled: compiledOnce });
});

it('need the development packages, and say so', () => {
  rmSync(at('node_modules/patch-package'));
  expect(patch()).toMatchObject({ code: 1, err: expect.stringContaining('patch-package is not installed') as unknown });
});
