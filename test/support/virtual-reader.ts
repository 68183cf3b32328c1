/** A virtual card reader in a folder of its own, and a card to put into it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedPath, knownModules } from '../../drivers/pkcs11/known-modules.ts';
import { startCardReader, type CardReader } from '../../drivers/virtual/card-reader.ts';
import { createDemoCa } from '../../drivers/virtual/demo-ca.ts';
import { PivCard } from '../../drivers/virtual/piv-card.ts';
import type { NewPivCard } from '../../drivers/virtual/piv-card-file.ts';

/** Where OpenSC's module lies on this computer. Throws when it is not installed. */
export const openscPath = pathOf('OpenSC');

function pathOf(name: string): string {
  const path = knownModules.filter((known) => known.name === name).flatMap((known) => installedPath(known) ?? [])[0];
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

export interface TestReader {
  readonly reader: CardReader;
  readonly directory: string;
  /** Ends pcscd and removes the folder. */
  stop(): Promise<void>;
}

export async function startTestReader(fast = true, ...names: readonly string[]): Promise<TestReader> {
  const directory = mkdtempSync(join(tmpdir(), 'card-reader-'));
  const [name = 'Virtual PCD', ...others] = names;
  const reader = await startCardReader({ directory, fast, names: [name, ...others] });
  return {
    reader,
    directory,
    async stop() {
      await reader.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

export const testCa = createDemoCa('Countersign Demo Root');

/** A card of Erika Muster, certified by `testCa`: RSA for logging in, P-256 for signing, PIN 123456. */
export function testCard(options: Partial<NewPivCard> = {}): Promise<PivCard> {
  return PivCard.create({
    holder: { commonName: 'Erika Muster', givenName: 'Erika', surname: 'Muster', country: 'DE' },
    issuer: testCa,
    keys: { '9a': 'rsa-2048', '9c': 'p-256' },
    ...options,
  });
}
