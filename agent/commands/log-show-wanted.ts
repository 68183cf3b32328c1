/** Which entries the words behind `countersign log show` ask for; a wrong word gets its sentence here. */
import { fieldsOf } from '../log/catalogue.ts';
import { WrongUsage } from './arguments.ts';

/** As it was typed. */
export interface Asked {
  readonly op?: readonly string[] | undefined;
  readonly operation?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly entry?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly tail?: string | undefined;
}

/** What was meant. Numbers and times are inclusive; `to` may lie behind the end of the log. */
export interface Wanted {
  readonly ops?: readonly string[];
  readonly operation?: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly since?: string;
  readonly until?: string;
  readonly from: number;
  readonly to: number;
  /** The one entry that has to be there. */
  readonly entry?: number;
  readonly tail?: number;
}

/** Reads what was typed. Throws WrongUsage. */
export function readWanted(asked: Asked): Wanted {
  for (const op of asked.op ?? [])
    if (!Object.hasOwn(fieldsOf, op))
      throw new WrongUsage(`No entry is of the kind "${op}"; countersign log show --op help lists the kinds.`);
  const { entry, from, to, tail } = {
    entry: number('--entry', asked.entry),
    from: number('--from', asked.from),
    to: number('--to', asked.to),
    tail: number('--tail', asked.tail),
  };
  if (entry !== undefined && (from !== undefined || to !== undefined))
    throw new WrongUsage('--entry names one entry, --from and --to a range; both together mean nothing.');
  if (from !== undefined && to !== undefined && from > to)
    throw new WrongUsage(`--from ${from} lies behind --to ${to}, so no entry is between them.`);
  const since = asked.since === undefined ? undefined : moment('--since', asked.since, 'T00:00:00.000Z');
  const until = asked.until === undefined ? undefined : moment('--until', asked.until, 'T23:59:59.999Z');
  if (since !== undefined && until !== undefined && since > until)
    throw new WrongUsage(`--since ${since} lies behind --until ${until}, so no entry is between them.`);
  return {
    from: entry ?? from ?? 0,
    to: entry ?? to ?? Number.MAX_SAFE_INTEGER,
    ...(asked.op === undefined ? {} : { ops: asked.op }),
    ...(asked.operation === undefined ? {} : { operation: asked.operation }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(entry === undefined ? {} : { entry }),
    ...(tail === undefined ? {} : { tail }),
  };
}

function number(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new WrongUsage(`${option} takes a whole number, and "${text}" is none.`);
  return Number(text);
}

/** A date stands for its first or its last millisecond (UTC). The answer has the form that entries have, so that the two can be compared as text. */
function moment(option: string, text: string, ofDay: string): string {
  const wrong = new WrongUsage(
    `${option} takes a date or a time in RFC 3339, for example 2026-03-01 or 2026-03-01T08:30:00Z, and "${text}" is neither.`,
  );
  const [, date = '', clock, , zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d))?$/.exec(text) ?? [];
  const day = new Date(`${date}T00:00:00.000Z`);
  // 30 February rolls over to March in JavaScript.
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) throw wrong;
  if (clock === undefined) return `${date}${ofDay}`;
  const fraction = /\.(\d{1,3})/.exec(text)?.[1]?.padEnd(3, '0') ?? '000';
  const at = new Date(`${date}T${clock}.${fraction}${zone.toUpperCase()}`);
  // 24:00:00 is no time of RFC 3339, and JavaScript takes it; an offset beyond the first or last year has no four digits any more.
  if (clock.startsWith('24') || Number.isNaN(at.getTime()) || at.toISOString().length !== 24) throw wrong;
  return at.toISOString();
}
