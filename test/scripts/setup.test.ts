/**
 * The decisions of the set-up, by `--dry-run` on a small checkout of its own: what it finds missing, what it would do, and what it asks a
 * person to type. Which packages are there is answered by a small dpkg-query that the test writes.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SmallCheckout, addons } from '../support/small-checkout.ts';

let small: SmallCheckout;
beforeEach(() => {
  small = new SmallCheckout();
});
afterEach(() => {
  small.remove();
});

describe('a clean checkout', () => {
  it('gets Debian packages, npm packages, addons and the build, in this order', () => {
    small.dpkgKnows([]);
    small.command('apt-get', 'exit 1');
    const { code, out, err } = small.dryRun('--tests');
    expect(out.match(/would do: (?:Debian packages|npm packages|compile|load|build)/g)).toEqual([
      'would do: Debian packages',
      'would do: npm packages',
      'would do: compile',
      'would do: load',
      'would do: build',
    ]);
    expect(out).toMatch(/Debian packages: g\+\+ make python3 gcc .*softhsm2/);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('needs nothing of the tests when only the station is wanted', () => {
    small.dpkgKnows([]);
    small.command('apt-get', 'exit 1');
    expect(small.dryRun().out).not.toMatch(/softhsm2|chromium/);
  });

  it('gets the machine and the kernel of the hardware test when that is wanted, and only then', () => {
    small.dpkgKnows([]);
    small.command('apt-get', 'exit 1');
    expect(small.dryRun('--tests').out).not.toMatch(/qemu|kernel of the hardware test/);
    expect(small.dryRun('--hardware').out).toMatch(/Debian packages: .*qemu-system-x86 .*\n[^]*would do: kernel of the hardware test/);
  });

  it('tells a user without root which command to type', () => {
    small.dpkgKnowsAllBut('make', 'opensc');
    small.command('apt-get', 'exit 1');
    const { code, err } = small.setup(['--dry-run'], { asRoot: false });
    expect(err).toContain('sudo apt-get update && sudo apt-get install -y --no-install-recommends make opensc\n');
    expect(code).toBe(1);
  });

  it('on a system without apt lists what is needed and why', () => {
    const { code, out, err } = small.dryRun();
    expect(out).toMatch(/opensc: reads cards/);
    expect(err).toMatch(/no apt on this system: Countersign is made for Debian 12/);
    expect(code).toBe(1);
  });
});

describe('a checkout that is ready', () => {
  beforeEach(() => {
    small.everythingIsThere();
  });

  it('is left alone', () => {
    expect(small.dryRun('--tests')).toEqual({ code: 0, out: 'setup: everything is in place.\n', err: '' });
  });

  it('is passed over without a word by --quiet, also in earnest', () => {
    expect(small.setup(['--tests', '--quiet'])).toEqual({ code: 0, out: '', err: '' });
  });

  it('has no kernel for the hardware test until its package lies in the cache', () => {
    expect(small.dryRun('--hardware').out).toMatch(/^setup: would do: kernel of the hardware test: .*\n$/);
    small.put('checkout/.cache/hardware/linux-image-6.1.0-1-amd64_6.1.1-1_amd64.deb', '');
    expect(small.dryRun('--hardware').out).toBe('setup: everything is in place.\n');
  });

  it('is built again after a source changed, and nothing else is done', () => {
    small.put('checkout/agent/cli.ts', 'export const a = 2;\n');
    expect(small.dryRun().out).toBe('setup: would do: build: dist is missing, or older than the sources\n');
  });

  it('is built again after a source was taken away', () => {
    small.put('checkout/agent/extra.ts', '');
    small.markReady();
    rmSync(join(small.path, 'agent/extra.ts'));
    expect(small.dryRun().out).toMatch(/^setup: would do: build/);
  });

  it('gets its npm packages anew when package-lock.json asks for others', () => {
    small.put(
      'checkout/package-lock.json',
      '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.1", "integrity": "sha512-b" } } }',
    );
    expect(small.dryRun().out).toMatch(/would do: npm packages/);
  });

  it('gets its npm packages anew when they were made for another Node', () => {
    const stamp = join(small.path, 'node_modules/.countersign-setup');
    writeFileSync(stamp, readFileSync(stamp, 'utf8').replace(/abi-\d+/, 'abi-1'));
    expect(small.dryRun().out).toMatch(/would do: npm packages/);
  });

  it('whose addon is gone needs the compiler, and that one addon', () => {
    rmSync(join(small.path, 'node_modules', addons[1]));
    small.dpkgKnowsAllBut('g++');
    small.command('apt-get', 'exit 1');
    const { out } = small.dryRun();
    expect(out).toMatch(/Debian packages: g\+\+\n[^]*compile the addons sqlite3 \(/);
    expect(out).not.toMatch(/npm packages/);
  });

  it('whose addon was compiled without its patch gets that one compiled, and no packages', () => {
    small.put('checkout/patches/pkcs11js+2.1.7.patch', 'a change');
    const { out } = small.dryRun();
    expect(out).toMatch(/would do: compile the addons pkcs11js \(/);
    expect(out).not.toMatch(/npm packages|sqlite3/);
  });

  it('with a program that did not come from a package needs no package for it', () => {
    small.dpkgKnowsAllBut('qpdf');
    expect(small.dryRun('--tests').out).toMatch(/Debian packages: qpdf\n/);
    small.command('qpdf');
    expect(small.dryRun('--tests').out).toBe('setup: everything is in place.\n');
  });
});

describe('npm packages that somebody else installed', () => {
  it('are taken as they are, once every addon has loaded', () => {
    small.everythingIsThere();
    rmSync(join(small.path, 'node_modules/.countersign-setup'));
    expect(small.dryRun().out).toBe('setup: would do: load each native addon once\n');
  });

  it('are replaced when one has another version', () => {
    small.everythingIsThere();
    small.npmPackages('0.9.0');
    rmSync(join(small.path, 'node_modules/.countersign-setup'));
    expect(small.dryRun().out).toMatch(/would do: npm packages/);
  });

  it('that do not load are named, each with the way to mend it', () => {
    small.everythingIsThere();
    small.dpkgKnowsAllBut('g++');
    rmSync(join(small.path, 'node_modules/.countersign-setup'));
    const { code, err } = small.setup([]);
    expect(err).toMatch(/pkcs11js does not load: .*\n.*npm rebuild pkcs11js[^]*usb does not load: .*\n.*libusb-1\.0-0-dev/);
    expect(code).toBe(1);
    expect(existsSync(join(small.path, 'node_modules/.countersign-setup'))).toBe(false);
  });
});

describe('a step that fails', () => {
  it('shows the end of what it printed, names the log, and leaves no stamp', () => {
    small.dpkgKnowsAllBut();
    small.command('npm', 'echo "the registry is out of reach"', 'exit 7');
    const { code, out, err } = small.setup([]);
    expect(out).toContain('setup: installing npm packages ...\n');
    expect(err).toMatch(
      /installing npm packages: .* ended with 7 after \d+ s\.\n {2}\| the registry is out of reach\nThe whole output: .*setup\.log/,
    );
    expect(readFileSync(join(small.path, '.cache/setup.log'), 'utf8')).toContain('the registry is out of reach');
    expect(code).toBe(1);
    expect(existsSync(join(small.path, '.cache/setup.lock'))).toBe(false);
  });

  it('of apt is tried once more with fresh package lists, and asks nothing', () => {
    small.npmPackages();
    small.markReady();
    small.dpkgKnowsAllBut('qpdf');
    const log = join(small.folder, 'apt.log');
    small.command(
      'apt-get',
      `echo "$DEBIAN_FRONTEND $*" >> ${log}`,
      `if read -r line; then echo asked >> ${log}; fi`,
      'case "$*" in *update) exit 0 ;; esac',
      'exit 100',
    );
    const { code, err } = small.setup(['--tests']);
    const calls = readFileSync(log, 'utf8').trim().split('\n');
    expect(calls.at(-1)).toMatch(/^noninteractive -q -y --no-install-recommends .* install qpdf$/);
    expect(calls).toContain('noninteractive -q update');
    expect(calls).not.toContain('asked');
    expect(err).toMatch(/installing qpdf: .* ended with 100/);
    expect(code).toBe(1);
  });
});

describe('the command line', () => {
  it('explains itself', () => {
    expect(small.setup(['--help'])).toMatchObject({ code: 0, err: '' });
    expect(small.setup(['--help']).out).toMatch(/^Usage: node scripts\/setup\.mjs/);
  });

  it('refuses what it does not know, and does nothing', () => {
    const { code, err } = small.setup(['--test']);
    expect(err).toMatch(/"--test" is not known/);
    expect(code).toBe(2);
  });

  it('says which Node is needed when this one is too old', () => {
    small.put('checkout/package.json', '{ "engines": { "node": ">=99.1.0" } }');
    const { code, err } = small.dryRun();
    expect(err).toMatch(/^setup: Node 99\.1 or newer is needed; this is v\d+/);
    expect(code).toBe(1);
  });
});
