/** Builds the misbehaving module of fault-shim.c around SoftHSM2, gives it orders and reads what was called. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ModuleConfig } from '../../drivers/pkcs11/source.ts';
import { softhsmModule, type SoftHsm } from './softhsm.ts';

const run = promisify(execFile);

export type ShimAction = 'crash' | 'exit' | 'hang' | 'flip' | 'empty' | `error=${number}`;

export interface FaultShim {
  readonly module: ModuleConfig;
  /** Replaces all orders. With `nth`, only that call of the function misbehaves, counted since the last `forget`. */
  order(orders: Readonly<Record<string, ShimAction | { readonly nth: number; readonly act: ShimAction }>>): Promise<void>;
  /** Names of the PKCS#11 functions called since the last `forget`, over all processes. */
  calls(): Promise<readonly string[]>;
  forget(): Promise<void>;
}

/** Compiles the shim into the folder of a SoftHSM. */
export async function buildFaultShim(hsm: SoftHsm): Promise<FaultShim> {
  const library = join(hsm.folder, 'libfaultshim.so');
  const source = fileURLToPath(new URL('./fault-shim.c', import.meta.url));
  await run('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source, '-ldl']);
  const orders = join(hsm.folder, 'orders');
  const trace = join(hsm.folder, 'trace');
  await writeFile(trace, '');
  return {
    module: {
      name: 'shim',
      path: library,
      env: { ...hsm.env, SHIM_REAL: softhsmModule, SHIM_ORDERS: orders, SHIM_TRACE: trace },
    },
    async order(wanted) {
      await writeFile(
        orders,
        Object.entries(wanted)
          .map(([name, order]) => (typeof order === 'string' ? `${name} ${order} 0\n` : `${name} ${order.act} ${order.nth}\n`))
          .join(''),
      );
    },
    async calls() {
      return (await readFile(trace, 'utf8')).split('\n').filter((line) => line !== '');
    },
    async forget() {
      await writeFile(trace, '');
    },
  };
}
