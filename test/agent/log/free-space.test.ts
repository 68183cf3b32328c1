import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judgeSpace, shortSentence, shortSpace } from '../../../agent/log/free-space.ts';

const limits = { megabytes: 500, percent: 10 };
const bsize = 4096;
const blocksOf = (megabytes: number) => Math.ceil((megabytes * 1_000_000) / bsize);

describe('room is short', () => {
  it.each([
    [1000, 501, false],
    [1000, 499, true],
    [5000, 501, false],
    [5010, 500.5, true],
    [100_000, 9_999, true],
    [100_000, 10_001, false],
    [400, 400, true],
    [0, 0, true],
  ])('on a disk of %f MB with %f MB free: %s', (size, free, isShort) => {
    expect(judgeSpace({ bsize, blocks: blocksOf(size), bavail: blocksOf(free) }, limits).isShort).toBe(isShort);
  });

  it('by one block, and by none', () => {
    const blocks = 10 * blocksOf(1000);
    expect(judgeSpace({ bsize, blocks, bavail: blocks / 10 }, limits)).toEqual({ freeMegabytes: 1000, freePercent: 10, isShort: false });
    expect(judgeSpace({ bsize, blocks, bavail: blocks / 10 - 1 }, limits)).toMatchObject({ freePercent: 9, isShort: true });
  });

  it('where a folder cannot be asked: that is never room', async () => {
    const gone = join(tmpdir(), 'is-not-there');
    expect(await shortSpace([gone], { megabytes: 1, percent: 1 })).toMatchObject({ folder: gone, isShort: true });
  });
});

describe('on a real file system', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'space-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** What stands in a namespace of its own with a disk of 8 MB, of which so much is taken. */
  function inside(taken: string): unknown {
    const module = JSON.stringify(new URL('../../../agent/log/free-space.ts', import.meta.url).href);
    const code = `import(${module}).then(async ({ shortSpace }) => console.log(JSON.stringify((await shortSpace([${JSON.stringify(folder)}], { megabytes: 2, percent: 10 })) ?? 'room')))`;
    const shell = `mount -t tmpfs -o size=8m tmpfs "$1" && head -c ${taken} /dev/zero > "$1/filler" && exec "$2" --import tsx -e ${JSON.stringify(code)}`;
    const privately = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
    const said = execFileSync('unshare', [...privately, 'sh', '-c', shell, 'sh', folder, process.execPath], { encoding: 'utf8' });
    return JSON.parse(said);
  }

  it('what is taken counts', () => {
    expect(inside('1M')).toBe('room');
    expect(inside('7M')).toMatchObject({ folder, freeMegabytes: 1, freePercent: 12, isShort: true });
  });
});

it('a person is told what is free and what must be', () => {
  const sentence = shortSentence({ folder: '/data/log', freeMegabytes: 12, freePercent: 3, isShort: true }, limits);
  expect(sentence).toBe(
    'Only 12 MB (3 %) are free where /data/log lies, and 500 MB and 10 % must be. Nothing new is begun until there is room.',
  );
});
