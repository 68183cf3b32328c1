import { link, mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnchorFault, AnchorWriter, makeAnchor, readAnchor } from '../../../agent/log/anchor-file.ts';
import { type AnchoredHead, readSlot, slotSize, writeSlot } from '../../../agent/log/anchor-slot.ts';

const origin = 'branch-12.example.org/e1';
const head = (size: number): AnchoredHead => ({ origin, size, leaf: 'ab'.repeat(32), root: 'cd'.repeat(32), boot: '0e'.repeat(16) });

let folder: string;
let file: string;
const faults: AnchorFault[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anchor-'));
  file = join(folder, 'log-anchor');
  faults.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function writer(): Promise<AnchorWriter> {
  return AnchorWriter.open(file, (await readAnchor(file))?.next ?? 0, (fault) => faults.push(fault));
}

async function damage(slot: 0 | 1, at = 40): Promise<void> {
  const bytes = await readFile(file);
  bytes[slot * slotSize + at] = (bytes[slot * slotSize + at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

describe('a slot', () => {
  it('gives back what was written, and is text that a person can read', () => {
    const slot = writeSlot(head(4711));
    expect(slot).toHaveLength(slotSize);
    expect(readSlot(slot)).toEqual(head(4711));
    expect(slot.toString().split('\n').slice(0, 3)).toEqual(['countersign/v1/anchor', origin, '4711']);
  });

  it('with any single bit flipped says nothing', () => {
    const slot = writeSlot(head(4711));
    for (let bit = 0; bit < slotSize * 8; bit += 1) {
      const flipped = Buffer.from(slot);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readSlot(flipped), `bit ${bit}`).toBeUndefined();
    }
  });

  it('of any other bytes says nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => readSlot(bytes) === undefined),
      { numRuns: 200 },
    );
    expect(readSlot(writeSlot(head(1)).subarray(0, slotSize - 1))).toBeUndefined();
    expect(readSlot(Buffer.alloc(slotSize))).toBeUndefined();
  });

  it('takes no head that cannot be one', () => {
    for (const wrong of [{ size: 0 }, { size: 1.5 }, { origin: 'x' }, { leaf: 'AB'.repeat(32) }, { root: '' }, { boot: 'a\nb' }])
      expect(() => writeSlot({ ...head(1), ...wrong }), JSON.stringify(wrong)).toThrow(RangeError);
  });
});

describe('an anchor file', () => {
  it('is made once, for its owner alone, and never over another', async () => {
    expect(await readAnchor(file)).toBeUndefined();
    await makeAnchor(file, head(3));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readAnchor(file)).toEqual({ heads: [head(3), head(3)], damaged: 0, next: 1 });
    await expect(makeAnchor(file, head(4))).rejects.toMatchObject({ name: 'AnchorFault', code: 'eexist' });
    expect((await readAnchor(file))?.heads[0]?.size).toBe(3);
  });

  it('has its slots written in turn, so that the newest but one is always whole', async () => {
    await makeAnchor(file, head(1));
    const anchor = await writer();
    for (let size = 2; size < 9; size += 1) {
      anchor.told(() => head(size));
      await anchor.sync();
      const before = await readFile(file);
      expect((await readAnchor(file))?.heads.map((one) => one.size)).toEqual([size, Math.max(1, size - 1)]);
      const newest = readSlot(before.subarray(0, slotSize))?.size === size ? 0 : 1;
      await damage(newest);
      expect(await readAnchor(file)).toMatchObject({ heads: [head(Math.max(1, size - 1))], damaged: 1, next: newest });
      await writeFile(file, before);
    }
    await anchor.close();
    expect(faults).toEqual([]);
  });

  it('that was left goes on in the slot that is not the newest, or in the one that is damaged', async () => {
    await makeAnchor(file, head(1));
    for (let size = 2; size < 6; size += 1) {
      const anchor = await writer();
      anchor.told(() => head(size));
      await anchor.close();
      expect((await readAnchor(file))?.heads.map((one) => one.size)).toEqual([size, size - 1]);
    }
    await damage(0);
    const anchor = await writer();
    anchor.told(() => head(9));
    await anchor.close();
    expect(await readAnchor(file)).toMatchObject({ damaged: 0, heads: [{ size: 9 }, {}] });
  });

  it('writes only the newest of what is told while it writes', async () => {
    await makeAnchor(file, head(1));
    const anchor = await writer();
    const asked: number[] = [];
    for (let size = 2; size < 1000; size += 1)
      anchor.told(() => {
        asked.push(size);
        return head(size);
      });
    await anchor.close();
    expect((await readAnchor(file))?.heads[0]?.size).toBe(999);
    expect(asked.length).toBeLessThan(10);
  });

  it('with both slots damaged, empty, or cut short has no head, or the one that is left', async () => {
    await makeAnchor(file, head(1));
    await damage(0);
    await damage(1);
    expect(await readAnchor(file)).toMatchObject({ heads: [], damaged: 2 });
    await truncate(file, 0);
    expect(await readAnchor(file)).toMatchObject({ heads: [], damaged: 2 });
    await rm(file);
    await makeAnchor(file, head(1));
    await truncate(file, slotSize);
    expect(await readAnchor(file)).toMatchObject({ heads: [head(1)], damaged: 1, next: 1 });
  });

  it('that cannot be read or written says so in words', async () => {
    await mkdir(file);
    await expect(readAnchor(file)).rejects.toMatchObject({ name: 'AnchorFault', code: 'eisdir' });
    await expect(makeAnchor(join(folder, 'nowhere', 'anchor'), head(1))).rejects.toMatchObject({ code: 'enoent' });
    await expect(AnchorWriter.open(join(folder, 'none'), 0, () => undefined)).rejects.toMatchObject({ code: 'enoent' });
  });

  it('on a disk that is full tells its fault once, and writes nothing more', async () => {
    await symlink('/dev/full', file);
    const anchor = await AnchorWriter.open(file, 0, (fault) => faults.push(fault));
    anchor.told(() => head(2));
    await expect(anchor.sync()).rejects.toMatchObject({ code: 'enospc' });
    anchor.told(() => head(3));
    await expect(anchor.sync()).rejects.toMatchObject({ code: 'enospc' });
    await anchor.close();
    expect(faults.map(({ code }) => code)).toEqual(['enospc']);
  });

  it('is put in the place of another whole or not at all', async () => {
    await makeAnchor(file, head(5));
    await link(file, join(folder, 'before'));
    await makeAnchor(file, head(2), true);
    expect((await readAnchor(file))?.heads).toEqual([head(2), head(2)]);
    expect((await readAnchor(join(folder, 'before')))?.heads[0]?.size).toBe(5);
  });
});
