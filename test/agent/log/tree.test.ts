import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafHash } from '../../../agent/log/record.ts';
import {
  appendLeaves,
  consistencyProof,
  emptyFrontier,
  emptyRoot,
  inclusionProof,
  MissingNode,
  peaksOf,
  readFrontier,
  rootOf,
} from '../../../agent/log/tree.ts';
import { MemoryTree, plainLeaf, plainRoot, someLeaves } from '../../support/log/plain-tree.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The leaves that Certificate Transparency tests its trees with, and the root over the first 0, 1, 2 ... of them. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('the root of a log', () => {
  it.each(roots.map((root, size) => [size, root] as const))('of %i leaves is the one that Certificate Transparency has', (size, root) => {
    const hashes = leaves.slice(0, size).map((leaf) => leafHash(Buffer.from(leaf, 'hex')));
    expect(hex(rootOf(appendLeaves(emptyFrontier, hashes).frontier))).toBe(root);
  });

  it('without entries is the hash of nothing', () => {
    expect(hex(emptyRoot())).toBe(roots[0]);
  });

  it('is the one of RFC 6962 at every size up to 300', () => {
    const tree = new MemoryTree();
    const all = someLeaves(300);
    for (const [before, leaf] of all.entries()) {
      tree.append([leaf]);
      expect(hex(rootOf(tree.frontier))).toBe(hex(plainRoot(all.slice(0, before + 1))));
    }
  });

  it('a leaf is never taken for a node', () => {
    const [left = new Uint8Array(), right = new Uint8Array()] = someLeaves(2);
    expect(hex(plainLeaf(Buffer.concat([left, right])))).not.toBe(hex(plainRoot([left, right])));
  });
});

describe('a log that grows', () => {
  it('is the same however its entries were grouped', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 12 }), (groups) => {
        const all = someLeaves(groups.reduce((sum, group) => sum + group, 0));
        const [one, many] = [new MemoryTree(all), new MemoryTree()];
        let used = 0;
        for (const group of groups) many.append(all.slice(used, (used += group)));
        expect(many.frontier).toEqual(one.frontier);
        expect(many.rows).toEqual(one.rows);
      }),
    );
  });

  it('stores every complete node once, each as soon as it is complete, and no other', () => {
    const tree = new MemoryTree(someLeaves(200));
    const places = tree.rows.map(({ level, index }) => `${level}/${index}`);
    expect(new Set(places).size).toBe(places.length);
    expect(places.length).toBe(200 - peaksOf(200).length);
    for (const { level, index, hash } of tree.rows) {
      expect(hex(hash)).toBe(hex(plainRoot(tree.leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))));
    }
    const ends = tree.rows.map(({ level, index }) => [(index + 1) * 2 ** level, level] as const);
    expect([...ends].sort(([a, c], [b, d]) => a - b || c - d)).toEqual(ends);
  });

  it('is carried on from its stored nodes, in one read', async () => {
    const tree = new MemoryTree(someLeaves(130));
    for (let size = 0; size <= 130; size += 1) {
      const frontier = await readFrontier(size, tree.readNodes);
      expect(frontier).toEqual(new MemoryTree(tree.leaves.slice(0, size)).frontier);
    }
    expect(tree.reads).toHaveLength(130);
  });

  it('does not change what it grew from', () => {
    const { frontier } = appendLeaves(emptyFrontier, someLeaves(3));
    const before = hex(rootOf(frontier));
    appendLeaves(frontier, someLeaves(5, 'other'));
    expect([frontier.size, hex(rootOf(frontier)), emptyFrontier.peaks.length]).toEqual([3, before, 0]);
  });

  it.each([
    ['a leaf hash of 31 bytes', () => appendLeaves(emptyFrontier, [new Uint8Array(31)])],
    ['a frontier without its hashes', () => appendLeaves({ size: 3, peaks: [] }, [])],
    ['a size that is no number of leaves', () => appendLeaves({ size: 1.5, peaks: [] }, [])],
    ['a size below 0', () => peaksOf(-1)],
  ])('refuses %s', (_name, run) => {
    expect(run).toThrow(RangeError);
  });
});

describe('a proof', () => {
  it('takes one read, of few nodes, also from a log of a million entries', async () => {
    const size = 1_000_003;
    const seen: number[] = [];
    const read = (wanted: readonly unknown[]) => {
      seen.push(wanted.length);
      return Promise.resolve(wanted.map(() => new Uint8Array(32)));
    };
    for (const index of [0, 1, 524_287, 524_288, 999_999, size - 1]) {
      expect((await inclusionProof(index, size, read)).length).toBeLessThanOrEqual(20);
      expect((await consistencyProof(index + 1, size, read)).length).toBeLessThanOrEqual(21);
    }
    expect(seen.length).toBeLessThanOrEqual(12);
    expect(Math.max(...seen)).toBeLessThanOrEqual(40);
  });

  it('of the only entry, or from a log to itself, is empty and reads nothing', async () => {
    const tree = new MemoryTree(someLeaves(7));
    expect(await inclusionProof(0, 1, tree.readNodes)).toEqual([]);
    expect(await consistencyProof(7, 7, tree.readNodes)).toEqual([]);
    expect(tree.reads).toEqual([]);
  });

  it('names the stored node that is gone', async () => {
    const tree = new MemoryTree(someLeaves(8));
    tree.forget({ level: 2, index: 1 });
    await expect(inclusionProof(0, 8, tree.readNodes)).rejects.toThrow(new MissingNode({ level: 2, index: 1 }));
    await expect(inclusionProof(0, 8, () => Promise.resolve([]))).rejects.toThrow(MissingNode);
    await expect(consistencyProof(3, 8, (wanted) => Promise.resolve(wanted.map(() => new Uint8Array(31))))).rejects.toThrow(MissingNode);
  });

  it.each([
    ['an entry that is not there', (tree: MemoryTree) => inclusionProof(5, 5, tree.readNodes)],
    ['half an entry', (tree: MemoryTree) => inclusionProof(0.5, 5, tree.readNodes)],
    ['an entry of an empty log', (tree: MemoryTree) => inclusionProof(0, 0, tree.readNodes)],
    ['growth from nothing', (tree: MemoryTree) => consistencyProof(0, 5, tree.readNodes)],
    ['growth backwards', (tree: MemoryTree) => consistencyProof(5, 4, tree.readNodes)],
  ])('is not made for %s', async (_name, run) => {
    await expect((async () => run(new MemoryTree(someLeaves(5))))()).rejects.toThrow(RangeError);
  });
});
