/** The key that the log of a station is sealed with: whether it is there, and for its owner alone or in its token. It is not opened. */
import { stationPaths } from '../../config.ts';
import { hasLogKey, inspectLogKey, LogKeyRefused } from '../../log/log-key.ts';
import { LogRefusal } from '../../log/errors.ts';
import { isUnreadable } from '../../log/entry.ts';
import { readLog } from '../../log/readable.ts';
import { keyInToken } from './log-token.ts';
import type { Check, Place } from './report.ts';

const about = { section: 'Operation log', name: 'log key' } as const;

/** Nothing without a station whose log can be read. Never throws for what it finds. */
export async function logKeyOf(place: Place): Promise<Check[]> {
  const { data } = place;
  if (data === undefined) return [];
  const { logKey: file } = stationPaths(data);
  const said = await readLog(data, ({ facts }) => Promise.resolve(facts)).catch((error: unknown) => {
    if (error instanceof LogRefusal || isUnreadable(error)) return undefined;
    throw error;
  });
  if (said === undefined) return [];
  if (said.key === undefined) {
    const found = (await hasLogKey(file)) ? 'there is a file, and the log does not say its key' : 'none: the log is not sealed';
    return [{ ...about, finding: 'warning', found, mend: `countersign log key --make --data ${data}` }];
  }
  if (said.key.wrapping === 'token') return [{ ...about, ...(await keyInToken(data, place)) }];
  try {
    const wrapping = await inspectLogKey(file);
    const found = wrapping === 'none' ? 'not wrapped: whoever reads the disk can sign with it' : 'wrapped by a passphrase';
    return [{ ...about, finding: wrapping === 'none' ? 'note' : 'ok', found }];
  } catch (error) {
    if (!(error instanceof LogKeyRefused)) throw error;
    const mend =
      error.code === 'not-private' ? `make it a file of the station's user alone, mode 0600: ${file}` : 'bring it back from a copy';
    return [{ ...about, finding: 'missing', found: error.message, mend }];
  }
}
