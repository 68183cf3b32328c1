/**
 * What this project changes in packages that it did not write: one file each in patches/, named <package>+<version>.patch. patch-package
 * applies them (also twice without harm); here stands what it does not do: another version is refused instead of tried, and an addon counts as
 * patched only once it was compiled from the patched sources.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StepFailed } from './run.mjs';

/** Lies beside the compiled addon, and goes with it when it is compiled anew by somebody else. */
const markOf = (root, name) => join(root, 'node_modules', name, 'build/Release/.countersign-patch');

/** Every patch: the package, the version that it was made for, and the digest of the change. */
function patches(root) {
  const folder = join(root, 'patches');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.patch'))
    .map((file) => {
      const [name, version] = file.slice(0, -'.patch'.length).split('+');
      const digest = createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex');
      return { file: `patches/${file}`, name, version, digest };
    });
}

/** Names of the packages whose addon was not compiled with its patch. */
export function unpatchedAddons(root) {
  const marked = ({ name, digest }) => existsSync(markOf(root, name)) && readFileSync(markOf(root, name), 'utf8').trim() === digest;
  return patches(root)
    .filter((patch) => !marked(patch))
    .map(({ name }) => name);
}

/** To be called when an addon was compiled after `applyPatches`. A package without a patch is passed over. */
export function markPatched(root, name) {
  const patch = patches(root).find((one) => one.name === name);
  if (patch === undefined) return;
  mkdirSync(dirname(markOf(root, name)), { recursive: true });
  writeFileSync(markOf(root, name), `${patch.digest}\n`);
}

/**
 * Applies every patch to the sources in node_modules. What is applied already is left alone.
 * @throws {StepFailed} with one sentence when a package is of another version, or a patch does not fit
 */
export function applyPatches(root) {
  const wanted = patches(root);
  if (wanted.length === 0) return;
  for (const { file, name, version } of wanted) {
    const found = installedVersion(root, name);
    if (found === version) continue;
    throw new StepFailed(
      `${file} was made for ${name} ${version}, but ${found === undefined ? 'it is not installed' : `${found} is installed`}. Make a patch for that version, or ask for ${version} in package.json.`,
    );
  }
  const program = join(root, 'node_modules/patch-package/index.js');
  if (!existsSync(program))
    throw new StepFailed('patch-package is not installed. Countersign is installed with its development packages: npm ci');
  // Only what is said here is said: its own advice speaks of things that a person at this checkout did not do.
  const ran = spawnSync(process.execPath, [program, '--error-on-fail', '--error-on-warn'], { cwd: root, encoding: 'utf8' });
  if (ran.status === 0) return;
  const bad = wanted.find(({ file }) => ran.stdout.includes(file) || ran.stderr.includes(file)) ?? wanted[0];
  throw new StepFailed(
    `${bad.file} does not fit the sources in node_modules/${bad.name}, which are not those of ${bad.name} ${bad.version} as it was published. Start again from fresh packages: npm ci`,
  );
}

function installedVersion(root, name) {
  try {
    return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}
