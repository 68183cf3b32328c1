import { describe, expect, it } from 'vitest';
import { rootOf, type TreeNode } from '../../../agent/log/tree.ts';
import { Wrong } from '../../../agent/log/verify/canonical.ts';
import { type NodeRow, StoredNodes, StreamedTree } from '../../../agent/log/verify/tree.ts';
import { MemoryTree, plainLeaf, plainRoot, someLeaves } from '../../support/log/plain-tree.ts';

const tree = new MemoryTree(someLeaves(150));

async function* rowsOf(nodes: readonly TreeNode[]): AsyncGenerator<NodeRow> {
  for (const { level, index, hash } of nodes) yield await Promise.resolve({ level, idx: index, hash });
}

/** Reads leaves beside stored nodes, as a verifier does. Returns the root. */
async function read(leaves: readonly Uint8Array[], nodes: readonly TreeNode[]): Promise<Uint8Array> {
  const [streamed, stored] = [new StreamedTree(), new StoredNodes(rowsOf(nodes))];
  for (const [seq, leaf] of leaves.entries()) await stored.match(streamed.take(leaf), seq);
  await stored.end();
  return streamed.root();
}

describe('the second implementation', () => {
  it('finds the same root at every size, and the same nodes in the same order', () => {
    const streamed = new StreamedTree();
    const nodes: NodeRow[] = [];
    expect(streamed.root()).toEqual(plainRoot([]));
    for (const leaf of tree.leaves) {
      nodes.push(...streamed.take(leaf));
      expect(streamed.root()).toEqual(rootOf(new MemoryTree(tree.leaves.slice(0, streamed.size)).frontier));
    }
    expect(nodes.map(({ level, idx, hash }) => ({ level, index: idx, hash }))).toEqual(tree.rows);
  });

  it('takes the stored nodes of a sound log of every size', async () => {
    for (let size = 0; size <= 40; size += 1) {
      const { leaves, rows, frontier } = new MemoryTree(someLeaves(size));
      expect(await read(leaves, rows)).toEqual(rootOf(frontier));
    }
  });

  it('finds every stored node that was changed, left out, put elsewhere or stored twice', async () => {
    const zero = new Uint8Array(32);
    for (const [place, row] of tree.rows.entries()) {
      const next = tree.rows[place + 1];
      const wrongs = [
        tree.rows.with(place, { ...row, hash: zero }),
        tree.rows.with(place, { ...row, index: row.index + 1 }),
        tree.rows.with(place, { ...row, level: row.level + 1 }),
        tree.rows.toSpliced(place, 1),
        tree.rows.toSpliced(place, 0, row),
        ...(next === undefined ? [] : [tree.rows.with(place, next).with(place + 1, row)]),
      ];
      for (const wrong of wrongs) await expect(read(tree.leaves, wrong)).rejects.toThrow(Wrong);
    }
  });

  it('finds nodes of which no entry is there', async () => {
    const more = { level: 1, index: 75, hash: new Uint8Array(32) };
    await expect(read(tree.leaves, [...tree.rows, more])).rejects.toThrow('no entry completes');
    await expect(read(tree.leaves.slice(0, 149), tree.rows)).rejects.toThrow('no entry completes');
  });

  it('names the entry whose node is wrong', async () => {
    const wrong = tree.rows.with(0, { level: 1, index: 0, hash: new Uint8Array(32) });
    await expect(read(tree.leaves, wrong)).rejects.toThrow(
      'node 0 of level 1, which entry 1 completes, is not the hash of what lies under it',
    );
  });

  it('is never given more nodes by one entry than the log has levels', () => {
    const streamed = new StreamedTree();
    let most = 0;
    for (let count = 0; count < 20_000; count += 1) most = Math.max(most, streamed.take(plainLeaf('')).length);
    expect([streamed.size, most]).toEqual([20_000, 14]);
  });
});
