/** A demo station whose only token lies in a SoftHSM2 behind a module of a test's own: the module, the issuer, and a finger that is enrolled for its key. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createReaderSource } from '../../drivers/fido/source.ts';
import type { Deadlines } from '../../drivers/pkcs11/source.ts';
import { VirtualBioKey } from '../../drivers/virtual/bio-key.ts';
import { configDigest, originOf, readConfig, stationPaths } from '../../agent/config.ts';
import { openStore } from '../../agent/log/store.ts';
import { enrolFinger } from '../../agent/people/enrol.ts';
import { software } from '../../agent/version.ts';
import { bioKeyFile } from '../../agent/workbench/catalogue.ts';
import { openVirtualHardware } from '../../agent/workbench/hardware.ts';
import type { SoftHsm } from './softhsm.ts';
import { StoryStation } from './station.ts';

export interface SoftHsmStation {
  readonly hsm: SoftHsm;
  /** The module that the station loads. */
  readonly module: { readonly name: string; readonly path: string };
  /** The holder's certificate. */
  readonly certificateSha256: string;
  readonly deadlines?: Partial<Deadlines>;
}

export function makeSoftHsmStation(wanted: SoftHsmStation): Promise<StoryStation> {
  const tokens = { pollMs: 50, settleMs: 200, deadlines: wanted.deadlines ?? {} };
  return StoryStation.make({
    prepare: (data) => prepare(data, wanted),
    hardware: (config, paths) => openVirtualHardware(config, paths, { tokens, matchMs: 20 }),
  });
}

async function prepare(data: string, { hsm, module, certificateSha256 }: SoftHsmStation): Promise<void> {
  const file = join(data, 'station.json');
  const modules = [{ name: module.name, path: module.path }];
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), modules }));
  const config = await readConfig(data);
  const paths = stationPaths(data, config);
  await writeFile(join(paths.trust, 'softhsm.pem'), hsm.issuer);
  const log = await openStore(paths.log, { software, configDigest: configDigest(config) });
  const key = VirtualBioKey.fromJSON(JSON.parse(await readFile(bioKeyFile(paths), 'utf8')) as ReturnType<VirtualBioKey['toJSON']>);
  const readers = createReaderSource(key.transport);
  try {
    key.autoTouch('right-index');
    while (readers.readers().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const reader = await readers.open(readers.readers()[0]?.id ?? '');
    const actor = { id: 'demo-clerk', role: 'clerk' } as const;
    const accepted = { roots: [], models: new Map<string, string>(), demo: true };
    const order = { reader, rpId: config.rpId, certificateSha256, origin: originOf(config), actor, accepted, at: new Date() };
    await log.append(await enrolFinger(order));
    await reader.close();
  } finally {
    await readers.close();
    await log.close();
  }
  await writeFile(bioKeyFile(paths), JSON.stringify(key.toJSON()));
}
