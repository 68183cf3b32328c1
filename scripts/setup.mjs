#!/usr/bin/env node
/**
 * Makes a clean checkout ready: Debian packages, npm packages, native addons, the build. Says what it does, and does only what is missing.
 * It stands on Node alone, because it runs before anything is installed. It must never ask a question: it runs without standard input too.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandToType, install, mayInstall, missingPackages } from './setup/debian.mjs';
import { fetchKernel, kernelIsThere } from './setup/kernel.mjs';
import { withLock } from './setup/lock.mjs';
import * as modules from './setup/modules.mjs';
import { applyPatches, markPatched, unpatchedAddons } from './setup/patches.mjs';
import { StepFailed, runStep } from './setup/run.mjs';
import { isBuilt } from './setup/built.mjs';

const usage = `Usage: node scripts/setup.mjs [--tests] [--hardware] [--quiet] [--dry-run]

Makes this checkout ready to run: Debian packages, npm packages, native addons, the build. What is there already is left alone.

  --tests    also what the tests need (SoftHSM, OpenSSL, what makes and judges PDFs, Chromium, fonts)
  --hardware also what the hardware test needs (QEMU, a kernel of Debian that is downloaded and not installed, tools for keys and drives)
  --quiet    says nothing when there is nothing to do
  --dry-run  says what it would do, and does nothing

Exit code: 0 ready (or, with --dry-run, it could be made ready from here), 1 something is missing that a person must bring, 2 wrong usage.
`;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const log = join(root, '.cache/setup.log');
const say = (text) => process.stdout.write(`setup: ${text}\n`);
const run = (title, command, args, env) => runStep({ title, command, args, cwd: root, env, log, say });

/** The whole work as a list of steps: each says what is missing and knows how to bring it. */
function plan({ tests, hardware }) {
  const steps = [];
  const state = modules.stateOfModules(root);
  const toCompile =
    state === 'install' ? Object.keys(modules.compiled) : [...new Set([...modules.missingAddons(root), ...unpatchedAddons(root)])];
  const purposes = new Set([
    'run',
    ...(tests ? ['tests'] : []),
    ...(hardware ? ['hardware'] : []),
    ...(toCompile.length > 0 ? ['build'] : []),
  ]);
  const missing = missingPackages(purposes);
  if (missing.length > 0) {
    steps.push({
      what: [`Debian packages: ${missing.map((one) => one.name).join(' ')}`, ...missing.map((one) => `  ${one.name}: ${one.why}`)].join(
        '\n',
      ),
      blocked: mayInstall() ? undefined : whatToType(missing),
      act: () => install(missing, run),
    });
  }
  if (hardware && !kernelIsThere(root)) {
    steps.push({
      what: 'kernel of the hardware test: a package of Debian, kept in .cache/hardware and not installed',
      act: () => fetchKernel(root, (title, command, args, options) => runStep({ title, command, args, cwd: root, log, say, ...options })),
    });
  }
  const [npm, ...npmArgs] = modules.npm();
  if (state === 'install') {
    steps.push({
      what: 'npm packages: node_modules is missing, or is not what package-lock.json asks for with this Node',
      act: () => run('installing npm packages', npm, [...npmArgs, 'ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']),
    });
  }
  if (toCompile.length > 0) {
    steps.push({ what: `compile the addons ${toCompile.join(' and ')} (${headersSentence()})`, act: () => compile(toCompile) });
  }
  if (state !== 'ready') steps.push({ what: 'load each native addon once', act: proveAddons });
  if (state === 'install' || !isBuilt(root)) {
    steps.push({
      what: 'build: dist is missing, or older than the sources',
      act: () => run('building', process.execPath, [join(root, 'scripts/build.mjs'), '--locked']),
    });
  }
  return steps;
}

function whatToType(missing) {
  const command = commandToType(missing);
  if (command !== undefined) return `This needs root. Type:\n\n  ${command}\n\nand start again.`;
  return 'There is no apt on this system: Countersign is made for Debian 12 or newer. Bring what is listed above with the tools of this system, so that its commands and files are there, and start again.';
}

function headersSentence() {
  const prefix = modules.headersBesideNode();
  return prefix === undefined
    ? "Node's headers do not lie beside this Node; node-gyp fetches them from nodejs.org. Debian's own Node has them in the package libnode-dev"
    : `with Node's headers in ${prefix}/include/node`;
}

async function compile(names) {
  applyPatches(root);
  const [npm, ...npmArgs] = modules.npm();
  for (const name of names) {
    const args = [...npmArgs, 'rebuild', name, '--ignore-scripts=false', '--foreground-scripts'];
    await run(`compiling ${name}, a minute or two`, npm, args, modules.compilerEnvironment());
    markPatched(root, name);
  }
}

/** Proves that the addons load. One that was compiled for another Node or another system gets one new compilation. */
async function proveAddons() {
  let failed = modules.addonsThatFail(root);
  const again = failed.map((one) => one.name).filter((name) => name in modules.compiled);
  if (again.length > 0 && missingPackages(new Set(['build'])).length === 0) {
    await compile(again);
    failed = modules.addonsThatFail(root);
  }
  if (failed.length > 0) throw new StepFailed(failed.map((one) => one.sentence).join('\n'));
  modules.writeModulesStamp(root);
}

/** The oldest Node that package.json allows, where this one is older. */
function olderThanWanted() {
  const wanted = /(\d+)\.(\d+)/.exec(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node);
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.slice(1).map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor) ? wanted[0] : undefined;
}

function writeToLog(text) {
  try {
    mkdirSync(dirname(log), { recursive: true });
    appendFileSync(log, text);
  } catch {
    // The message is on the screen already; a folder that cannot be written to is what it speaks of.
  }
}

async function main(args) {
  const known = ['--tests', '--hardware', '--quiet', '--dry-run', '--help'];
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown !== undefined) {
    process.stderr.write(`setup: "${unknown}" is not known.\n\n${usage}`);
    return 2;
  }
  if (args.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  const [tests, hardware, quiet, dryRun] = ['--tests', '--hardware', '--quiet', '--dry-run'].map((arg) => args.includes(arg));
  const oldest = olderThanWanted();
  if (oldest !== undefined) {
    throw new StepFailed(
      `Node ${oldest} or newer is needed; this is ${process.version} (${process.execPath}). Newer ones are at https://nodejs.org.`,
    );
  }
  if (process.platform !== 'linux') throw new StepFailed(`The station runs on Linux (Debian 12 or newer); this is ${process.platform}.`);

  let steps = plan({ tests, hardware });
  if (dryRun) {
    for (const step of steps) say(`would do: ${step.what}`);
    const blocked = steps.find((step) => step.blocked !== undefined);
    if (blocked !== undefined) throw new StepFailed(blocked.blocked);
  }
  if (steps.length === 0 && !quiet) say('everything is in place.');
  if (steps.length === 0 || dryRun) return 0;

  await withLock(
    join(root, '.cache/setup.lock'),
    (pid) => say(`another set-up is at work (process ${pid}); waiting for it.`),
    async () => {
      steps = plan({ tests, hardware });
      for (const step of steps) {
        if (step.blocked !== undefined) throw new StepFailed(`missing ${step.what}\n${step.blocked}`);
        say(step.what);
        await step.act();
      }
    },
  );
  say('ready.');
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`setup: ${error instanceof StepFailed ? error.message : error.stack}\n`);
  writeToLog(`\nfailed: ${error.message}\n`);
  process.exitCode = 1;
}
