/**
 * The node_modules folder: whether it is what package-lock.json asks for, how it is made so, and whether the four native addons load.
 *
 * No install script runs but those of `compiled`, and these two are always compiled from the sources that package-lock.json pins: nothing
 * is fetched from anywhere but the package registry. node-hid and usb carry their binaries inside their pinned packages.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The addons that are compiled on this machine, and what comes out. */
export const compiled = { pkcs11js: 'build/Release/pkcs11.node', sqlite3: 'build/Release/node_sqlite3.node' };

/** What each addon is asked to prove that it loads. */
const proofs = {
  pkcs11js: "new (require('pkcs11js').PKCS11)()",
  sqlite3: "new (require('sqlite3').Database)(':memory:').get('select sqlite_version()', (error) => { if (error) throw error })",
  'node-hid': "require('node-hid').devices()",
  usb: "require('usb').getDeviceList()",
};

const stampOf = (root) => join(root, 'node_modules/.countersign-setup');

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Names the packages asked for and the Node that the addons were made with. */
export function wantedStamp(root) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lock} abi-${process.versions.modules} ${process.platform}-${process.arch}\n`;
}

/** The compiled addons whose binary is not there. */
export function missingAddons(root) {
  return Object.keys(compiled).filter((name) => !existsSync(join(root, 'node_modules', name, compiled[name])));
}

/** 'ready': nothing to do. 'unproven': every package is there, but not by our hand. 'install': missing, or not what package-lock.json says. */
export function stateOfModules(root) {
  let stamp;
  try {
    stamp = readFileSync(stampOf(root), 'utf8');
  } catch {
    return holdsTheLock(root) ? 'unproven' : 'install';
  }
  if (stamp !== wantedStamp(root)) return 'install';
  return missingAddons(root).length === 0 ? 'ready' : 'unproven';
}

/** Compares what npm wrote down at its last installation with package-lock.json: same packages, same versions, same contents. */
function holdsTheLock(root) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const present = readJson(join(root, 'node_modules/.package-lock.json'))?.packages;
  if (wanted === undefined || present === undefined) return false;
  const same = (path) => present[path].version === wanted[path]?.version && present[path].integrity === wanted[path]?.integrity;
  return (
    Object.keys(present).every((path) => same(path) && existsSync(join(root, path, 'package.json'))) &&
    Object.keys(wanted).every((path) => path === '' || path in present || wanted[path].optional === true || wanted[path].link === true)
  );
}

export function writeModulesStamp(root) {
  writeFileSync(stampOf(root), wantedStamp(root));
}

/** The folder above include/node/node_api.h where Node's headers lie beside this Node, or undefined. */
export function headersBesideNode(execPath = process.execPath) {
  const prefix = dirname(dirname(execPath));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined;
}

/** How npm is called: the npm that runs us where there is one, else the one in PATH. */
export function npm() {
  const own = process.env.npm_execpath;
  return own !== undefined && basename(own) === 'npm-cli.js' ? [process.execPath, own] : ['npm'];
}

/** Environment of a compilation: the headers of this Node, sqlite3 from its sources, all cores. */
export function compilerEnvironment() {
  const nodedir = headersBesideNode();
  return { JOBS: 'max', npm_config_build_from_source: 'true', ...(nodedir === undefined ? {} : { npm_config_nodedir: nodedir }) };
}

/** Loads each addon in a process of its own. Returns a sentence for each that does not load. */
export function addonsThatFail(root) {
  const failed = [];
  for (const [name, proof] of Object.entries(proofs)) {
    const tried = spawnSync(process.execPath, ['-e', proof], {
      cwd: root,
      encoding: 'utf8',
      timeout: 30_000,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (tried.status === 0) continue;
    const reason =
      tried.stderr
        .split('\n')
        .find((line) => /Error|cannot|not found/.test(line))
        ?.trim() ?? `ended with ${tried.status ?? tried.signal}`;
    failed.push({ name, sentence: `${name} does not load: ${reason}\n  ${howToMend(name, tried.stderr)}` });
  }
  return failed;
}

/** What a person can do about an addon that does not load. */
function howToMend(name, output) {
  const library = /(lib(?:udev|usb|pcsclite|stdc\+\+)[^\s:]*\.so[.\d]*): cannot open shared object file/.exec(output)?.[1];
  const packageOf = { libudev: 'libudev1', libusb: 'libusb-1.0-0', libpcsclite: 'libpcsclite1', 'libstdc++': 'libstdc++6' };
  const family = Object.keys(packageOf).find((start) => library?.startsWith(start));
  if (family !== undefined) return `To mend it: sudo apt-get install -y ${packageOf[family]}`;
  if (name in compiled) return `To mend it: npm rebuild ${name} --ignore-scripts=false --foreground-scripts (needs g++, make and python3)`;
  return `To mend it: sudo apt-get install -y g++ make python3 libudev-dev libusb-1.0-0-dev && npm rebuild ${name} --build-from-source --ignore-scripts=false`;
}
