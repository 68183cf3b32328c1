/** A demo station whose only card sits in a reader with a PIN pad of its own (`pin-pad.ts`), with everything else as it is in any story. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deadlines } from '../../drivers/pkcs11/source.ts';
import { createReaderSource } from '../../drivers/fido/source.ts';
import { VirtualBioKey } from '../../drivers/virtual/bio-key.ts';
import { configDigest, originOf, readConfig, stationPaths } from '../../agent/config.ts';
import { openStore } from '../../agent/log/store.ts';
import { enrolFinger } from '../../agent/people/enrol.ts';
import { software } from '../../agent/version.ts';
import { bioKeyFile } from '../../agent/workbench/catalogue.ts';
import { openVirtualHardware } from '../../agent/workbench/hardware.ts';
import { buildPinPad, type PinPad } from './pin-pad.ts';
import { createSoftHsm, type SoftHsm } from './softhsm.ts';
import { StoryStation } from './station.ts';

export interface PadStation {
  readonly story: StoryStation;
  readonly pad: PinPad;
  readonly pin: string;
  end(): Promise<void>;
}

export interface PadOptions {
  readonly alwaysAuthenticate?: boolean;
  readonly deadlines?: Partial<Deadlines>;
}

/** Makes and starts the station. With `alwaysAuthenticate` the card wants the PIN at each use of its key. */
export async function makePadStation({ alwaysAuthenticate = false, deadlines = {} }: PadOptions = {}): Promise<PadStation> {
  const hsm = await createSoftHsm();
  const { sha256 } = await hsm.addKey({ id: '01', type: 'rsa:2048', commonName: 'Ada Example', alwaysAuthenticate });
  const pad = await buildPinPad(hsm);
  const story = await StoryStation.make({
    prepare: (data) => prepare(data, hsm, pad, sha256),
    hardware: (config, paths) => openVirtualHardware(config, paths, { tokens: { pollMs: 50, settleMs: 200, deadlines }, matchMs: 20 }),
  });
  const end = async (): Promise<void> => {
    await story.end();
    await hsm.remove();
  };
  return { story, pad, pin: hsm.pin, end };
}

async function prepare(data: string, hsm: SoftHsm, pad: PinPad, certificateSha256: string): Promise<void> {
  const file = join(data, 'station.json');
  const { name, path } = pad.module;
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), modules: [{ name, path }] }));
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
    await log.append(await enrolFinger({ reader, rpId: config.rpId, certificateSha256, origin: originOf(config), actor, demo: true }));
    await reader.close();
  } finally {
    await readers.close();
    await log.close();
  }
  await writeFile(bioKeyFile(paths), JSON.stringify(key.toJSON()));
}

/** The holder walks up to the pad; the card is in. */
export async function walkToPad({ story, pad }: PadStation): Promise<void> {
  const { documents } = await story.until('choose-document', (state) => state.documents.length > 0);
  story.act({ type: 'choose-documents', documentIds: [documents[0]?.id ?? ''] });
  const { document } = await story.until('review-document');
  story.act({ type: 'reviewed' });
  await story.until('confirm');
  story.act({ type: 'consent', digests: [document.digest] });
  await story.until('touch-reader');
  await story.touch('right-index');
  await pad.asked();
}
