/** Where a statement is entered at the terminal: the station with its log held open, so that no agent runs beside it, and what waits for a second person. */
import { configDigest, stationPaths, type StationConfig, type StationPaths } from '../config.ts';
import { Confirmations, confirmationOps } from '../log/confirmations.ts';
import type { LogStore } from '../log/store.ts';
import { openStationLog } from '../opening.ts';
import type { Vouches } from '../people/vouches.ts';
import { StartRefused } from '../refusals.ts';
import { software } from '../version.ts';
import { virtualBench } from './token-test/virtual-bench.ts';
import { lookAround, type Surroundings } from './tokens/surroundings.ts';

/** What every command of this kind is called with besides. */
export const signingOptions = {
  data: { type: 'string', default: './station' },
  certificate: { type: 'string' },
  card: { type: 'string' },
  yes: { type: 'boolean', default: false },
  'last-try': { type: 'boolean', default: false },
} as const;

export interface SigningValues {
  readonly data: string;
  readonly certificate?: string | undefined;
  readonly card?: string | undefined;
  readonly yes: boolean;
  readonly 'last-try': boolean;
}

export const signingHelp = `  --data DIR            data folder of the station (default ./station); the station must not be running
  --certificate PREFIX  the certificate whose SHA-256 begins so, where several are plugged in
  --yes                 the person has agreed already; where there is no terminal the PIN is read as one line from the standard input
  --last-try            also where the token has one try left
  --card ID             in a demo station: which of its virtual cards is put in (ada, grace, ...)
  --help

The person signs with their own token. Who belongs to the staff stands under "staff" in station.json:
  "staff": [{ "id": "clerk-7", "role": "clerk", "certificateSha256": "<64 digits, see countersign tokens>" }]

Exit codes: 0 entered, 1 refused (the sentence says why), 2 cannot start.
`;

export interface Desk {
  readonly config: StationConfig;
  readonly paths: StationPaths;
  readonly around: Surroundings;
  readonly log: LogStore;
  /** What was asked for, as the log says. */
  readonly asked: Confirmations;
  /** For whom a member of staff vouches. */
  readonly vouches: Vouches;
  /** Variables for the hosts of the modules. */
  readonly env: Readonly<Record<string, string>>;
}

/** Lends the desk for as long as `use` runs. Throws StartRefused when the station cannot be used or an agent runs on it. */
export async function atDesk<T>(values: SigningValues, use: (desk: Desk) => Promise<T>): Promise<T> {
  const around = await lookAround(values.data, new Date());
  const { station } = around;
  if (station === undefined) throw new StartRefused(`There is no station in ${values.data}.`);
  const { config, data } = station;
  const paths = stationPaths(data, config);
  const { log, vouches } = await openStationLog(paths, config, { software, configDigest: configDigest(config) });
  try {
    const bench = await virtualBench(station, values.card);
    try {
      const asked = new Confirmations();
      for (const entry of await log.entries({ op: confirmationOps })) asked.take(entry);
      return await use({ config, paths, around, log, asked, vouches, env: bench.env });
    } finally {
      await bench.close();
    }
  } finally {
    await log.close();
  }
}
