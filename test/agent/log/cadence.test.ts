import { describe, expect, it } from 'vitest';
import { verify } from '../../../agent/log/verify.ts';
import { type Change, forge, stream } from '../../support/log/forged-log.ts';
import { holder, numbered } from '../../support/log/station-log.ts';

const station = { id: 'station', role: 'station' } as const;
const hash = 'a'.repeat(64);
const sealed = (minutes?: number) =>
  ({ op: 'seal', actor: station, size: 1, root: hash, checkpoint_sha256: hash, ...(minutes === undefined ? {} : { minutes }) }) as const;
const nothing = numbered(1);

/** Judges entries that stand so many minutes behind the start of the agent; entry 0 is the genesis, at 0. */
async function gaps(...entries: readonly (readonly [minute: number, event: object, change?: Change])[]) {
  const changes = Object.fromEntries(
    entries.map(([minute, , change], index) => [index + 1, { ...change, at: { mono: minute * 60_000, ...change?.at } }]),
  );
  const rows = forge(
    entries.map(([, event]) => event as typeof nothing),
    changes,
  );
  const { verdict, gaps: found, gapCount } = await verify(stream(rows));
  expect(verdict).toBe('intact');
  return { found, gapCount };
}
const none = { found: undefined, gapCount: undefined };

describe('a gap between seals', () => {
  it('is told with the entry behind it, the seal before it, and how long it was', async () => {
    const { found, gapCount } = await gaps([1, sealed(60)], [61, sealed(60)], [187, nothing], [188, sealed(60)], [200, nothing]);
    expect(found).toEqual([{ seq: 3, seal: 2, minutes: 126, every: 60 }]);
    expect(gapCount).toBe(1);
  });

  it('is not there where each seal comes in its interval, or a little later', async () => {
    expect(await gaps([1, sealed(60)], [61, sealed(60)], [126, sealed(60)], [190, nothing])).toEqual(none);
    expect(await gaps([1, sealed(1440)], [1441, sealed(1440)])).toEqual(none);
    expect((await gaps([1, sealed(10)], [20, sealed(10)])).found).toEqual([{ seq: 2, seal: 1, minutes: 19, every: 10 }]);
  });

  it('is found however much else was written in it: the seals that were cut out are missing', async () => {
    const { found } = await gaps([0, sealed(60)], [30, nothing], [60, nothing], [90, nothing], [120, nothing], [121, sealed(60)]);
    expect(found).toEqual([{ seq: 4, seal: 1, minutes: 90, every: 60 }]);
  });

  it('is counted by hours where seals do not say their interval, and a seal by hand leaves it as it was', async () => {
    expect((await gaps([0, sealed()], [66, sealed()])).found).toMatchObject([{ every: 60 }]);
    expect(await gaps([0, sealed()], [65, sealed()])).toEqual(none);
    expect(await gaps([0, sealed(120)], [10, sealed()], [130, nothing])).toEqual(none);
  });

  it('is not told of a station that seals nothing, nor between two starts of the agent', async () => {
    expect(await gaps([0, nothing], [500, nothing])).toEqual(none);
    const second = { at: { boot: 'b1' } };
    const boot = { op: 'boot', actor: holder };
    expect(await gaps([0, sealed(60)], [500, boot, second], [999, nothing, second], [1000, sealed(60), second])).toEqual(none);
  });

  it('is told a hundred times at most, and counted always', async () => {
    const { found, gapCount } = await gaps(...Array.from({ length: 151 }, (_, index) => [index * 70, sealed(60)] as const));
    expect([found?.length, gapCount]).toEqual([100, 150]);
  });
});
