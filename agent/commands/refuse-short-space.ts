/** What a command does where the station's disk has too little room: nothing, before any device is asked. */
import { freeLimits, type StationConfig, type StationPaths } from '../config.ts';
import { shortSentence, shortSpace } from '../log/free-space.ts';
import { StartRefused } from '../refusals.ts';

/** Throws StartRefused, exit code 1, while room is short. */
export async function refuseShortSpace({ log, staging, originals }: StationPaths, config: StationConfig): Promise<void> {
  const limits = freeLimits(config);
  const short = await shortSpace([log, staging, originals], limits);
  if (short !== undefined) throw new StartRefused(shortSentence(short, limits), 1);
}
