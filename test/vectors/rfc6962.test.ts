import { expect, it } from 'vitest';
import { verifyConsistency, verifyInclusion } from '../../agent/log/proof.ts';
import { checkConsistency, checkInclusion } from '../../agent/log/verify/proof.ts';
import { readVectors } from '../support/log/public-vectors.ts';
import { holds } from '../support/log/second-opinion.ts';

const bytes = (base64: string) => Buffer.from(base64, 'base64');

interface Vector {
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

interface Inclusion extends Vector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
}

interface Consistency extends Vector {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
}

/** Names of vectors that are to hold, and of those that do, by each implementation. */
function compare<V extends Vector>(vectors: Readonly<Record<string, V>>, ...checks: readonly ((vector: V) => boolean)[]): void {
  const all = Object.entries(vectors);
  const good = all.filter(([, { wantErr }]) => !wantErr).map(([name]) => name);
  expect(good.length).toBeGreaterThan(3);
  expect(good.length).toBeLessThan(all.length);
  for (const check of checks) expect(all.filter(([, vector]) => check(vector)).map(([name]) => name)).toEqual(good);
}

it('every public inclusion proof of RFC 6962 is taken or refused as it should be, by both implementations', (context) => {
  const parts = ({ leafHash, leafIdx, treeSize, proof, root }: Inclusion) =>
    [bytes(leafHash), leafIdx, treeSize, (proof ?? []).map(bytes), bytes(root)] as const;
  compare(
    readVectors(context, 'rfc6962/inclusion.json') as Readonly<Record<string, Inclusion>>,
    (vector) => verifyInclusion(...parts(vector)),
    (vector) =>
      holds(() => {
        checkInclusion(...parts(vector));
      }),
  );
});

it('every public consistency proof of RFC 6962 is taken or refused as it should be, by both implementations', (context) => {
  const parts = ({ size1, root1, size2, root2, proof }: Consistency) =>
    [size1, bytes(root1), size2, bytes(root2), (proof ?? []).map(bytes)] as const;
  compare(
    readVectors(context, 'rfc6962/consistency.json') as Readonly<Record<string, Consistency>>,
    (vector) => verifyConsistency(...parts(vector)),
    (vector) =>
      holds(() => {
        checkConsistency(...parts(vector));
      }),
  );
});
