#!/usr/bin/env node
/**
 * Runs after "npm ci" and "npm install": patches the packages that need it, and compiles their addons anew. Says nothing when that is done
 * already. The set-up does the same by itself, because it installs packages without running any script of theirs.
 */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compilerEnvironment, npm } from './setup/modules.mjs';
import { applyPatches, markPatched, unpatchedAddons } from './setup/patches.mjs';
import { StepFailed } from './setup/run.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function compile(name) {
  const [command, ...args] = [...npm(), 'rebuild', name, '--ignore-scripts=false', '--foreground-scripts'];
  const ran = spawnSync(command, args, { cwd: root, env: { ...process.env, ...compilerEnvironment() }, stdio: 'inherit' });
  if (ran.status === 0) return;
  throw new StepFailed(
    `${name} could not be compiled with its patch (needs g++, make, python3 and Node's headers). What is missing is found by: npm run setup`,
  );
}

try {
  const names = unpatchedAddons(root);
  if (names.length > 0) applyPatches(root);
  for (const name of names) {
    compile(name);
    markPatched(root, name);
  }
} catch (error) {
  process.stderr.write(`patch: ${error instanceof StepFailed ? error.message : error.stack}\n`);
  process.exitCode = 1;
}
