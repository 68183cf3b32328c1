/** A token for the key of a log: SoftHSM2 behind a module that misbehaves on order and brings its own environment, as a module of a station must. */
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '../../drivers/secret.ts';
import type { GivenPin, PinSource } from '../../agent/log-token/pins.ts';
import { buildFaultShim, type FaultShim } from './fault-shim.ts';
import { furnishModule } from './furnished-module.ts';
import { createSoftHsm, type SoftHsm } from './softhsm.ts';

export const tokenLabel = 'Log of branch 12';

export interface LogToken {
  readonly hsm: SoftHsm;
  readonly shim: FaultShim;
  /** As it stands in a configuration. */
  readonly module: { readonly name: string; readonly path: string };
  /** Takes the token away, and gives it back. */
  away(): Promise<void>;
  back(): Promise<void>;
  remove(): Promise<void>;
}

export async function makeLogToken(): Promise<LogToken> {
  const hsm = await createSoftHsm({ label: tokenLabel });
  const shim = await buildFaultShim(hsm);
  await shim.order({});
  const path = await furnishModule(hsm.folder, 'libstationtoken.so', shim.module.path, shim.module.env ?? {});
  // SoftHSM keeps each token in a folder of its own.
  const [name = ''] = await readdir(join(hsm.folder, 'tokens'));
  const [here, there] = [join(hsm.folder, 'tokens', name), join(hsm.folder, 'away')];
  return {
    hsm,
    shim,
    module: { name: 'hsm', path },
    away: () => rename(here, there),
    back: () => rename(there, here),
    remove: () => hsm.remove(),
  };
}

/** Somebody who types a PIN when they are asked at the start, and is gone later. */
export function typing(pin: string): PinSource {
  return { give: () => Promise.resolve(given(pin, true)), again: () => Promise.resolve(undefined) };
}

/** A credential that can be read again at any time. */
export function credential(pin: string): PinSource {
  return { give: () => Promise.resolve(given(pin, false)), again: () => Promise.resolve(given(pin, false).pin) };
}

function given(pin: string, typed: boolean): GivenPin {
  return { pin: new Secret(Buffer.from(pin)), typed };
}
