#!/usr/bin/env node
/**
 * Builds dist/: the agent and the drivers by tsc, the files that lie beside their sources, then the two kiosk builds. Whatever a former build
 * left behind is removed. Any failure ends it with a non-zero code and leaves no stamp, so that the next set-up builds again.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOfSources, filesBelow, removeBuildStamp, writeBuildStamp } from './setup/built.mjs';
import { withLock } from './setup/lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const require = createRequire(import.meta.url);
const say = (text) => process.stdout.write(`build: ${text}\n`);

/** Files beside the sources that the running program reads. */
const carried = new Set(['.json', '.conf', '.c', '.h', '.sql', '.txt', '.der', '.pem', '.sh']);

function run(title, args) {
  say(title);
  const outcome = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (outcome.status !== 0) throw new Error(`${title}: ended with ${outcome.status ?? outcome.signal}`);
}

/** The program behind a package's command: npx and its look-ups are not needed. */
function binOf(name, command = name) {
  const path = require.resolve(`${name}/package.json`);
  const { bin } = JSON.parse(readFileSync(path, 'utf8'));
  return join(dirname(path), typeof bin === 'string' ? bin : bin[command]);
}

/** Nothing is written when a type is wrong: the former build stays whole. */
function compile() {
  run('agent and drivers (tsc)', [binOf('typescript', 'tsc'), '-p', 'tsconfig.build.json', '--noEmitOnError', '--pretty', 'false']);
}

function carry() {
  const paths = ['agent', 'drivers'].flatMap((folder) => filesBelow(root, folder)).filter((path) => carried.has(extname(path)));
  for (const path of paths) {
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    copyFileSync(join(root, path), join(dist, path));
  }
  say(`${paths.length} files beside the sources`);
}

/** Removes from dist/agent and dist/drivers what no source stands behind any more. */
function prune() {
  const sourceOf = (path) => path.replace(/\.js(\.map)?$/, '.ts');
  let removed = 0;
  for (const path of ['agent', 'drivers'].flatMap((folder) => filesBelow(dist, folder))) {
    if (existsSync(join(root, path)) || existsSync(join(root, sourceOf(path)))) continue;
    rmSync(join(dist, path));
    removed++;
    for (let folder = dirname(join(dist, path)); folder !== dist && readdirSync(folder).length === 0; folder = dirname(folder))
      rmdirSync(folder);
  }
  if (removed > 0) say(`${removed} stale files removed`);
}

function makeExecutable() {
  const cli = join(dist, 'agent/cli.js');
  if (!existsSync(cli)) {
    say('agent/cli.ts is not there: no command was made');
    return;
  }
  const text = readFileSync(cli, 'utf8');
  if (!text.startsWith('#!')) writeFileSync(cli, `#!/usr/bin/env node\n${text}`);
  chmodSync(cli, 0o755);
}

function kiosk() {
  const config = 'kiosk/vite.config.ts';
  if (!existsSync(join(root, config))) {
    say(`${config} is not there: no kiosk was built`);
    return;
  }
  const vite = [binOf('vite'), 'build', '--config', config, '--logLevel', 'warn'];
  run('kiosk', vite);
  run('kiosk with workbench, for the demo', [...vite, '--mode', 'demo']);
}

async function build() {
  const digest = digestOfSources(root);
  removeBuildStamp(root);
  compile();
  carry();
  prune();
  makeExecutable();
  kiosk();
  writeBuildStamp(root, digest);
  say('done.');
}

try {
  // The set-up holds the lock already when it calls this.
  if (process.argv.includes('--locked')) await build();
  else await withLock(join(root, '.cache/setup.lock'), (pid) => say(`a set-up is at work (process ${pid}); waiting for it.`), build);
} catch (error) {
  process.stderr.write(`build: failed: ${error.message}\n`);
  process.exitCode = 1;
}
