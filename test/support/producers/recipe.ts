/** How a PDF of another make comes about, as plain data: so it can be made once and kept under the digest of its recipe. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { madeOnce, recipeKey } from '../made-once.ts';
import { boundedRun } from '../validators/bounded.ts';

export interface Recipe {
  /** Whose work it is and what is special about it. */
  readonly name: string;
  /** The Debian package whose version is a part of the recipe. */
  readonly maker: string;
  /** Files that lie in the folder at first. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** PDFs of other recipes that lie there too, by file name. */
  readonly from?: Readonly<Record<string, Recipe>>;
  /** Commands, run in the folder one after the other; `{profile}` stands for the path of a folder that nothing else uses. They leave `out.pdf`. */
  readonly steps: readonly (readonly string[])[];
}

let versions: ReadonlyMap<string, string> | undefined;

/** The version of a Debian package; the package itself where dpkg does not know it. */
function versionOf(name: string): string {
  if (versions === undefined) {
    const known = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${Version}\n'], { encoding: 'utf8' });
    versions = new Map((known.error === undefined ? known.stdout : '').split('\n').map((line) => [line.split(' ')[0] ?? '', line]));
  }
  return versions.get(name) ?? name;
}

function keyOf({ maker, files = {}, from = {}, steps }: Recipe): string {
  const given = Object.entries(files).flatMap(([name, content]) => [name, content]);
  const others = Object.entries(from).flatMap(([name, recipe]) => [name, keyOf(recipe)]);
  return recipeKey('produced', versionOf(maker), JSON.stringify(steps), ...given, ...others);
}

/** The browser and the office want more addresses than they use. */
const large = { megabytes: 8000, seconds: 60 };

function run(step: readonly string[], folder: string): void {
  const profile = mkdtempSync(join(tmpdir(), 'countersign-profile-'));
  try {
    const [command = '', ...args] = step.map((word) => word.replaceAll('{profile}', profile));
    const { status, stdout, stderr } = boundedRun(command, args, { cwd: folder, env: { HOME: profile }, ...large });
    // qpdf ends with 3 when it made a file and has something to say about its input.
    if (status !== 0 && !(command === 'qpdf' && status === 3)) throw new Error(`${step.join(' ')}: ${stdout.toString('utf8')}${stderr}`);
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

/** The path of the PDF that a recipe makes. Throws a sentence when a tool is missing or makes none. */
export function produced(recipe: Recipe): string {
  const folder = madeOnce(keyOf(recipe), (place) => {
    for (const [name, other] of Object.entries(recipe.from ?? {})) writeFileSync(join(place, name), readFileSync(produced(other)));
    for (const [name, content] of Object.entries(recipe.files ?? {})) {
      mkdirSync(join(place, name, '..'), { recursive: true });
      writeFileSync(join(place, name), content);
    }
    for (const step of recipe.steps) run(step, place);
    if (statSync(join(place, 'out.pdf')).size === 0) throw new Error(`${recipe.name}: the PDF is empty`);
  });
  return join(folder, 'out.pdf');
}
