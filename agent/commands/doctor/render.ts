/** Prints a report as text that can be pasted into a mail. */
import { type Check, type Report, type Section, stationCouldWork } from './report.ts';

const sections: readonly Section[] = ['Versions', 'Cards', 'Fingerprint readers', 'Revocation lists', 'Operation log', 'This computer'];

/** The whole report, lines ended by newlines. */
export function renderReport(report: Report): string {
  const wide = Math.max(0, ...report.checks.map(({ name }) => name.length));
  const parts = sections.flatMap((section) => {
    const checks = report.checks.filter((check) => check.section === section);
    return checks.length === 0 ? [] : [[section, ...checks.flatMap((check) => renderCheck(check, wide))].join('\n')];
  });
  return [`Countersign doctor, ${report.at}`, ...parts, verdict(report)].join('\n\n') + '\n';
}

function renderCheck({ finding, name, found, mend }: Check, wide: number): string[] {
  const line = `  ${finding.padEnd(7)}  ${name.padEnd(wide)}  ${found}`;
  return mend === undefined ? [line] : [line, `  ${' '.repeat(7)}  ${' '.repeat(wide)}  to mend it: ${mend}`];
}

function verdict(report: Report): string {
  const names = (finding: Check['finding']): string[] => report.checks.filter((check) => check.finding === finding).map(({ name }) => name);
  const warnings = names('warning');
  const aside = warnings.length === 0 ? '' : ` Worth a look: ${warnings.join(', ')}.`;
  if (stationCouldWork(report)) return `A station could work here.${aside}`;
  return `No station could work here. Missing: ${names('missing').join(', ')}.${aside}`;
}
