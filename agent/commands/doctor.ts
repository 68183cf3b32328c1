/**
 * `countersign doctor`: looks at everything that a station stands on and prints a report that can be pasted into a mail. It only looks: it
 * must never change a thing, touch a card, open a fingerprint reader, or print anything secret or personal.
 */
import { homedir } from 'node:os';
import { parseArgs } from 'node:util';
import { type CommandIo, usageError } from './io.ts';
import { cards } from './doctor/cards.ts';
import { computer } from './doctor/computer.ts';
import { fingerprintReaders } from './doctor/readers.ts';
import { renderReport } from './doctor/render.ts';
import { type Check, type Place, type Report, stationCouldWork } from './doctor/report.ts';
import { versions } from './doctor/versions.ts';

const usage = `Usage: countersign doctor [--data DIR] [--demo] [--json]

Looks at what a station needs and prints a report that can be pasted into a mail: no secrets and no personal data are in it.

  --data DIR  the station's data folder, for free space and the clock
  --demo      judge a demo station, which brings its own virtual card and fingerprint reader
  --json      the report as JSON

Exit code: 0 a station could work here, 1 something essential is missing, 2 wrong usage.
`;

/** Far more than any healthy program takes to say its version, milliseconds. */
const longestMs = 8_000;

/** Asks every probe. Each has its own deadlines; none of them throws for what it finds. */
export async function gather(place: Place): Promise<Report> {
  const found = await Promise.all([versions(place), cards(place), fingerprintReaders(place), computer(place)]);
  return { at: new Date(place.now).toISOString(), checks: found.flat().map(withoutHome) };
}

/** The name of a person's folder is often the name of the person. */
function withoutHome(check: Check): Check {
  const home = homedir();
  const clean = (text: string): string => (home.length > 1 ? text.replaceAll(home, '~') : text);
  return { ...check, found: clean(check.found), ...(check.mend === undefined ? {} : { mend: clean(check.mend) }) };
}

function parse(args: string[]): { data?: string; demo: boolean; json: boolean; help: boolean } {
  const { values } = parseArgs({
    args,
    options: { data: { type: 'string' }, demo: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  const { data, demo = false, json = false, help = false } = values;
  return { demo, json, help, ...(data === undefined ? {} : { data }) };
}

/** The command. Resolves to its exit code; never throws for anything that it finds. */
export async function doctor(args: string[], io: CommandIo): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(args);
  } catch (error) {
    const sentence = usageError(error);
    if (sentence === undefined) throw error;
    io.err(`${sentence}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    io.out(usage);
    return 0;
  }
  const { data, demo, json } = options;
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
}
