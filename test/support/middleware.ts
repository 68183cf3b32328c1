/** The PKCS#11 modules that are installed here, as a station would configure them for one virtual card reader. */
import { installedPath, knownModules } from '../../drivers/pkcs11/known-modules.ts';
import type { ModuleConfig } from '../../drivers/pkcs11/source.ts';
import type { CardReader } from '../../drivers/virtual/card-reader.ts';

/** A known module, by its name or the beginning of it. Throws when it is not installed. */
export function moduleFor(name: string, reader: Pick<CardReader, 'socket'>): ModuleConfig {
  const known = knownModules.find((one) => one.name.startsWith(name));
  const path = known === undefined ? undefined : installedPath(known);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return { name, path, env: { PCSCLITE_CSOCK_NAME: reader.socket } };
}
