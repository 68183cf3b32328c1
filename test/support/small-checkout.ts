/** A small checkout for the tests of the set-up: the real scripts, hardly any sources, and a PATH that holds nothing but what a test puts there. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const scripts = fileURLToPath(new URL('../../scripts', import.meta.url));
/** The binaries of the addons that are compiled, below node_modules. */
export const addons = ['pkcs11js/build/Release/pkcs11.node', 'sqlite3/build/Release/node_sqlite3.node'] as const;
const root = process.getuid?.() === 0;

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class SmallCheckout {
  readonly folder = mkdtempSync(join(tmpdir(), 'setup-'));
  readonly path = join(this.folder, 'checkout');
  /** The only folder in PATH. */
  readonly bin = join(this.folder, 'bin');

  constructor() {
    chmodSync(this.folder, 0o755);
    cpSync(scripts, join(this.path, 'scripts'), { recursive: true });
    this.put('checkout/package.json', '{ "engines": { "node": ">=20.19.0" } }');
    this.put('checkout/package-lock.json', '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0", "integrity": "sha512-a" } } }');
    this.put('checkout/agent/cli.ts', 'export const a = 1;\n');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  put(path: string, text: string, mode = 0o644): void {
    const full = join(this.folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, { mode });
  }

  /** Puts a command into PATH, as a shell script. */
  command(name: string, ...lines: string[]): void {
    this.put(`bin/${name}`, ['#!/bin/sh', ...lines, ''].join('\n'), 0o755);
  }

  /** A dpkg-query that knows every package that the set-up speaks of, but those named. */
  dpkgKnowsAllBut(...absent: string[]): void {
    this.dpkgKnows(everyPackage().filter((name) => !absent.includes(name)));
  }

  dpkgKnows(names: readonly string[]): void {
    const known = names.join(' ');
    this.command('dpkg-query', `for name in "$@"; do case " ${known} " in *" $name "*) echo "$name installed" ;; esac; done`, 'exit 1');
  }

  /** node_modules as npm and the compiler leave it; `version` is that of its one package. */
  npmPackages(version = '1.0.0'): void {
    this.put(
      'checkout/node_modules/.package-lock.json',
      `{ "packages": { "node_modules/a": { "version": "${version}", "integrity": "sha512-a" } } }`,
    );
    this.put('checkout/node_modules/a/package.json', '{}');
    for (const addon of addons) this.put(`checkout/node_modules/${addon}`, '');
  }

  /** Makes the stamps that the set-up leaves behind, by its own code. */
  markReady(): void {
    const script = `
      import { digestOfSources, writeBuildStamp } from './scripts/setup/built.mjs';
      import { writeModulesStamp } from './scripts/setup/modules.mjs';
      import { mkdirSync } from 'node:fs';
      mkdirSync('dist', { recursive: true });
      writeModulesStamp(process.cwd());
      writeBuildStamp(process.cwd(), digestOfSources(process.cwd()));`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: this.path, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(ran.stderr);
  }

  everythingIsThere(): void {
    this.dpkgKnowsAllBut();
    this.npmPackages();
    this.markReady();
  }

  /** Runs the set-up as root, or as nobody in particular. */
  setup(args: readonly string[], { asRoot = true } = {}): Run {
    const command = [process.execPath, join(this.path, 'scripts/setup.mjs'), ...args];
    // Where the tests do not run as root, a user namespace makes the set-up believe it.
    const [program = '', ...rest] = asRoot && !root ? ['/usr/bin/unshare', '-r', ...command] : command;
    const identity = !asRoot && root ? { uid: 65534, gid: 65534 } : {};
    const ran = spawnSync(program, rest, { cwd: this.path, encoding: 'utf8', env: { PATH: this.bin }, ...identity });
    return { code: ran.status, out: ran.stdout, err: ran.stderr };
  }

  dryRun(...more: string[]): Run {
    return this.setup(['--dry-run', ...more]);
  }
}

/** Every package that the set-up speaks of, read from its own table. */
function everyPackage(): string[] {
  const table = readFileSync(join(scripts, 'setup/debian.mjs'), 'utf8');
  return [...table.matchAll(/name: '([^']+)',\s+purpose:/g)].map((match) => match[1] ?? '');
}
