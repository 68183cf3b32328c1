/** The virtual devices of a demo station, behind the same drivers as real ones: a private card reader with virtual cards, and a virtual bio key. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReaderSource } from '../../drivers/fido/source.ts';
import { createTokenSource, type TokenSourceOptions } from '../../drivers/pkcs11/source.ts';
import { VirtualBioKey } from '../../drivers/virtual/bio-key.ts';
import { startCardReader, type CardReader } from '../../drivers/virtual/card-reader.ts';
import { PivCard } from '../../drivers/virtual/piv-card.ts';
import { holderModules, type StationConfig, type StationPaths } from '../config.ts';
import type { Hardware, ReaderHardware } from '../hardware.ts';
import { StartRefused } from '../refusals.ts';
import { bioKeyFile, cardFile, demoCards } from './catalogue.ts';
import { Workbench } from './workbench.ts';

/** The virtual devices themselves, for a person's hands. */
export interface VirtualDevices {
  readonly reader: CardReader;
  readonly cards: ReadonlyMap<string, PivCard>;
  readonly key: VirtualBioKey;
}

export interface VirtualHardware extends Hardware, ReaderHardware {
  readonly devices: VirtualDevices;
}

/** How fast things go, where a demo leaves a person time to see them; for tests in which nobody looks. */
export interface Pace {
  readonly tokens?: Pick<TokenSourceOptions, 'pollMs' | 'deadlines' | 'settleMs'>;
  /** How long the comparison of a finger takes, milliseconds. */
  readonly matchMs?: number;
}

/** Throws StartRefused when pcscd cannot run here or a virtual device's file is damaged. */
export async function openVirtualHardware(config: StationConfig, paths: StationPaths, pace: Pace = {}): Promise<VirtualHardware> {
  const cards = new Map(demoCards.map(({ id }) => [id, openCard(cardFile(paths, id))]));
  const key = openKey(bioKeyFile(paths), pace.matchMs ?? 400);
  // A socket's path must be short (108 bytes), so the reader does not live in the data folder.
  const directory = await mkdtemp(join(tmpdir(), 'countersign-'));
  const reader = await startCardReader({ directory }).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw new StartRefused(
      `The virtual card reader does not start: ${error instanceof Error ? error.message : String(error)}. See: countersign doctor`,
      2,
      error,
    );
  });
  const tokens = createTokenSource({
    modules: holderModules(config),
    pollMs: 200,
    ...pace.tokens,
    env: { PCSCLITE_CSOCK_NAME: reader.socket },
  });
  const readers = createReaderSource(key.transport);
  const devices = { reader, cards, key };
  return {
    tokens,
    readers,
    keyTransport: key.transport,
    devices,
    workbench: (log) => new Workbench(devices, log),
    async close() {
      await tokens.close();
      await readers.close();
      await reader.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The virtual bio key alone; nobody lays a finger on it. Throws StartRefused when its file is damaged. */
export function openVirtualReaders(paths: StationPaths): ReaderHardware {
  const { transport: keyTransport } = openKey(bioKeyFile(paths), 0);
  const readers = createReaderSource(keyTransport);
  return { readers, keyTransport, close: () => readers.close() };
}

function openCard(path: string): PivCard {
  const card = PivCard.fromJSON(readJson(path));
  card.onChange(() => save(path, card));
  return card;
}

function openKey(path: string, matchMs: number): VirtualBioKey {
  // The key counts its assertions; a counter that went back would be refused, so it is on disk before the answer leaves the key.
  const key: VirtualBioKey = VirtualBioKey.fromJSON(readJson(path) as ReturnType<VirtualBioKey['toJSON']>, {
    matchMs,
    onChange: () => save(path, key),
  });
  return key;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new StartRefused(`A virtual device's file cannot be read: ${path}. Remove the demo's data folder to make a new demo.`, 2, error);
  }
}

function save(path: string, device: { toJSON(): unknown }): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(device.toJSON()), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}
