/**
 * `countersign doctor`: looks at everything that a station stands on and prints a report that can be pasted into a mail. It only looks: it
 * must never change a thing, log in to a card, open a fingerprint reader, or print anything secret or personal.
 */
import { homedir } from 'node:os';
import { command } from './arguments.ts';
import { cards } from './doctor/cards.ts';
import { computer } from './doctor/computer.ts';
import { readersThatDoNotSign } from './doctor/fprintd.ts';
import { logKeyOf } from './doctor/log-key.ts';
import { fingerprintReaders } from './doctor/readers.ts';
import { renderReport } from './doctor/render.ts';
import { type Check, type Place, type Report, stationCouldWork } from './doctor/report.ts';
import { revocation } from './doctor/revocation.ts';
import { versions } from './doctor/versions.ts';

const help = `countersign doctor [--data DIR] [--demo] [--json]

Looks at what a station needs and prints a report that can be pasted into a mail: no secrets and no personal data are in it.

  --data DIR  the station's data folder, for its modules, revocation lists, log key, free space and the clock
  --demo      judge a demo station, which brings its own virtual card and fingerprint reader
  --json      the report as JSON
  --help

Exit codes: 0 a station could work here, 1 something essential is missing, 2 wrong usage.
`;

/** Far more than any healthy program takes to say its version, milliseconds. */
const longestMs = 8_000;

/** Asks every probe. Each has its own deadlines; none of them throws for what it finds. */
export async function gather(place: Place): Promise<Report> {
  const found = await Promise.all([
    versions(place),
    cards(place),
    fingerprintReaders(place),
    readersThatDoNotSign(place),
    revocation(place),
    logKeyOf(place),
    computer(place),
  ]);
  return { at: new Date(place.now).toISOString(), checks: found.flat().map(withoutHome) };
}

/** The name of a person's folder is often the name of the person. */
function withoutHome(check: Check): Check {
  const home = homedir();
  const clean = (text: string): string => (home.length > 1 ? text.replaceAll(home, '~') : text);
  return { ...check, found: clean(check.found), ...(check.mend === undefined ? {} : { mend: clean(check.mend) }) };
}

/** The command. Resolves to its exit code; never throws for anything that it finds. */
export const doctor = command(
  {
    name: 'doctor',
    help,
    options: { data: { type: 'string' }, demo: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  },
  async ({ values: { data, demo, json } }, io) => {
    const report = await gather({
      root: '/',
      env: process.env,
      demo,
      now: Date.now(),
      ms: longestMs,
      ...(data === undefined ? {} : { data }),
    });
    const works = stationCouldWork(report);
    io.out(
      json
        ? `${JSON.stringify({ format: 'countersign-doctor/1', stationCouldWork: works, ...report }, undefined, 2)}\n`
        : renderReport(report),
    );
    return works ? 0 : 1;
  },
);
