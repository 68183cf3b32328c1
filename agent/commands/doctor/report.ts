/**
 * What the doctor found, as data: gathered by the probes beside this file, printed by `render.ts`. It holds no secret and nothing personal:
 * no host name, no user, no path of a person's folder, no serial number of a device.
 */

/** `missing`: without it no station can work. `warning`: it can, but somebody should know. `note`: neither good nor bad. */
export type Finding = 'ok' | 'note' | 'warning' | 'missing';

export type Section = 'Versions' | 'Cards' | 'Fingerprint readers' | 'Revocation lists' | 'Operation log' | 'This computer';

/** One thing that was looked at. */
export interface Check {
  readonly section: Section;
  readonly name: string;
  readonly finding: Finding;
  /** What was found, one line. */
  readonly found: string;
  /** The command, or the act, that mends it. */
  readonly mend?: string;
}

export interface Report {
  /** RFC 3339, UTC, by this computer's clock. */
  readonly at: string;
  readonly checks: readonly Check[];
}

/** What the probes look at. Tests give another root, environment and clock. */
export interface Place {
  /** Folder that holds proc, sys, dev, etc: `/`. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The station's data folder, where one was named. */
  readonly data?: string;
  /** A demo station brings its own card service and virtual devices. */
  readonly demo: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Longest time that any one question may take, milliseconds. */
  readonly ms: number;
}

/** True when nothing essential is missing. */
export function stationCouldWork(report: Report): boolean {
  return report.checks.every(({ finding }) => finding !== 'missing');
}
