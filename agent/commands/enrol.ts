/** `countersign enrol`: ties the finger of a holder, who is present, to the signing certificate on their card. The station must not be running. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError } from '../../drivers/errors.ts';
import type { ReaderSource } from '../../drivers/fingerprint.ts';
import { preferredKeys } from '../../drivers/pkcs11/key-choice.ts';
import type { SigningKey, TokenSource } from '../../drivers/token.ts';
import { RevocationFolder } from '../documents/crl-folder.ts';
import { loadTrust, judgeCertificate } from '../documents/trust.ts';
import { configDigest, defaultCrlPolicy, originOf, readConfig, stationPaths } from '../config.ts';
import { openHardware } from '../hardware.ts';
import { openStationLog } from '../opening.ts';
import type { EventOf } from '../log/events.ts';
import { appendPersonal } from '../log/personal.ts';
import { acceptedReaders } from '../accepted-readers.ts';
import { enrolFinger, ReaderNotAllowed } from '../people/enrol.ts';
import { personalOfEnrolment } from '../people/personal.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { refuseShortSpace } from './refuse-short-space.ts';
import { command, WrongUsage } from './arguments.ts';
import { enrolAsserted, fingersIn, mustTakeStationsWord } from './enrol-asserted.ts';

const help = `countersign enrol [options]

Enrols the finger of a holder for the certificate on their card. Insert the card, plug in the fingerprint reader, then touch it when asked.

  --data DIR          data folder of the station (default ./station)
  --station-asserted  at a reader that does not sign (fprintd): two fingers or more, whose prints this computer keeps. Only where station.json says
                      "fingerprint": {"stationAsserted": "accept"}; that a finger matched is then the word of the station alone
  --fingers A,B       which fingers, in the order in which they will be asked for (default right-index-finger,left-index-finger)
  --replaces SHA256   the certificate of a card before this one, whose prints of the same fingers are deleted: no finger is kept for two certificates
  --help

Exit codes: 0 enrolled, 1 refused (the sentence says why), 2 cannot start.
`;

/** How long card and reader are waited for, milliseconds. */
const waitMs = 60_000;

const options = {
  data: { type: 'string', default: './station' },
  'station-asserted': { type: 'boolean', default: false },
  fingers: { type: 'string' },
  replaces: { type: 'string' },
} as const;

export const enrol = command({ name: 'enrol', help, options }, async ({ values }, io) => {
  const isAsserted = values['station-asserted'];
  if (!isAsserted && (values.fingers ?? values.replaces) !== undefined)
    throw new WrongUsage('--fingers and --replaces go with --station-asserted: a reader that signs has fingers of its own.');
  const fingers = isAsserted ? fingersIn(values.fingers ?? 'right-index-finger,left-index-finger') : [];
  const replaced = values.replaces === undefined ? [] : [values.replaces.toLowerCase()];
  const config = await readConfig(values.data);
  if (isAsserted) mustTakeStationsWord(config);
  const paths = stationPaths(values.data, config);
  await refuseShortSpace(paths, config);
  const { log, sealing, enrolments } = await openStationLog(paths, config, { software, configDigest: configDigest(config) });
  const hardware = await openHardware(config, paths);
  try {
    io.err('Insert the card of the holder.\n');
    const key = await signingKey(hardware.tokens);
    const lists = new RevocationFolder(paths.crl, await loadTrust(paths.trust), config.crl ?? defaultCrlPolicy);
    const judged = judgeCertificate(key.certificate, await lists.trust(new Date()), new Date());
    if (!judged.ok) throw new StartRefused(`The certificate on this card cannot be enrolled: ${judged.problem}.`, 1);
    io.err(`Card of ${judged.holder.name}, issued by ${judged.holder.issuer}.\n`);
    const actor = { id: 'terminal', role: 'clerk' } as const;
    const order = { certificateSha256: key.certificateSha256, actor };
    const append = async (event: EventOf<'enrol'>): Promise<void> => {
      const person = { subject: event.subject, fields: personalOfEnrolment(key.certificate) };
      const [entry] = await appendPersonal(log, sealing.tiers, [event], person);
      io.out(`Enrolled: entry ${entry?.seq ?? log.last().seq} of the log.\n`);
    };
    if (isAsserted) {
      if (hardware.matchers === undefined) throw new StartRefused('No reader that does not sign was looked for.', 1);
      const before = [key.certificateSha256, ...replaced].map((certificate) => enrolments.of(certificate));
      if (before.length > 1 && before[1] === undefined)
        throw new StartRefused(`Nothing is enrolled for the certificate ${replaced[0] ?? ''}.`, 1);
      const reader = await fingerprintReader(hardware.matchers);
      await enrolAsserted({ ...order, reader, fingers, before }, append, io);
      return 0;
    }
    io.err('The holder now touches the fingerprint reader with an enrolled finger.\n');
    const reader = await fingerprintReader(hardware.readers);
    const accepted = await acceptedReaders(paths.readers, config);
    await append(await enrolFinger({ ...order, reader, rpId: config.rpId, origin: originOf(config), accepted, at: new Date() }));
    return 0;
  } catch (error) {
    if (error instanceof DeviceError) throw new StartRefused(`Nothing was enrolled: ${error.message}.`, 1, error);
    if (error instanceof ReaderNotAllowed) {
      const { seq } = await log.append(error.entry);
      throw new StartRefused(`Nothing was enrolled: ${error.message}. It stands in the log as entry ${seq}.`, 1, error);
    }
    throw error;
  } finally {
    await hardware.close();
    await log.close();
  }
});

async function signingKey(tokens: TokenSource): Promise<SigningKey> {
  const [token, second] = await waitFor(() => tokens.tokens(), 'No card was inserted.');
  if (token === undefined || second !== undefined) throw new StartRefused('Two cards are inserted. Leave only the one of the holder.', 1);
  const [key, other] = preferredKeys((await tokens.read(token.id)).keys);
  if (key === undefined) throw new StartRefused('There is no certificate for signing on this card.', 1);
  if (other !== undefined)
    throw new StartRefused('There are several certificates for signing on this card; enrolment at the terminal takes one.', 1);
  return key;
}

async function fingerprintReader<Reader>(readers: Pick<ReaderSource<Reader>, 'readers' | 'open'>): Promise<Reader> {
  const [first, second] = await waitFor(() => readers.readers(), 'There is no fingerprint reader.');
  if (first === undefined || second !== undefined) throw new StartRefused('Two fingerprint readers are plugged in. Leave one.', 1);
  return readers.open(first.id);
}

async function waitFor<T>(look: () => readonly T[], otherwise: string): Promise<readonly T[]> {
  const end = Date.now() + waitMs;
  while (Date.now() < end) {
    const found = look();
    if (found.length > 0) return found;
    await sleep(200);
  }
  throw new StartRefused(otherwise, 1);
}
