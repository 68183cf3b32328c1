/** When something happened, as a person types it: a day, a moment, or two of them. Pure. */
import { WrongUsage } from './arguments.ts';

/** RFC 3339, UTC, milliseconds. */
export interface Occurred {
  readonly from: string;
  readonly to: string;
}

const day = /^\d{4}-\d{2}-\d{2}$/;
const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const dayMs = 86_400_000;

/**
 * Reads `FROM` or `FROM/TO`. A day is the whole day in UTC, and of a day that has not ended what has passed of it. Throws WrongUsage for what is no time,
 * ends before it begins, or has not happened yet.
 */
export function readOccurred(text: string, now: Date): Occurred {
  const [first = '', second = first, ...more] = text.split('/');
  if (more.length > 0) throw new WrongUsage(wrong(text));
  const [from, last] = [beginOf(first), beginOf(second)];
  // A day that has begun counts as far as it has passed; one that has not lies ahead as a whole.
  const to = day.test(second) && last <= now.getTime() ? Math.min(last + dayMs - 1, now.getTime()) : last;
  if (Number.isNaN(from) || Number.isNaN(to)) throw new WrongUsage(wrong(text));
  if (from > now.getTime() || to > now.getTime())
    throw new WrongUsage(`--occurred ${text} has not happened yet, by the clock of this station.`);
  if (from > to) throw new WrongUsage(`--occurred ${text} ends before it begins.`);
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

function beginOf(text: string): number {
  if (!day.test(text)) return moment.test(text) ? Date.parse(text) : Number.NaN;
  const begin = Date.parse(`${text}T00:00:00.000Z`);
  // The 30th of February is the 2nd of March to Date.
  return !Number.isNaN(begin) && new Date(begin).toISOString().startsWith(text) ? begin : Number.NaN;
}

function wrong(text: string): string {
  return `--occurred takes a day (2026-01-31), a time (2026-01-31T14:30Z, 2026-01-31T14:30+02:00) or two of them with a slash between, and not "${text}".`;
}
