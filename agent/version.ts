/** Name and version of this software, as every entry of the log names it. */
import { readFileSync } from 'node:fs';

/** package.json lies one folder above the sources and two above the build. */
function packageVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as { name?: string; version?: string };
      if (name === 'countersign' && version !== undefined) return version;
    } catch {
      continue;
    }
  }
  throw new Error('package.json of countersign is missing');
}

export const version = packageVersion();
export const software = `countersign ${version}`;
