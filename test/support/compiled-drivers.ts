/**
 * The drivers as the build makes them: plain JavaScript that runs without a loader, compiled one file at a time into a folder of the test's own. A host of
 * the sources takes several times as long to start, which is too long for a test that starts many.
 */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Compiles `drivers/` into `folder`, which then looks like a small installation. */
export async function compileDrivers(folder: string): Promise<void> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  // One file at a time the compiler cannot know that the package is one of ES modules.
  const compilerOptions = { ...options, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const path of await readdir(join(root, 'drivers'), { recursive: true })) {
    const made = join(folder, 'drivers', path);
    if (!/\.(?:ts|json|conf)$/u.test(path)) continue;
    const text = await readFile(join(root, 'drivers', path), 'utf8');
    await mkdir(dirname(made), { recursive: true });
    if (!path.endsWith('.ts')) await writeFile(made, text);
    else await writeFile(made.replace(/\.ts$/u, '.js'), ts.transpileModule(text, { compilerOptions, fileName: path }).outputText);
  }
}
