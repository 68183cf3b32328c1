import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyConsistency, verifyInclusion } from '../../../agent/log/proof.ts';
import { consistencyProof, inclusionProof, nodeHash, readFrontier, type ReadNodes, rootOf } from '../../../agent/log/tree.ts';
import { checkConsistency, checkInclusion } from '../../../agent/log/verify/proof.ts';
import { holds } from '../../support/log/second-opinion.ts';
import { MemoryTree, plainRoot, someLeaves } from '../../support/log/plain-tree.ts';

const largest = 130;
const tree = new MemoryTree(someLeaves(largest));
const roots: Uint8Array[] = [];
const rootAt = (size: number) => roots[size] ?? new Uint8Array();
const leafAt = (index: number) => tree.leaves[index] ?? new Uint8Array();

beforeAll(() => {
  for (let size = 0; size <= largest; size += 1) roots.push(plainRoot(tree.leaves.slice(0, size)));
});

type Hash = Uint8Array;

/** What both implementations say; they must not differ. */
function included(leaf: Hash, index: number, size: number, proof: readonly Hash[], root: Hash): boolean {
  const [one, other] = [
    verifyInclusion(leaf, index, size, proof, root),
    holds(() => {
      checkInclusion(leaf, index, size, proof, root);
    }),
  ];
  expect(other).toBe(one);
  return one;
}

function consistent(from: number, fromRoot: Hash, to: number, toRoot: Hash, proof: readonly Hash[]): boolean {
  const [one, other] = [
    verifyConsistency(from, fromRoot, to, toRoot, proof),
    holds(() => {
      checkConsistency(from, fromRoot, to, toRoot, proof);
    }),
  ];
  expect(other).toBe(one);
  return one;
}

/** Every way of spoiling a list of hashes a little. */
const spoiling = fc.record({
  how: fc.constantFrom(...(['flip', 'drop', 'swap', 'double', 'add', 'cut'] as const)),
  at: fc.nat(),
  bit: fc.nat(255),
});
type Spoiling = typeof spoiling extends fc.Arbitrary<infer T> ? T : never;

/** The spoiled proof, or undefined where it would be the same. */
function spoil(proof: readonly Hash[], { how, at, bit }: Spoiling): readonly Hash[] | undefined {
  const place = proof.length === 0 ? 0 : at % proof.length;
  const one = proof[place];
  const other = proof[place + 1];
  if (how === 'add') return [...proof.slice(0, place), new Uint8Array(32).fill(bit), ...proof.slice(place)];
  if (one === undefined) return undefined;
  switch (how) {
    case 'flip': {
      const flipped = Uint8Array.from(one);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return proof.with(place, flipped);
    }
    case 'drop':
      return proof.toSpliced(place, 1);
    case 'swap':
      return other === undefined ? undefined : proof.with(place, other).with(place + 1, one);
    case 'double':
      return proof.toSpliced(place, 0, one);
    case 'cut':
      return proof.with(place, one.subarray(0, 31));
  }
}

const twoSizes = fc.tuple(fc.nat(largest - 1), fc.nat(largest - 1)).map(([a, b]) => [Math.min(a, b) + 1, Math.max(a, b) + 1] as const);

describe('that an entry is in the log', () => {
  it('is shown for every entry of every log of up to 130 entries, by ceil(log2 n) hashes at most', async () => {
    for (let size = 1; size <= largest; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusionProof(index, size, tree.readNodes);
        expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
        expect(included(leafAt(index), index, size, proof, rootAt(size))).toBe(true);
      }
    }
  });

  it('is not shown by a proof that was changed', async () => {
    await fc.assert(
      fc.asyncProperty(twoSizes, spoiling, async ([place, size], how) => {
        const spoiled = spoil(await inclusionProof(place - 1, size, tree.readNodes), how);
        fc.pre(spoiled !== undefined);
        expect(included(leafAt(place - 1), place - 1, size, spoiled, rootAt(size))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is not shown for another entry, place, size or root', async () => {
    await fc.assert(
      fc.asyncProperty(twoSizes, fc.nat(largest - 1), fc.nat(largest), async ([place, size], other, root) => {
        const index = place - 1;
        const proof = await inclusionProof(index, size, tree.readNodes);
        if (other !== index) {
          expect(included(leafAt(other), index, size, proof, rootAt(size))).toBe(false);
          expect(included(leafAt(index), other, size, proof, rootAt(size))).toBe(false);
        }
        if (root !== size) expect(included(leafAt(index), index, size, proof, rootAt(root))).toBe(false);
      }),
    );
  });

  it.each([
    [-1, 5],
    [5, 5],
    [0, 0],
    [0.5, 5],
    [0, 5.5],
    [0, 2 ** 53],
    [2 ** 53, 2 ** 54],
    [Number.NaN, 5],
  ])('is not shown at %d of %d', (index, size) => {
    expect(included(leafAt(0), index, size, [], leafAt(0))).toBe(false);
  });

  it('is not shown by a proof that goes on above the root', async () => {
    for (const [index, size] of [
      [0, 1],
      [0, 8],
      [6, 7],
      [7, 8],
    ] as const) {
      const proof = await inclusionProof(index, size, tree.readNodes);
      const more = leafAt(100);
      for (const above of [nodeHash(more, rootAt(size)), nodeHash(rootAt(size), more)])
        expect(included(leafAt(index), index, size, [...proof, more], above)).toBe(false);
    }
  });

  it('is not shown by a leaf or a root that is not a hash', () => {
    expect(included(new Uint8Array(31), 0, 1, [], new Uint8Array(31))).toBe(false);
    expect(included(new Uint8Array(), 0, 1, [], new Uint8Array())).toBe(false);
  });
});

describe('that a log only grew', () => {
  it('is shown for every two logs of up to 130 entries', async () => {
    for (let to = 1; to <= largest; to += 1) {
      for (let from = 1; from <= to; from += 1) {
        const proof = await consistencyProof(from, to, tree.readNodes);
        expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(to)) + 1);
        expect(consistent(from, rootAt(from), to, rootAt(to), proof)).toBe(true);
      }
    }
  });

  it('is not shown by a proof that was changed', async () => {
    await fc.assert(
      fc.asyncProperty(twoSizes, spoiling, async ([from, to], how) => {
        const spoiled = spoil(await consistencyProof(from, to, tree.readNodes), how);
        fc.pre(spoiled !== undefined);
        expect(consistent(from, rootAt(from), to, rootAt(to), spoiled)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is not shown for another size or root, nor from nothing, nor backwards', async () => {
    await fc.assert(
      fc.asyncProperty(twoSizes, fc.nat(largest), async ([from, to], other) => {
        const proof = await consistencyProof(from, to, tree.readNodes);
        if (other !== from) expect(consistent(from, rootAt(other), to, rootAt(to), proof)).toBe(false);
        if (other !== to) expect(consistent(from, rootAt(from), to, rootAt(other), proof)).toBe(false);
        if (other !== from) expect(consistent(other, rootAt(from), to, rootAt(to), proof)).toBe(false);
        expect(consistent(0, rootAt(0), to, rootAt(to), proof)).toBe(false);
        if (from !== to) expect(consistent(to, rootAt(to), from, rootAt(from), proof)).toBe(false);
      }),
    );
  });

  it('is not shown by a proof that goes on above the roots', async () => {
    const more = leafAt(100);
    for (const [from, to] of [
      [1, 8],
      [4, 8],
      [3, 7],
      [6, 7],
    ] as const) {
      const proof = [...(await consistencyProof(from, to, tree.readNodes)), more];
      const [older, newer] = [nodeHash(more, rootAt(from)), nodeHash(more, rootAt(to))];
      expect(consistent(from, older, to, newer, proof)).toBe(false);
      expect(consistent(from, rootAt(from), to, nodeHash(rootAt(to), more), proof)).toBe(false);
    }
  });

  it('is nothing to be shown of an empty log', () => {
    expect(consistent(0, rootAt(0), 0, rootAt(0), [])).toBe(false);
  });

  it('is not shown between two histories, whichever of them is asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(20), fc.integer({ min: 1, max: 20 }), fc.nat(20), async (shared, own, more) => {
        const common = someLeaves(shared);
        const one = new MemoryTree([...common, ...someLeaves(own, 'one')]);
        const other = new MemoryTree([...common, ...someLeaves(own + more, 'other')]);
        const [from, to] = [shared + own, shared + own + more];
        for (const asked of [one, other]) {
          const proof = asked.leaves.length === to ? await consistencyProof(from, to, asked.readNodes) : [];
          expect(consistent(from, plainRoot(one.leaves), to, plainRoot(other.leaves), proof)).toBe(false);
        }
      }),
    );
  });
});

describe('a log that is longer than 32 bits can count', () => {
  // All leaves are the same, so all nodes of one level are.
  const levels: Uint8Array[] = someLeaves(1);
  const readNodes: ReadNodes = (wanted) => Promise.resolve(wanted.map(({ level }) => levels[level]));
  beforeAll(() => {
    for (let level = 0; level < 53; level += 1) levels.push(nodeHash(levels[level] ?? new Uint8Array(), levels[level] ?? new Uint8Array()));
  });
  const size = 2 ** 40 + 2 ** 33 + 5;
  const root = async (at: number) => rootOf(await readFrontier(at, readNodes));

  it.each([0, 2 ** 31, 2 ** 32 + 1, 2 ** 40 - 1, 2 ** 40, 2 ** 40 + 2 ** 33, size - 1])('has entry %d', async (index) => {
    const proof = await inclusionProof(index, size, readNodes);
    expect(proof.length).toBeLessThanOrEqual(41);
    expect(included(leafAt(0), index, size, proof, await root(size))).toBe(true);
    expect(included(leafAt(0), index, size + 2 ** 41, proof, await root(size))).toBe(false);
  });

  it.each([1, 2 ** 32, 2 ** 32 + 1, 2 ** 40 - 1, 2 ** 40, size - 1])('grew out of one of %d entries', async (from) => {
    const proof = await consistencyProof(from, size, readNodes);
    expect(consistent(from, await root(from), size, await root(size), proof)).toBe(true);
  });
});
