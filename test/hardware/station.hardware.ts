import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench } from './bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.boot();
});
afterAll(() => bench.off());

test('the guest runs a kernel of Debian', async () => {
  const { out } = await bench.call('run', 'uname', ['-r']);
  expect(out).toMatch(/^6\.1\.0-\d+-amd64\n$/);
});

test('a bio key that is plugged in is found by node-hid, with its names', async () => {
  expect(await bench.call('hidDevices')).toEqual([]);
  await bench.reader.plug();
  await expect.poll(() => bench.call('hidDevices'), { timeout: 5000 }).toMatchObject([{ product: 'Countersign virtual bio key' }]);
});
