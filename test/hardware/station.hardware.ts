/** The scenes on a real kernel, in their order: one boot serves them all, and each leaves the machine as the next one expects it. */
import { beforeAll, expect, test } from 'vitest';
import { Bench } from './bench.ts';
import { cardScenes } from './scenes/cards.ts';
import { driveScenes } from './scenes/drives.ts';
import { fingerprintScenes } from './scenes/fingerprint.ts';
import { otherClientScenes } from './scenes/other-clients.ts';
import { officerScenes } from './scenes/officer.ts';
import { permissionScenes } from './scenes/permissions.ts';
import { unwantedScenes } from './scenes/unwanted.ts';
import { stationScenes } from './scenes/whole-station.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.boot();
  return async () => expect(await bench.off(), 'the guest goes off by itself').toBe(true);
});

test('the guest runs a kernel of Debian', async () => {
  const { out } = await bench.call('run', 'uname', ['-r']);
  expect(out).toMatch(/^6\.1\.0-\d+-amd64\n$/);
});

fingerprintScenes(() => bench);
permissionScenes(() => bench);
unwantedScenes(() => bench);
cardScenes(() => bench);
stationScenes(() => bench);
driveScenes(() => bench);
otherClientScenes(() => bench);
officerScenes(() => bench);
