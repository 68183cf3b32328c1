import { expect, it } from 'vitest';
import { makeStationLog, numbered } from '../../support/log/station-log.ts';

it('takes as many events at once as it says, alone and beside others', async () => {
  const log = await makeStationLog();
  const store = await log.open();
  const many = (count: number) => store.appendAll(Array.from({ length: count }, (_, size) => numbered(size)));
  for (const count of [63, 64, 65, 256]) expect(await many(count)).toHaveLength(count);
  const beside = await Promise.all([many(1), many(256), many(100), many(1)]);
  expect(beside.map((entries) => entries.length)).toEqual([1, 256, 100, 1]);
  await expect(many(257)).rejects.toMatchObject({ name: 'NotInCatalogue' });
  expect(store.size).toBe(2 + 63 + 64 + 65 + 256 + 358);
  await store.close();
  await (await log.open()).close();
  await log.remove();
});
