/** The processes that the agent of a test starts are those of this checkout: the build where it was made from the sources as they stand, else the sources. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HostProcess } from '../../drivers/pkcs11/child.ts';
import { digestOfSources, filesBelow, writeBuildStamp } from '../../scripts/setup/built.mjs';
import { buildIsCurrent, childrenFromBuild, startsProcess } from '../support/run/children-from-build.ts';

const checkout = join(import.meta.dirname, '../..');
const runOnce = ['node', 'vitest', 'run'];

describe('the build stands for the sources', () => {
  let root: string;
  const source = () => join(root, 'drivers/secret.ts');
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'build-'));
    for (const folder of ['drivers', 'dist']) mkdirSync(join(root, folder));
    writeFileSync(source(), 'export const one = 1;');
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test('not before there is one', () => {
    expect(buildIsCurrent(root, runOnce)).toBe(false);
  });

  test('when it was made from them', () => {
    writeBuildStamp(root, digestOfSources(root));
    expect(buildIsCurrent(root, runOnce)).toBe(true);
  });

  test('not in a run that goes on while they are changed', () => {
    expect(buildIsCurrent(root, ['node', 'vitest'])).toBe(false);
    expect(buildIsCurrent(root, ['node', 'vitest', 'watch'])).toBe(false);
  });

  test('not after one of them was changed, and again when it is as it was', () => {
    writeFileSync(source(), 'export const one = 2;');
    expect(buildIsCurrent(root, runOnce)).toBe(false);
    writeFileSync(source(), 'export const one = 1;');
    expect(buildIsCurrent(root, runOnce)).toBe(true);
  });
});

describe('a module that starts a process of ours', () => {
  const { transform } = childrenFromBuild(checkout) as { transform: (code: string, id: string) => { code: string } | undefined };
  const starting = ['agent', 'drivers']
    .flatMap((folder) => filesBelow(checkout, folder))
    .filter((path) => startsProcess(path, readFileSync(join(checkout, path), 'utf8')));

  test('is found among the sources: for the modules of vendors, and for documents', () => {
    const rooms = new Set(starting.map((path) => path.split('/').slice(0, 2).join('/')));
    expect([...rooms]).toEqual(['agent/documents', 'drivers/pkcs11']);
  });

  test.each(starting)('%s finds its process in the build', (path) => {
    const changed = transform(readFileSync(join(checkout, path), 'utf8'), join(checkout, path))?.code;
    expect(changed).toContain(`/dist/${path.replace('.ts', '.js')}"`);
    expect(changed).not.toContain('import.meta.url');
  });

  test('and does not ask where it lies is refused: its process would be another than we think', () => {
    expect(() => transform('process.execArgv', join(checkout, 'drivers/pkcs11/child.ts'))).toThrow('does not ask where it lies');
  });

  test('every other module stays as it is', () => {
    expect(transform('import.meta.url', join(checkout, 'drivers/pkcs11/host.ts'))).toBeUndefined();
    expect(transform('import.meta.url; process.execArgv', join(checkout, 'test/drivers/pkcs11/host.test.ts'))).toBeUndefined();
  });
});

test('the process that a test starts is the one of the build, where that is current, or runs from sources', async () => {
  const host = new HostProcess({});
  const fromSources = process.execArgv.includes('tsx');
  try {
    // A process that was started a moment ago may have no command line yet.
    const command = () => readFileSync(`/proc/${host.pid}/cmdline`, 'utf8').split('\0');
    await expect.poll(command).toContain(join(checkout, fromSources ? 'drivers/pkcs11/host.ts' : 'dist/drivers/pkcs11/host.js'));
  } finally {
    host.retired = true;
    host.kill();
    await host.ended;
  }
});
