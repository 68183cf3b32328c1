/**
 * Makes a demo station: a small authority, cards whose keys it certifies, a bio key with two fingers, and the enrolments that belong to them, all with
 * real keys. It runs only in a data folder that has no station yet.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { installedPath, knownModules } from '../../drivers/pkcs11/known-modules.ts';
import { createReaderSource } from '../../drivers/fido/source.ts';
import type { FingerprintReader, ReaderSource } from '../../drivers/fingerprint.ts';
import { VirtualBioKey } from '../../drivers/virtual/bio-key.ts';
import { createDemoCa, issueRevocationList, type DemoCa } from '../../drivers/virtual/demo-ca.ts';
import { PivCard } from '../../drivers/virtual/piv-card.ts';
import { configDigest, originOf, stationPaths, type StationConfig } from '../config.ts';
import { passphraseRecipient } from '../log/age-keys.ts';
import { appendPersonal } from '../log/personal.ts';
import { type NewStaff, readSealing } from '../log/staff-grants.ts';
import { openStore } from '../log/store.ts';
import { enrolFinger } from '../people/enrol.ts';
import { personalOfEnrolment } from '../people/personal.ts';
import { StartRefused } from '../refusals.ts';
import { makeStation, newConfig } from '../station.ts';
import { software } from '../version.ts';
import { bioKeyFile, cardFile, demoCards, demoStaff, fingers, type DemoCard } from './catalogue.ts';

const dayMs = 86_400_000;

/** Makes the station. Throws StartRefused when there is one already, or OpenSC is not installed. */
export async function makeDemoStation(data: string, port: number): Promise<StationConfig> {
  const opensc = knownModules.find(({ file }) => file === 'opensc-pkcs11.so');
  const path = opensc === undefined ? undefined : installedPath(opensc);
  if (path === undefined) throw new StartRefused('OpenSC is not installed. Install it with: apt-get install opensc opensc-pkcs11');
  const config = newConfig({
    name: 'demo.countersign.example',
    rpId: 'countersign.example',
    port,
    modules: [{ name: 'opensc', path }],
    demo: true,
  });
  await makeStation(data, config, 'unwrapped', { staff: demoStaff.map(demoKeys) });
  const paths = stationPaths(data, config);
  await mkdir(paths.virtual, { recursive: true, mode: 0o700 });
  const trusted = createDemoCa('Countersign Demo CA');
  const foreign = createDemoCa('Somebody Else Demo CA');
  await writeFile(join(paths.trust, 'demo-ca.pem'), trusted.certificate, { mode: 0o600 });
  const key = VirtualBioKey.create({ fingers: fingers.filter(({ enrolled }) => enrolled).map(({ id }) => id) });
  const revoked: Uint8Array[] = [];
  const log = await openStore(paths.log, { software, configDigest: configDigest(config) });
  try {
    const { tiers } = await readSealing(log);
    for (const card of demoCards) {
      const made = await makeCard(card, card.trusted ? trusted : foreign);
      await writeFile(cardFile(paths, card.id), JSON.stringify(made.toJSON()), { mode: 0o600 });
      if (card.revoked === true) revoked.push(made.certificate('9a'), made.certificate('9c'));
      if (!card.enrolled) continue;
      const event = await enrolOn(key, made, config);
      await appendPersonal(log, tiers, [event], { subject: event.subject, fields: personalOfEnrolment(made.certificate('9c')) });
    }
  } finally {
    await log.close();
  }
  await writeFile(join(paths.crl, 'demo-ca.crl'), demoList(trusted, revoked), { mode: 0o600 });
  await writeFile(bioKeyFile(paths), JSON.stringify(key.toJSON()), { mode: 0o600 });
  return config;
}

/** Everybody knows these passphrases: to make guessing them slow would only make the demo slow. */
function demoKeys({ id, role, passphrase }: (typeof demoStaff)[number]): NewStaff {
  return { id, role, recipient: passphraseRecipient(Buffer.from(passphrase, 'utf8'), 10) };
}

function makeCard(card: DemoCard, issuer: DemoCa): Promise<PivCard> {
  const validity = card.expired ? { notBefore: new Date(Date.now() - 800 * dayMs), notAfter: new Date(Date.now() - 30 * dayMs) } : {};
  return PivCard.create({ holder: card.holder, issuer, keys: { '9a': card.keyType, '9c': card.keyType }, pin: card.pin, ...validity });
}

/** Nobody will renew it: the key of the demo's authority is thrown away with this process. */
function demoList(issuer: DemoCa, revoked: readonly Uint8Array[]): Uint8Array {
  const now = Date.now();
  const [thisUpdate, nextUpdate] = [new Date(now - 60_000), new Date(now + 3650 * dayMs)];
  return issueRevocationList(issuer, { revoked, thisUpdate, nextUpdate, revokedAt: new Date(now - 7 * dayMs), number: 1 });
}

/** The virtual ones, and no others. */
const demoReaders = { roots: [], models: new Map<string, string>(), demo: true };

/** The holder lays their finger on the key, the key makes a credential: the same bytes as with a real one. */
async function enrolOn(key: VirtualBioKey, card: PivCard, config: StationConfig) {
  const source = createReaderSource(key.transport);
  const [finger] = key.fingers;
  key.autoTouch(finger);
  try {
    const reader = await firstReader(source);
    const certificateSha256 = createHash('sha256').update(card.certificate('9c')).digest('hex');
    const actor = { id: 'demo-clerk', role: 'clerk' } as const;
    return await enrolFinger({
      reader,
      rpId: config.rpId,
      certificateSha256,
      origin: originOf(config),
      actor,
      accepted: demoReaders,
      at: new Date(),
    });
  } finally {
    key.autoTouch(undefined);
    await source.close();
  }
}

/** Waits for the first look at what is plugged in. */
async function firstReader(source: ReaderSource): Promise<FingerprintReader> {
  for (;;) {
    const [info] = source.readers();
    if (info !== undefined) return source.open(info.id);
    await new Promise<void>((resolve) => {
      const stop = source.watch(() => {
        stop();
        resolve();
      });
    });
  }
}
