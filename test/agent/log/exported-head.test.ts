/** A log that was put back behind the last export, its anchor with it: the manifest of that export, which the station kept, finds it at the next start. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exportsFolder } from '../../../agent/log/bundle/kept.ts';
import { StartRefused } from '../../../agent/refusals.ts';
import { type BundleStation, makeBundleStation } from '../../support/log/bundle-station.ts';

let station: BundleStation;
let copies: string;
beforeEach(async () => {
  station = await makeBundleStation();
  copies = await mkdtemp(join(tmpdir(), 'copies-'));
});
afterEach(async () => {
  await station.remove();
  await rm(copies, { recursive: true, force: true });
});

/** Takes away what is there, as if the disk had been copied at this moment, and gives the way to put it back. */
async function copyLog(): Promise<() => Promise<void>> {
  const { log, anchor } = station.paths;
  await cp(log, join(copies, 'log'), { recursive: true });
  await cp(anchor, join(copies, 'anchor'));
  return async () => {
    await rm(log, { recursive: true });
    await cp(join(copies, 'log'), log, { recursive: true });
    await cp(join(copies, 'anchor'), anchor);
  };
}

test('an older copy of log and anchor does not start after an export, and would without its manifest (control)', async () => {
  await station.grow(4);
  const putBack = await copyLog();
  await station.grow(300);
  await station.export();
  await putBack();
  const refused = await station.open().then(
    async ({ log }) => log.close(),
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(StartRefused);
  expect((refused as StartRefused).message).toMatch(
    /behind the manifest of the last export \(.*last\.manifest\), which says \d+ entries: \d+ entries are missing, from number \d+ on/,
  );
  await rm(exportsFolder(station.data), { recursive: true });
  await (await station.open()).log.close();
});

test('a log that grew out of the export starts', async () => {
  await station.grow(4);
  await station.export();
  await station.grow(4);
  await (await station.open()).log.close();
});
