/** The names of a bundle, all of `[A-Z0-9-.]`, so that every file system of a drive takes them as they are. Pure. */

/** The folder that holds the bundles of all stations. */
export const drivesFolder = 'COUNTSGN';

/** The folder of one station. `origin` is station and epoch, `branch-12.example.org/e1`. */
export function stationFolder(origin: string): string {
  return origin.replace(/\/e\d+$/, '').toUpperCase();
}

/** What the names of one export begin with: epoch and number, `E1-00003`. Each export has names of its own, and nothing is written over. */
export function exportName(origin: string, number: number): string {
  const epoch = /\/e(\d+)$/.exec(origin)?.[1];
  if (epoch === undefined) throw new RangeError(`not an origin: ${origin}`);
  return `E${epoch}-${String(number).padStart(5, '0')}`;
}

/** The name of a part, counted from 1. */
export function partName(origin: string, number: number, part: number): string {
  return `${exportName(origin, number)}-${String(part).padStart(4, '0')}.AGE`;
}

/** The name of the manifest. */
export function manifestName(origin: string, number: number): string {
  return `${exportName(origin, number)}.MANIFEST`;
}
