/** A PKCS#11 module that brings its own environment, as a module of a station must: station.json has no place for variables. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const source = (settings: string, real: string): string => `#include <dlfcn.h>
#include <stdlib.h>

unsigned long C_GetFunctionList(void **list) {
  ${settings}
  void *library = dlopen(${real}, RTLD_NOW | RTLD_LOCAL);
  unsigned long (*next)(void **) = library ? (unsigned long (*)(void **))dlsym(library, "C_GetFunctionList") : 0;
  return next ? next(list) : 5;
}
`;

/** Compiles a library into `folder` that sets `env` and hands everything on to the module at `real`. Returns its path. */
export async function furnishModule(folder: string, file: string, real: string, env: Readonly<Record<string, string>>): Promise<string> {
  const settings = Object.entries(env).map(([name, value]) => `setenv(${JSON.stringify(name)}, ${JSON.stringify(value)}, 1);`);
  const code = join(folder, `${file}.c`);
  await writeFile(code, source(settings.join(' '), JSON.stringify(real)));
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-o', join(folder, file), code, '-ldl']);
  return join(folder, file);
}
