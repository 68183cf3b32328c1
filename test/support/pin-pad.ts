/** Builds the module of pin-pad-shim.c beside a SoftHSM2, and is the person who stands at its pad. */
import { execFile } from 'node:child_process';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ModuleConfig } from '../../drivers/pkcs11/source.ts';
import type { SoftHsm } from './softhsm.ts';

const run = promisify(execFile);

/** What the module was called for: the first login, the context login, a PIN that the program sent, a signature. */
export type PadCall = 'asks 1' | 'asks 2' | 'given' | 'signs';

export interface PinPad {
  readonly module: ModuleConfig;
  /** Waits until the pad asks for the `nth` time since the last `forget`. */
  asked(nth?: number): Promise<void>;
  /** Types a PIN and presses the green key. */
  type(pin: string): Promise<void>;
  /** Presses the red key: the module returns CKR_FUNCTION_CANCELED. */
  cancel(): Promise<void>;
  /** The module returns this CKR by itself. */
  giveUp(ckr: number): Promise<void>;
  takeCardOut(): Promise<void>;
  putCardIn(): Promise<void>;
  calls(): Promise<readonly PadCall[]>;
  /** Forgets the calls, and takes back a key that nobody waited for. */
  forget(): Promise<void>;
}

const functionCanceled = 0x50;

/** Compiles the module into the folder of a SoftHSM. `file` is the library's name, by which drivers know what a module does. */
export async function buildPinPad(hsm: SoftHsm, file = 'libpinpad.so'): Promise<PinPad> {
  const at = (name: string): string => join(hsm.folder, name);
  const source = fileURLToPath(new URL('./pin-pad-shim.c', import.meta.url));
  await run('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', at(file), source, '-ldl']);
  const calls = async (): Promise<readonly PadCall[]> =>
    (await readFile(at('pad-trace'), 'utf8').catch(() => '')).split('\n').filter((line): line is PadCall => line !== '');
  const press = async (keys: string): Promise<void> => {
    await writeFile(at('pad-key.new'), keys, { mode: 0o600 });
    await rename(at('pad-key.new'), at('pad-key'));
  };
  return {
    module: { name: 'pad', path: at(file) },
    async asked(nth = 1) {
      const end = Date.now() + 20_000;
      while ((await calls()).filter((call) => call.startsWith('asks')).length < nth) {
        if (Date.now() > end) throw new Error(`the pad was not asked ${nth} times; it saw ${(await calls()).join(', ')}`);
        await sleep(10);
      }
    },
    type: (pin) => press(`type ${pin}\n`),
    cancel: () => press(`return ${functionCanceled}\n`),
    giveUp: (ckr) => press(`return ${ckr}\n`),
    takeCardOut: () => writeFile(at('card-out'), ''),
    putCardIn: () => rm(at('card-out'), { force: true }),
    calls,
    async forget() {
      await rm(at('pad-key'), { force: true });
      await writeFile(at('pad-trace'), '');
    },
  };
}
