/** `countersign vouch`: a member of staff signs that they know a holder whose finger cannot be used. Their word counts for one consent of that holder, for a short time. */
import { fieldsOf } from '../log/catalogue.ts';
import type { Fields } from '../log/events.ts';
import { mostVouches } from '../people/vouches.ts';
import { denyVouching, vouchMinutes, vouchUntil } from '../people/vouching.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import type { Desk } from './statement-desk.ts';
import { atDesk, signingHelp, signingOptions } from './statement-desk.ts';
import { enterStatement } from './statement-enter.ts';
import { findHolder, type FoundHolder } from './vouch-holder.ts';

const { identified: identifications, reason: reasons } = fieldsOf.vouch.shape;

const help = `countersign vouch --identified HOW --reason WHY [--holder PREFIX] [--minutes N] [options]

Vouches for a holder whose finger cannot be used, and signs that with the token of the member of staff. When the holder then agrees to sign, no
finger is asked for; card and PIN are, as ever. It serves one consent, under the certificate that it is for, and lapses by itself. The screen tells
the holder, the log and the evidence package tell everybody that no finger was used, who vouched, and how they knew the person. Setting the clock of
the station ends it, and so does putting its computer to sleep while it runs. Clerks and supervisors may vouch, and nobody for themselves.

The station is stopped while this runs, because one program at a time writes the log: vouch first, then start the station, then the holder signs.
It must be allowed in station.json:  "fingerprint": { "vouching": "accept" }

  --identified HOW      how you know the person: ${identifications.options.join(', ')}
  --reason WHY          why no finger: ${reasons.options.join(', ')}
  --holder PREFIX       the enrolled certificate of the holder whose SHA-256 begins so (8 digits or more); without it, the enrolled
                        card that is plugged in beside yours
  --minutes N           how long it counts: ${vouchMinutes.least} to ${vouchMinutes.most}, ${vouchMinutes.usual} where nothing is said
${signingHelp}`;

export const vouch = command(
  {
    name: 'vouch',
    help,
    options: {
      ...signingOptions,
      identified: { type: 'string' },
      reason: { type: 'string' },
      holder: { type: 'string' },
      minutes: { type: 'string', default: String(vouchMinutes.usual) },
    },
  },
  async ({ values }, io) => {
    const identified = oneOf('--identified', identifications.options, values.identified);
    const reason = oneOf('--reason', reasons.options, values.reason);
    const minutes = readMinutes(values.minutes);
    if (values.holder !== undefined && !/^[0-9a-f]{8,64}$/i.test(values.holder))
      throw new WrongUsage(`--holder takes the first 8 to 64 hexadecimal digits of a certificate's SHA-256, and not "${values.holder}".`);
    return atDesk(values, async (desk) => {
      if (desk.config.fingerprint?.vouching !== 'accept')
        throw new StartRefused('Nobody may vouch at this station: station.json does not say "fingerprint": { "vouching": "accept" }.', 1);
      const holder = await findHolder(desk, values.holder);
      const now = new Date();
      mustBeNeeded(desk, holder, now);
      const until = vouchUntil(now, minutes);
      const { certificateSha256, publicKey, subject } = holder;
      const ofStaff = (desk.config.staff ?? []).filter((one) => one.certificateSha256 === certificateSha256).map(({ id }) => id);
      const staff = new Set([...desk.vouches.ownersOf(holder), ...ofStaff]);
      return enterStatement(
        desk,
        {
          draft: { op: 'vouch', subject, holder_certificate_sha256: certificateSha256, identified, reason, until },
          deny: (person) => denyVouching(person, { certificateSha256, publicKey, staff }),
          notes: tellHolder(holder),
          beforeEntry: () => mustCount(now, until),
        },
        values,
        io,
      );
    });
  },
);

function oneOf<T extends Fields<'vouch'>['identified'] | Fields<'vouch'>['reason']>(
  name: string,
  words: readonly T[],
  said: string | undefined,
): T {
  const found = words.find((word) => word === said);
  if (found === undefined) throw new WrongUsage(`${name} takes one of these: ${words.join(', ')}.`);
  return found;
}

function readMinutes(text: string): number {
  const minutes = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (minutes < vouchMinutes.least || minutes > vouchMinutes.most)
    throw new WrongUsage(`--minutes takes a whole number from ${vouchMinutes.least} to ${vouchMinutes.most}, and not "${text}".`);
  return minutes;
}

function mustBeNeeded({ vouches }: Desk, { certificateSha256 }: FoundHolder, now: Date): void {
  const open = vouches.open(now.toISOString());
  const before = open.find((one) => one.certificateSha256 === certificateSha256);
  if (before !== undefined)
    throw new StartRefused(`In entry ${before.seq} ${before.by.id} vouches for this holder already, until ${before.until}.`, 1);
  if (open.length >= mostVouches)
    throw new StartRefused(`${open.length} vouches wait for their holders, and no more are taken until some have lapsed.`, 1);
}

function tellHolder({ certificateSha256, name }: FoundHolder): readonly string[] {
  return [
    `The holder has the certificate ${certificateSha256}${name === undefined ? '' : `, of ${name}`}.`,
    'See that this is the person in front of you. It stands in the log with your pseudonym and your certificate.',
  ];
}

/** Whoever takes long over their PIN does not enter what has lapsed, or what lasts longer than was said because the clock was set. */
function mustCount(from: Date, until: string): Promise<void> {
  const now = new Date();
  if (now >= from && now.toISOString() < until) return Promise.resolve();
  throw new StartRefused('The time that was said for it has passed, or the clock was set. Nothing was entered.', 1);
}
