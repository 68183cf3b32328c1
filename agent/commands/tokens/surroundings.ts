/** What tokens are judged by: the station that was named, or the one in this folder, or none. It only reads, also while an agent runs there. */
import { stat } from 'node:fs/promises';
import { installedModules } from '../../../drivers/pkcs11/known-modules.ts';
import type { ModuleConfig } from '../../../drivers/pkcs11/source.ts';
import { defaultCrlPolicy, readConfig, stationPaths, takesStationsWord, type StationConfig, type StationPaths } from '../../config.ts';
import { RevocationFolder } from '../../documents/crl-folder.ts';
import { loadTrust, type Trust } from '../../documents/trust.ts';
import { openForReading } from '../../log/database.ts';
import { isUnreadable, readEntry } from '../../log/entry.ts';
import { LogRefusal } from '../../log/errors.ts';
import { checkTables, readRows } from '../../log/schema.ts';
import { databaseFile } from '../../log/store.ts';
import { Enrolments } from '../../people/enrolment.ts';

export interface Surroundings {
  readonly station?: { readonly data: string; readonly config: StationConfig };
  readonly modules: readonly ModuleConfig[];
  /** Absent where nobody can judge it; `notJudged` says why. */
  readonly trust?: Trust;
  readonly enrolments?: Enrolments;
  /** Sentences about what was not judged. */
  readonly notJudged: readonly string[];
}

const usualFolder = './station';

/** The folder of the station that a call means: the named one, or the usual one where there is a station in it. */
export async function stationFolder(named: string | undefined): Promise<string | undefined> {
  if (named !== undefined) return named;
  return stat(stationPaths(usualFolder).config).then(
    () => usualFolder,
    () => undefined,
  );
}

/** Throws StartRefused when the station that was named has no configuration that can be used. */
export async function lookAround(named: string | undefined, at: Date): Promise<Surroundings> {
  const data = await stationFolder(named);
  if (data === undefined) {
    const sentence = 'Trust and enrolment were not judged: no station was named (--data DIR), and there is none in ./station.';
    return { modules: installedModules(), notJudged: [sentence] };
  }
  const config = await readConfig(data);
  const paths = stationPaths(data, config);
  const [trust, enrolments] = await Promise.all([readTrust(paths, config, at), readEnrolments(paths.log, config)]);
  const notJudged = [trust, enrolments].filter((found) => typeof found === 'string');
  if (config.demo) notJudged.push('This is a demo station: its virtual cards are seen only by the agent that runs it.');
  return {
    station: { data, config },
    modules: config.modules,
    ...(typeof trust === 'string' ? {} : { trust }),
    ...(typeof enrolments === 'string' ? {} : { enrolments }),
    notJudged,
  };
}

async function readTrust({ trust: folder, crl }: StationPaths, config: StationConfig, at: Date): Promise<Trust | string> {
  try {
    return await new RevocationFolder(crl, await loadTrust(folder), config.crl ?? defaultCrlPolicy).trust(at);
  } catch (error) {
    return `Trust was not judged: the trust folder cannot be used (${error instanceof Error ? error.message : String(error)}).`;
  }
}

/** The enrolments as the log says. Nothing is checked but what is needed to read it; `log verify` does that. */
async function readEnrolments(directory: string, config: StationConfig): Promise<Enrolments | string> {
  const file = databaseFile(directory);
  try {
    const database = await openForReading(file);
    try {
      await checkTables(database, file);
      const enrolments = new Enrolments({ takesStationsWord: takesStationsWord(config) });
      for await (const row of readRows(database, file)) enrolments.take(readEntry(row).event);
      return enrolments;
    } finally {
      await database.close();
    }
  } catch (error) {
    if (!(error instanceof LogRefusal) && !isUnreadable(error)) throw error;
    return `Enrolment was not judged: the operation log cannot be read (${error instanceof Error ? error.message : ''}).`;
  }
}
