/** The revocation lists of a station: for each issuer that it trusts, and each file in their folder that is not used. */
import { defaultCrlPolicy, readConfig, stationPaths } from '../../config.ts';
import { RevocationFolder } from '../../documents/crl-folder.ts';
import type { RevocationList } from '../../documents/crl-reader.ts';
import { loadTrust } from '../../documents/trust.ts';
import { StartRefused } from '../../refusals.ts';
import type { Check, Place } from './report.ts';

const section = 'Revocation lists';

/** Nothing without a station. Never throws for what it finds. */
export async function revocation({ data, now }: Place): Promise<Check[]> {
  if (data === undefined) return [];
  const config = await readConfig(data).catch((error: unknown) => {
    if (error instanceof StartRefused) return undefined;
    throw error;
  });
  if (config === undefined) return [];
  const paths = stationPaths(data, config);
  const trust = await loadTrust(paths.trust).catch(() => undefined);
  if (trust === undefined) {
    const mend = 'leave only certificates of issuers in it';
    return [{ section, name: 'trusted issuers', finding: 'missing', found: 'their folder cannot be read, or holds something else', mend }];
  }
  const policy = config.crl ?? defaultCrlPolicy;
  const folder = new RevocationFolder(paths.crl, trust, policy);
  await folder.look(new Date(now));
  const lists = new Map(folder.inUse(new Date(now)).map((one) => [one.list.issuerName, one]));
  const issuers = new Set([...trust.roots, ...trust.intermediates].map(({ subjectName }) => subjectName));
  const weight = policy.stale === 'refuse' ? 'warning' : 'note';
  const checks = [...issuers].map((name): Check => {
    const found = lists.get(name);
    if (found === undefined) {
      return {
        section,
        name,
        finding: weight,
        found: 'none: nobody can tell whether its cards were revoked',
        mend: `put its list into ${paths.crl}`,
      };
    }
    const told = describe(found.list);
    if (!found.stale) return { section, name, finding: 'ok', found: told };
    return { section, name, finding: 'warning', found: `${told}: too old`, mend: `put a newer one into ${paths.crl}` };
  });
  const unused = folder.unused().map(({ name, sentence }): Check => {
    return { section, name, finding: 'warning', found: sentence, mend: `take it out of ${paths.crl}` };
  });
  return [...checks, ...unused];
}

function describe({ number, thisUpdate, nextUpdate, revoked }: RevocationList): string {
  const day = (date: Date): string => date.toISOString().slice(0, 10);
  const next = nextUpdate === undefined ? 'no next one promised' : `next by ${day(nextUpdate)}`;
  return `${number === undefined ? 'a list' : `list ${number}`} of ${day(thisUpdate)}, ${next}, ${revoked.size} revoked`;
}
