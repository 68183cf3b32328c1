/** `countersign restore`: after the loss of a disk the log is carried on in a new epoch, from what went out in bundles. Nothing of the old station is written over. */
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { originOf, parseConfig, stationPaths, type StationConfig } from '../config.ts';
import { stationActor } from '../log/appender.ts';
import { headOfficeTaken } from '../log/bundle/head-office.ts';
import { toHex } from '../log/entry.ts';
import type { EventOf } from '../log/events.ts';
import { checkParts, type FoundBundle } from '../log/verify/bundle-folder.ts';
import { inOrder, verifyBundles } from '../log/verify-bundles.ts';
import type { Verification } from '../log/verify.ts';
import { CarriedEnrolments } from '../people/carried.ts';
import { StartRefused } from '../refusals.ts';
import { makeStation } from '../station.ts';
import { command, WrongUsage } from './arguments.ts';
import { findBundles, inWords, withIdentities } from './bundle-paths.ts';
import type { CommandIo } from './io.ts';
import { readKey } from './kept-elsewhere.ts';
import { credentialName, passphraseToMake } from './log-passphrase.ts';

const help = `countersign restore --from PATH... --identity FILE [--data DIR] [options]

Makes a station anew after its disk was lost, from bundles that went out before: its configuration, and a log of a new epoch with a new
key, which names the head of the old one. Enrolments are carried over, so that holders go on signing. The bundles are verified first; together
they must hold the whole old log, and what is missing between them is named. The passphrase of the new key is the systemd
credential ${credentialName}, or is asked at the terminal.

  --from PATH          a drive, its folder COUNTSGN/<STATION> (the newest export), or a manifest in it; several may be given
  --identity FILE      the age identity of head office, for as long as this takes; may be given several times
  --data DIR           data folder of the new station: new or empty (default ./station)
  --epoch N            number of the new epoch, where one after the bundle's was begun already and lost too
  --anchor PATH        the anchor file of the new log: a new file, best on another disk; that of the old station stays as it is
                       (default: as the old station had it)
  --key VKEY           the key of the old log as it was brought from elsewhere
  --unwrapped-log-key  the new key of the log lies on the disk without a passphrase
  --help

Exit codes: 0 made, 1 the bundles are broken or something is missing between them, 2 not made (the sentence says why).`;

export const restore = command(
  {
    name: 'restore',
    help,
    options: {
      from: { type: 'string', multiple: true, default: [] },
      identity: { type: 'string', multiple: true, default: [] },
      data: { type: 'string', default: './station' },
      epoch: { type: 'string' },
      anchor: { type: 'string' },
      key: { type: 'string' },
      'unwrapped-log-key': { type: 'boolean', default: false },
    },
    takesWords: true,
  },
  async ({ values, words }, io) => {
    const paths = [...values.from, ...words];
    if (values.from.length === 0) throw new WrongUsage('Name the bundles: countersign restore --from PATH --identity FILE.');
    if (values.identity.length === 0) throw new WrongUsage('Bundles are opened with the identity of head office: --identity FILE.');
    await mustBeEmpty(values.data);
    const known = values.key === undefined ? undefined : readKey(values.key);
    const old = await withIdentities(values.identity, (identities) =>
      inWords(async () => read(await findBundles(paths, known), identities)),
    );
    const config = nextEpoch(old, values);
    const wrapping = values['unwrapped-log-key'] ? 'unwrapped' : () => passphraseToMake('--unwrapped-log-key');
    const enrolments = old.enrolments.events();
    await makeStation(values.data, config, wrapping, {
      then: (key) => [restored(old.newest), key, headOfficeTaken(old.newest.manifest.recipient), ...enrolments],
    });
    tell(old, config, enrolments.length, values.data, io);
    return 0;
  },
);

interface OldLog {
  readonly newest: FoundBundle;
  /** Those that another one holds whole. */
  readonly useless: readonly FoundBundle[];
  readonly result: Verification;
  /** `station.json` of the newest bundle. */
  readonly config: string;
  readonly enrolments: CarriedEnrolments;
}

/** Verifies all bundles. Throws StartRefused with the exit code 1, Wrong, and Unreadable. */
async function read(found: readonly FoundBundle[], identities: readonly Uint8Array[]): Promise<OldLog> {
  const bundles = inOrder(found);
  for (const one of bundles) await checkParts(one);
  const enrolments = new CarriedEnrolments();
  let config = '';
  const result = await verifyBundles(bundles, identities, {
    use: (item) => {
      if (item.kind === 'row') enrolments.take(item.row);
      else if (item.name === 'station.json') config = Buffer.from(item.bytes).toString('utf8');
    },
  });
  if (result.verdict === 'broken') throw new StartRefused(`The station is not made: ${result.bad?.sentence ?? ''}.`, 1, result.cause);
  if (result.verdict === 'unreadable') {
    const why = result.cause instanceof Error ? result.cause.message : '';
    throw new StartRefused(`The station is not made: ${why}.`, 2, result.cause);
  }
  const newest = bundles.at(-1);
  if (newest === undefined) throw new StartRefused('There is no bundle.');
  const useless = bundles.filter((one) =>
    bundles.some((other) => other !== one && other.manifest.from <= one.manifest.from && other.manifest.size >= one.manifest.size),
  );
  return { newest, useless, result, config, enrolments };
}

/** The configuration of the old station with a later epoch. Throws StartRefused. */
function nextEpoch({ newest, config: text }: OldLog, { epoch, anchor }: { epoch?: string; anchor?: string }): StationConfig {
  // The new key lies in a file, also where the old one was in a token that is lost or must not be used again.
  const old = { ...parseConfig(text, 'station.json in the bundle') };
  delete old.logKey;
  const config = anchor === undefined ? old : { ...old, anchor: resolve(anchor) };
  if (originOf(config) !== newest.manifest.origin)
    throw new StartRefused(`The bundle holds the configuration of ${originOf(config)}, and it is of ${newest.manifest.origin}.`, 1);
  if (epoch === undefined) return { ...config, epoch: config.epoch + 1 };
  if (!/^[1-9]\d{0,8}$/.test(epoch) || Number(epoch) <= config.epoch)
    throw new WrongUsage(`--epoch takes a number above ${config.epoch}, which is that of the old log, and not "${epoch}".`);
  return { ...config, epoch: Number(epoch) };
}

function restored({ manifest: { origin, size, root, sha256, publicKey } }: FoundBundle): EventOf<'restore'> {
  const head = { origin, size, root: toHex(root), manifest_sha256: sha256, public_key: toHex(publicKey) };
  return { op: 'restore', actor: stationActor, ...head };
}

function tell({ newest, useless, result }: OldLog, config: StationConfig, enrolled: number, data: string, io: CommandIo): void {
  const { origin, size } = newest.manifest;
  io.out(
    `Station ${config.name} is made anew in ${stationPaths(data).data}. Its log is ${originOf(config)} and carries on ${origin} after ${size} entries.`,
  );
  for (const one of useless) io.out(`${one.name} adds nothing: another bundle holds all of its entries.`);
  io.out(`What was recorded behind entry ${size - 1} stands in none of the bundles and is lost.`);
  if (result.openIntents.length > 0)
    io.out(
      `Signatures that had been begun and not ended in the bundle: entry ${result.openIntents.join(', ')}. Nobody can tell here how they ended.`,
    );
  io.out(`${enrolled} enrolments were carried over.`);
  io.out(`Names are not sealed, and so stand nowhere in the log, until keys for that are made: countersign log staff make --data ${data}`);
  io.out(
    `Next: put issuer certificates into ${stationPaths(data, config).trust}, give head office the new key (countersign log key --data ${data}), delete the identity here, then countersign start --data ${data}`,
  );
}

async function mustBeEmpty(data: string): Promise<void> {
  const names = await readdir(data).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'ENOENT') return [];
    throw new StartRefused(code === 'ENOTDIR' ? `${data} is not a folder.` : `${data} cannot be read (${code}).`, 2, cause);
  });
  if (names.length > 0)
    throw new StartRefused(`${data} is not empty. A station is made anew in a folder of its own, and nothing was changed.`);
}
