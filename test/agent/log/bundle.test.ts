import { afterEach, expect, test } from 'vitest';
import { verifyBundles } from '../../../agent/log/verify-bundles.ts';
import { checkParts, findBundle } from '../../../agent/log/verify/bundle-folder.ts';
import { type BundleStation, makeBundleStation } from '../../support/log/bundle-station.ts';

const stations: BundleStation[] = [];
async function make(): Promise<BundleStation> {
  const station = await makeBundleStation();
  stations.push(station);
  return station;
}
afterEach(async () => {
  for (const station of stations.splice(0)) await station.remove();
});

test('a log goes out in parts and is verified from them as from the database', async () => {
  const station = await make();
  await station.grow(700);
  const made = await station.export({ limit: 200_000 });
  expect(made.parts.length).toBeGreaterThan(2);
  const found = await findBundle(station.drive);
  await checkParts(found);
  const result = await verifyBundles([found], [station.identity]);
  expect(result).toMatchObject({ verdict: 'intact', entries: made.size });
});

test('a second bundle begins where head office has acknowledged the first', async () => {
  const station = await make();
  await station.grow(600);
  const first = await station.export();
  await station.grow(300);
  const second = await station.export({ from: first.size });
  const [one, two] = [await findBundle(`${first.folder}/E1-00001.MANIFEST`), await findBundle(station.drive)];
  expect(two.manifest).toMatchObject({ number: 2, from: first.size, previous: { sha256: one.manifest.sha256, size: first.size } });
  expect(await verifyBundles([two, one], [station.identity])).toMatchObject({ verdict: 'intact', entries: second.size });
  expect(await verifyBundles([two], [station.identity])).toMatchObject({ verdict: 'broken', cause: { first: 0 } });
});
