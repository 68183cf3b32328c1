/**
 * PKCS#11 modules: those of the station, and those that are known and installed. Each is looked at as a file first, and then loaded in a process
 * of its own, where it is asked who it is and nothing else.
 */
import { basename } from 'node:path';
import { type KnownModule, installedPath, knownModule, knownModules } from '../../../drivers/pkcs11/known-modules.ts';
import { type Answer, askNode, reasonOf } from './ask.ts';
import { unloadable } from './library.ts';
import type { Check, Place } from './report.ts';

const section = 'Cards';

/** Asks a module who it is (C_GetInfo). No slot is looked at, so a station that is at work is not disturbed. */
const whoAreYou = `
const module = new (require('pkcs11js').PKCS11)();
module.load(process.argv[1]);
module.C_Initialize();
const info = module.C_GetInfo();
module.C_Finalize();
const version = ({ major, minor }) => major + '.' + minor;
console.log(info.libraryDescription.replace(/[^ -~]/g, '').trim() + ' ' + version(info.libraryVersion) + ', Cryptoki ' + version(info.cryptokiVersion));
`;

/** What the agent does with a module that does not hold: it stays out of use, and is tried again by itself. */
const putAside = 'the agent puts such a module aside and tries it again every minute';

/** One check for each module of the station's configuration. */
export async function stationModules(place: Place, modules: readonly { readonly name: string; readonly path: string }[]): Promise<Check[]> {
  if (modules.length === 0) {
    const mend = 'add one to "modules" in station.json: { "name": "opensc", "path": "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so" }';
    return [{ section, name: 'station modules', finding: 'missing', found: 'station.json names none', mend }];
  }
  return Promise.all(
    modules.map(async ({ name: given, path }): Promise<Check> => {
      const name = `module ${given}`;
      const known = knownModule(path);
      const wrong = await unloadable(path);
      if (wrong !== undefined) {
        const mend =
          wrong === 'is not there'
            ? whereToGet(known, path)
            : `put the library for this processor there, or another path into station.json`;
        return { section, name, finding: 'missing', found: `${path} ${wrong}`, mend };
      }
      const answer = await who(place, path, known?.env ?? {});
      if (answer.kind === 'said') return { section, name, finding: 'ok', found: lastLine(answer.text) };
      return { section, name, finding: 'missing', ...judgeFailure(answer, path) };
    }),
  );
}

/** One check for each known module that is installed, and one for the rest. */
export async function modulesChecks(place: Place, known: readonly KnownModule[] = knownModules): Promise<Check[]> {
  const looked = known.map((one) => ({ ...one, path: installedPath(one) }));
  const checks = await Promise.all(
    looked.map(async ({ name, path, env }): Promise<Check[]> => {
      if (path === undefined) return [];
      const wrong = await unloadable(path);
      const reinstall = `reinstall the package that ${path} belongs to`;
      if (wrong !== undefined) return [{ section, name, finding: 'warning', found: `${path} ${wrong}`, mend: reinstall }];
      const answer = await who(place, path, env);
      if (answer.kind === 'said') return [{ section, name, finding: 'ok', found: lastLine(answer.text) }];
      return [{ section, name, finding: 'warning', found: `does not start: ${reasonOf(answer)}`, mend: reinstall }];
    }),
  );
  const found = checks.flat();
  const absent = looked.filter(({ path }) => path === undefined).map(({ name }) => name);
  const rest: Check[] =
    absent.length === 0 ? [] : [{ section, name: 'other modules', finding: 'note', found: `not installed: ${absent.join(', ')}` }];
  if (found.some(({ finding }) => finding === 'ok')) return [...found, ...rest];
  const none: Check = {
    section,
    name: 'PKCS#11 modules',
    finding: 'missing',
    found: 'none that works',
    mend: 'sudo apt-get install -y --no-install-recommends opensc-pkcs11',
  };
  return [...found, none, ...rest];
}

function who(place: Place, path: string, env: Readonly<Record<string, string>>): Promise<Answer> {
  return askNode(whoAreYou, [path], { env: { ...place.env, ...env, OPENSC_DEBUG: undefined, LD_PRELOAD: undefined }, ms: place.ms });
}

/** What a module of the station failed of, from what its process printed. */
function judgeFailure(answer: Exclude<Answer, { kind: 'said' }>, path: string): Pick<Check, 'found' | 'mend'> {
  const text = answer.kind === 'failed' ? answer.text : '';
  const needed = /(\S+\.so[\w.]*): cannot open shared object file/.exec(text)?.[1];
  if (needed !== undefined && !needed.endsWith(basename(path)))
    return {
      found: `${path} needs ${needed}, which is not installed`,
      mend: `install the package that brings ${needed} (apt-file search ${needed})`,
    };
  if (/C_GetFunctionList/.test(text))
    return {
      found: `${path} is a library, but no PKCS#11 module: it has no C_GetFunctionList`,
      mend: "put the path of the vendor's PKCS#11 module into station.json",
    };
  return { found: `${path} does not start: ${reasonOf(answer)}; ${putAside}`, mend: `reinstall the package that ${path} belongs to` };
}

function whereToGet(known: KnownModule | undefined, path: string): string {
  const elsewhere = known === undefined ? undefined : installedPath(known);
  if (elsewhere !== undefined) return `it lies at ${elsewhere} here: put that path into station.json`;
  if (known?.package !== undefined) return `sudo apt-get install -y --no-install-recommends ${known.package}`;
  return `install the vendor's software that brings ${basename(path)}, or put its path into station.json`;
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) ?? '';
}
