/** How sealed fields are shown beside their entries, and `log show --unseal`. */
import type { Op } from '../log/events.ts';
import type { SealRefusalCode } from '../log/sealing.ts';
import { mostRead, unseal, type Unsealed } from '../log/unsealing.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import { entryLine } from './log-sentences.ts';
import type { Wanted } from './log-show-wanted.ts';
import { withStaff } from './staff-session.ts';

/** Why whoever reads what is sealed needs the log for themselves. */
export const whyAlone = 'whoever reads what is sealed leaves an entry in the log';

const refusals: Readonly<Record<SealRefusalCode | 'locked', string>> = {
  erased: 'erased',
  locked: 'not open to this person',
  missing: 'DOES NOT OPEN: it is missing',
  moved: 'DOES NOT OPEN: it belongs to another entry',
  'ciphertext-changed': 'DOES NOT OPEN: it was changed',
  'not-authentic': 'DOES NOT OPEN: it or its key was changed',
  padding: 'DOES NOT OPEN: it was not written by this software',
  'not-committed': 'DOES NOT OPEN: it is not what the entry commits to',
};

/** A PIN of a key is for the command that uses it: a screen is no place for it. */
const keptBack = 'kept for countersign reader, and not shown';

function holdsPin({ event }: Unsealed['entry']): boolean {
  return event.op === 'reader-pin';
}

/** Lines for a person: whom it is about, and one for each tier. What comes from outside is quoted, so that it cannot dress up as the log's words. */
export function readingLines({ entry, subject, readings }: Unsealed): readonly string[] {
  const lines = readings.map((reading) => {
    const text =
      'refused' in reading
        ? refusals[reading.refused]
        : holdsPin(entry)
          ? keptBack
          : Object.entries(reading.fields)
              .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
              .join(', ');
    return line(reading.tier, text);
  });
  return subject === undefined ? lines : [line('person', subject), ...lines];
}

function line(what: string, text: string): string {
  return `        ${what.padEnd(11)}  ${text}`;
}

/** One JSON object for an entry with sealed fields. */
export function readingJson({ entry, subject, readings }: Unsealed): string {
  const opened = readings.flatMap((reading) =>
    'fields' in reading ? [[reading.tier, holdsPin(entry) ? { kept: keptBack } : reading.fields] as const] : [],
  );
  const closed = readings.flatMap((reading) => ('refused' in reading ? [[reading.tier, reading.refused] as const] : []));
  const { seq, leaf } = entry;
  return JSON.stringify({ seq, leaf, op: entry.event.op, subject, opened: Object.fromEntries(opened), closed: Object.fromEntries(closed) });
}

/** Which entries to show, and to whom. */
export interface UnsealOrder {
  readonly data: string;
  readonly staff: string;
  readonly identity: string | undefined;
  readonly wanted: Wanted;
  readonly json: boolean;
}

/** Shows entries with what is sealed in them, as JSON only those that have something. Throws StartRefused. */
export async function showUnsealed(order: UnsealOrder, io: CommandIo): Promise<number> {
  const { data, staff, identity: file, json } = order;
  const { ops, operation, from, to, tail, since = '', until = '~' } = order.wanted;
  return withStaff(data, { id: staff, file, why: whyAlone }, async ({ log, person, tiers }) => {
    const filter = {
      from,
      to,
      ...(operation === undefined ? {} : { operation }),
      ...(ops === undefined ? {} : { op: ops as readonly Op[] }),
    };
    const limit = tail ?? mostRead + 1;
    // Times stand in the bodies alone: who asks for them has every entry looked at.
    const timed = order.wanted.since !== undefined || order.wanted.until !== undefined;
    const newest = await log.entries({ ...filter, newestFirst: true, ...(timed ? {} : { limit }) });
    const entries = newest.filter(({ at }) => at.time >= since && at.time <= until).slice(0, limit);
    if (entries.length > mostRead)
      throw new StartRefused(
        `There are more than ${mostRead} entries. Choose some with --tail, --op, --operation, --from and --to, or times.`,
      );
    for (const one of await unseal({ log, person, tiers }, entries.toReversed())) {
      if (json && one.readings.length > 0) io.out(readingJson(one));
      if (!json) for (const text of [entryLine(one.entry), ...readingLines(one)]) io.out(text);
    }
    return 0;
  });
}
