/** Whether a card could be used: the service behind the card readers, the readers, and the PKCS#11 modules. */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type KnownModule, installedPath, knownModules } from '../../../drivers/pkcs11/known-modules.ts';
import { ask, askNode, reasonOf } from './ask.ts';
import type { Check, Place } from './report.ts';

const section = 'Cards';

export async function cards(place: Place): Promise<Check[]> {
  const [service, readers, modules] = await Promise.all([serviceCheck(place), readersCheck(place), modulesChecks(place)]);
  return [service, readers, ...modules];
}

/** True when a process called pcscd runs. With socket activation none needs to. */
async function pcscdRuns({ root }: Place): Promise<boolean> {
  const pids = (await readdir(join(root, 'proc')).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(pids.map((pid) => readFile(join(root, 'proc', pid, 'comm'), 'utf8').catch(() => '')));
  return names.some((name) => name.trim() === 'pcscd');
}

/**
 * Speaks the first sentence of pcsc-lite's protocol (winscard_msg.h: CMD_VERSION 0x11, three 32-bit numbers in the byte order of the machine).
 * Resolves to the protocol version that the service states; rejects when it does not answer.
 */
function protocolVersion(path: string, ms: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let answer = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(ms, () => {
      fail(new Error(`no answer within ${ms / 1000} s`));
    });
    socket.once('error', fail);
    socket.once('end', () => {
      fail(new Error('it hung up'));
    });
    socket.once('connect', () => socket.write(Buffer.from(new Uint32Array([12, 0x11, 4, 4, 0]).buffer)));
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length < 12) return;
      socket.destroy();
      const [major = 0, minor = 0] = new Uint32Array(new Uint8Array(answer.subarray(0, 8)).buffer);
      resolve(`${major}.${minor}`);
    });
  });
}

async function serviceCheck(place: Place): Promise<Check> {
  const name = 'card service';
  if (place.demo) return { section, name, finding: 'ok', found: 'a demo station starts its own' };
  const path = place.env['PCSCLITE_CSOCK_NAME'] ?? join(place.root, 'run/pcscd/pcscd.comm');
  const running = await pcscdRuns(place);
  const runs = running ? 'pcscd runs' : 'pcscd does not run';
  try {
    const version = await protocolVersion(path, place.ms);
    return { section, name, finding: 'ok', found: `${running ? runs : 'pcscd'}, its socket answers (protocol ${version})` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    const why =
      code === 'EACCES' ? 'this user may not open its socket' : code === 'ENOENT' ? 'there is no socket' : 'its socket does not answer';
    const systemd = existsSync(join(place.root, 'run/systemd/system'));
    const start = systemd ? 'sudo systemctl enable --now pcscd.socket' : 'sudo pcscd';
    const mend =
      code === 'EACCES' ? 'give the user of the station the right to use pcscd (its polkit rule, or the mode of the socket)' : start;
    return { section, name, finding: 'missing', found: `${runs}, ${why}`, mend };
  }
}

async function readersCheck(place: Place): Promise<Check> {
  const name = 'card readers';
  if (place.demo) return { section, name, finding: 'ok', found: 'a demo station has a virtual one' };
  const answer = await ask('opensc-tool', ['--list-readers'], { env: { ...place.env, OPENSC_DEBUG: undefined }, ms: place.ms });
  if (answer.kind === 'not-there') return { section, name, finding: 'note', found: 'cannot be listed without OpenSC' };
  // "0    Yes             Name of the reader": what stands in brackets may be a serial number.
  const found = [...answer.text.matchAll(/^\d+\s+(?:Yes|No)\s+(?:PIN pad\s+)?(.+)$/gm)].map((match) =>
    (match[1] ?? '').replace(/\s*[([].*?[)\]]/g, ''),
  );
  if (found.length > 0) return { section, name, finding: 'ok', found: found.join(', ') };
  return { section, name, finding: 'warning', found: 'none seen', mend: 'plug a card reader in, and start the card service' };
}

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

/** One check for each PKCS#11 module that is installed, and one for the rest. */
export async function modulesChecks(place: Place, known: readonly KnownModule[] = knownModules): Promise<Check[]> {
  const looked = known.map((one) => ({ ...one, path: installedPath(one) }));
  const checks = await Promise.all(
    looked.map(async ({ name, path, env }): Promise<Check[]> => {
      if (path === undefined) return [];
      const answer = await askNode(whoAreYou, [path], {
        env: { ...place.env, ...env, OPENSC_DEBUG: undefined, LD_PRELOAD: undefined },
        ms: place.ms,
      });
      if (answer.kind === 'said') return [{ section, name, finding: 'ok', found: answer.text.split('\n').at(-1) ?? '' }];
      return [
        {
          section,
          name,
          finding: 'warning',
          found: `does not start: ${reasonOf(answer)}`,
          mend: `reinstall the package that ${path} belongs to`,
        },
      ];
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
