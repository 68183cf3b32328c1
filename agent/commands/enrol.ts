/** `countersign enrol`: makes a fingerprint key ready for a holder, who is present, and ties it to the signing certificate on their card. The station must not be running. */
import { type DeviceError, isDeviceError } from '../../drivers/errors.ts';
import type { FingerprintReader } from '../../drivers/fingerprint.ts';
import { fewestFingers } from '../../drivers/fido/enrolment.ts';
import { preferredKeys } from '../../drivers/pkcs11/key-choice.ts';
import type { SigningKey, TokenSource } from '../../drivers/token.ts';
import { acceptedReaders } from '../accepted-readers.ts';
import { configDigest, defaultCrlPolicy, originOf, readConfig, stationPaths } from '../config.ts';
import { RevocationFolder } from '../documents/crl-folder.ts';
import { loadTrust, judgeCertificate } from '../documents/trust.ts';
import { openHardware, type Hardware, type ReaderHardware } from '../hardware.ts';
import type { EventOf } from '../log/events.ts';
import { appendPersonal } from '../log/personal.ts';
import { openStationLog, type OpenedLog } from '../opening.ts';
import { enrolFinger, ReaderNotAllowed, type EnrolmentOrder } from '../people/enrol.ts';
import { personalOfEnrolment } from '../people/personal.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { type Command, command, WrongUsage } from './arguments.ts';
import { enrolAsserted, fingersIn, mustTakeStationsWord } from './enrol-asserted.ts';
import { beginAnew, readyKey } from './enrol-ready-key.ts';
import { interruptible } from './interruption.ts';
import type { CommandIo } from './io.ts';
import { deviceWords } from './reader-words.ts';
import { oneReader } from './reader-plugged-in.ts';
import { refuseShortSpace } from './refuse-short-space.ts';
import { waitFor } from './wait-for.ts';

/** Short: some keys keep no more than 15 bytes of a name. */
const usualFingers = ['right index', 'left index'];
const assertedFingers = ['right-index-finger', 'left-index-finger'];

const help = `countersign enrol [options]

Enrols a holder, who is present, for the certificate on their card. Insert the card and plug in a fingerprint key as it comes from the factory. The
key gets a random PIN, which is sealed in the log for supervisors and auditors before the key has it, and which nobody ever types; then the holder
lays on two fingers, sample by sample, and touches the key once more, so that it makes the credential that signatures are tied to. A model that is
not allowed here is refused before anything is done to it, and so is a key that has a PIN or fingers already: countersign reader reset.

  --data DIR          data folder of the station (default ./station)
  --finger NAME       name of a finger; given twice or more often (default: ${usualFingers.map((name) => `"${name}"`).join(' and ')})
  --station-asserted  at a reader that does not sign (fprintd): two fingers or more, whose prints this computer keeps. Only where station.json says
                      "fingerprint": {"stationAsserted": "accept"}; that a finger matched is then the word of the station alone. Fingers are asked
                      for in the order of --finger (default: ${assertedFingers.join(' and ')})
  --replaces SHA256   with that: the certificate of a card before this one, whose prints of the same fingers are deleted: no finger is kept for two
                      certificates
  --help

Ctrl+C stops it at any time, and says what the key is like then.

Exit codes: 0 enrolled, 1 refused (the sentence says why), 2 cannot start.
`;

/** Opens the devices of a station. */
export type OpenDevices = (...station: Parameters<typeof openHardware>) => Promise<Hardware & ReaderHardware>;

const options = {
  data: { type: 'string', default: './station' },
  finger: { type: 'string', multiple: true },
  'station-asserted': { type: 'boolean', default: false },
  replaces: { type: 'string' },
} as const;

/** The command over devices of one's own and another way to stop it, where those of the station are not meant. */
export function enrolWith(open: OpenDevices, stoppable: typeof interruptible): Command {
  return command({ name: 'enrol', help, options }, async ({ values }, io) => {
    const { data, replaces } = values;
    const isAsserted = values['station-asserted'];
    if (!isAsserted && replaces !== undefined) throw new WrongUsage('--replaces goes with --station-asserted.');
    const names = values.finger ?? (isAsserted ? assertedFingers : usualFingers);
    if (names.length < fewestFingers || new Set(names).size < names.length)
      throw new WrongUsage(`--finger is given for at least ${fewestFingers} fingers, each with a name of its own.`);
    const prints = isAsserted ? { fingers: fingersIn(names), replaces: replaces?.toLowerCase() } : undefined;
    const config = await readConfig(data);
    if (isAsserted) mustTakeStationsWord(config);
    const paths = stationPaths(data, config);
    await refuseShortSpace(paths, config);
    const accepted = await acceptedReaders(paths.readers, config);
    const opened = await openStationLog(paths, config, { software, configDigest: configDigest(config) });
    try {
      const hardware = await open(config, paths);
      try {
        const trust = new RevocationFolder(paths.crl, await loadTrust(paths.trust), config.crl ?? defaultCrlPolicy);
        const station = { rpId: config.rpId, origin: originOf(config), demo: config.demo, accepted, data, opened, trust };
        return await stoppable((signal) => {
          if (prints !== undefined) return enrolAtMatcher(station, hardware, prints, io, signal);
          return enrolHolder(station, hardware, names, io, signal);
        });
      } finally {
        await hardware.close();
      }
    } catch (error) {
      if (isDeviceError(error)) throw refused(error);
      if (!(error instanceof ReaderNotAllowed)) throw error;
      const { seq } = await opened.log.append(error.entry);
      throw new StartRefused(`Nothing was enrolled: ${error.message}. It stands in the log as entry ${seq}.`, 1, error);
    } finally {
      await opened.log.close();
    }
  });
}

export const enrol = enrolWith(openHardware, interruptible);

/** Whoever sits at the terminal. */
const actor = { id: 'terminal', role: 'clerk' } as const;

interface EnrollingStation extends Pick<EnrolmentOrder, 'rpId' | 'origin' | 'accepted'> {
  readonly demo: boolean;
  readonly data: string;
  readonly opened: OpenedLog;
  readonly trust: RevocationFolder;
}

async function enrolHolder(
  station: EnrollingStation,
  { tokens, readers, keyTransport }: Hardware & ReaderHardware,
  names: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const { rpId, origin, accepted, demo, data, trust } = station;
  const { log, sealing } = station.opened;
  const { certificate, certificateSha256 } = await holderKey(tokens, trust, io, signal);
  const { id: readerId } = await oneReader(readers, io, signal);
  const ready = await readyKey({ keyTransport, readerId, demo, accepted, log, sealing, certificateSha256, actor, names, data, io, signal });
  io.err('The holder now touches the fingerprint reader with an enrolled finger.');
  let reader: FingerprintReader | undefined;
  try {
    reader = await readers.open(readerId);
    const order = { reader, rpId, certificateSha256, origin, actor, accepted, at: new Date() };
    const event = await touched(ready === undefined ? order : { ...order, subject: ready }, io, signal);
    await enter(station.opened, event, certificate, io);
    return 0;
  } catch (error) {
    throw isDeviceError(error)
      ? refused(error, ready === undefined ? '' : ` The key has its PIN and its fingers. ${beginAnew(data)}`)
      : error;
  } finally {
    await reader?.close();
  }
}

interface WantedPrints {
  readonly fingers: ReturnType<typeof fingersIn>;
  /** SHA-256 of the certificate whose prints go. */
  readonly replaces: string | undefined;
}

/** At a reader that does not sign: the prints are kept by this computer. */
async function enrolAtMatcher(
  { opened, trust }: EnrollingStation,
  { tokens, matchers }: Hardware,
  { fingers, replaces }: WantedPrints,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  if (matchers === undefined) throw new StartRefused('No reader that does not sign was looked for.', 1);
  const { certificate, certificateSha256 } = await holderKey(tokens, trust, io, signal);
  const replaced = replaces === undefined ? undefined : opened.enrolments.of(replaces);
  if (replaces !== undefined && replaced === undefined) throw new StartRefused(`Nothing is enrolled for the certificate ${replaces}.`, 1);
  const reader = await matchers.open((await oneReader(matchers, io, signal)).id);
  const before = [opened.enrolments.of(certificateSha256), replaced];
  await enrolAsserted({ certificateSha256, actor, reader, fingers, before }, (event) => enter(opened, event, certificate, io), io, signal);
  return 0;
}

/** The key on the card of the holder, whose certificate counts here now. Throws StartRefused. */
async function holderKey(tokens: TokenSource, trust: RevocationFolder, io: CommandIo, signal: AbortSignal): Promise<SigningKey> {
  io.err('Insert the card of the holder.');
  const key = await signingKey(tokens, signal);
  const judged = judgeCertificate(key.certificate, await trust.trust(new Date()), new Date());
  if (!judged.ok) throw new StartRefused(`The certificate on this card cannot be enrolled: ${judged.problem}.`, 1);
  io.err(`Card of ${judged.holder.name}, issued by ${judged.holder.issuer}.`);
  return key;
}

async function enter({ log, sealing }: OpenedLog, event: EventOf<'enrol'>, certificate: Uint8Array, io: CommandIo): Promise<void> {
  const person = { subject: event.subject, fields: personalOfEnrolment(certificate) };
  const [entry] = await appendPersonal(log, sealing.tiers, [event], person);
  io.out(`Enrolled: entry ${entry?.seq ?? log.last().seq} of the log.`);
}

/** A finger that was not recognised is laid on again by the holder, who is told, until the key has no tries left. */
async function touched(order: EnrolmentOrder, io: CommandIo, signal: AbortSignal): ReturnType<typeof enrolFinger> {
  for (;;) {
    try {
      return await enrolFinger(order, { signal });
    } catch (error) {
      if (!isDeviceError(error) || error.code !== 'not-matched') throw error;
      io.err(`${deviceWords(error)} Touch it again.`);
    }
  }
}

function refused(error: DeviceError, more = ''): StartRefused {
  return new StartRefused(`Nothing was enrolled. ${deviceWords(error)}${more}`, 1, error);
}

async function signingKey(tokens: TokenSource, signal: AbortSignal): Promise<SigningKey> {
  const [token, second] = await waitFor(() => tokens.tokens(), 'No card was inserted.', signal);
  if (token === undefined || second !== undefined) throw new StartRefused('Two cards are inserted. Leave only the one of the holder.', 1);
  const [key, other] = preferredKeys((await tokens.read(token.id)).keys);
  if (key === undefined) throw new StartRefused('There is no certificate for signing on this card.', 1);
  if (other !== undefined)
    throw new StartRefused('There are several certificates for signing on this card; enrolment at the terminal takes one.', 1);
  return key;
}
