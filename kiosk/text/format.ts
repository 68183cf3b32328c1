/** Numbers, sizes, dates and plurals in the person's language, by Intl alone. */
import type { Language } from './catalogue.ts';

/** Forms of a counted noun; languages with more plurals add theirs. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

/** The form for this count, with `#` replaced by the number as shown. */
export function plural(language: Language, count: number, shown: string, forms: Forms): string {
  const form = forms[new Intl.PluralRules(language).select(count)] ?? forms.other;
  return form.replace('#', shown);
}

export function formatNumber(language: Language, value: number): string {
  return new Intl.NumberFormat(language).format(value);
}

/** Number of an entry: it names one thing, so it is not grouped like an amount. */
export function formatEntry(language: Language, entry: number): string {
  return new Intl.NumberFormat(language, { useGrouping: false }).format(entry);
}

/** Size of a file for a person: kilobytes and megabytes of 1000, two digits at most. */
export function formatSize(language: Language, bytes: number): string {
  const unit = bytes < 1000 ? 'byte' : bytes < 1_000_000 ? 'kilobyte' : 'megabyte';
  const value = unit === 'byte' ? bytes : unit === 'kilobyte' ? bytes / 1000 : bytes / 1_000_000;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: unit === 'byte' ? 'long' : 'short',
    maximumFractionDigits: value < 10 && unit !== 'byte' ? 1 : 0,
  }).format(value);
}

/** How long ago an RFC 3339 time is, in whole days: today, yesterday, 3 days ago. */
export function formatAge(language: Language, at: string, now: number): string {
  const days = Math.max(0, Math.floor((now - Date.parse(at)) / 86_400_000));
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-days, 'day');
}

/** Day of an RFC 3339 time, written out. */
export function formatDay(language: Language, at: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(at));
}

/** Day, time to the second, and the zone's name: a time without its zone proves nothing. */
export function formatTime(language: Language, at: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(new Date(at));
}
