/** The matrix has no hole: every state of the signing machine with every fault, each once. */
import { describe, expect, it } from 'vitest';
import { faults } from '../../support/matrix/faults.ts';
import { reach, states } from '../../support/matrix/states.ts';
import { afterTheSignature } from './after-the-signature.ts';
import { checkingAFile } from './checking-a-file.ts';
import { beforeTheFinger } from './before-the-finger.ts';
import { outOfService } from './out-of-service.ts';
import { fromFingerToSignature } from './from-finger-to-signature.ts';

const parts = [beforeTheFinger, checkingAFile, fromFingerToSignature, afterTheSignature, outOfService];
const rows = parts.flatMap((part) => Object.entries(part));

function combinations(table: readonly (readonly [string, object])[]): readonly string[] {
  return table.flatMap(([state, row]) => Object.keys(row).map((fault) => `${state} x ${fault}`)).sort();
}

const all = states.flatMap((state) => faults.map((fault) => `${state} x ${fault}`)).sort();

describe('the matrix of states and faults', () => {
  it('has every combination once, and none that is not there', () => {
    expect(combinations(rows)).toEqual(all);
  });

  it('knows a way into every state of the machine', () => {
    expect(Object.keys(reach).sort()).toEqual([...states].sort());
  });

  // All faults of the PIN pad, which the virtual reader has not, and twenty-one others: a card that is not in cannot be pulled.
  it('names few combinations that cannot be', () => {
    const cannot = rows.flatMap(([, row]) => Object.values(row)).filter((expected) => 'cannot' in expected);
    expect(cannot.length).toBeLessThanOrEqual(21 + faults.length);
  });

  it('would notice a combination that is missing', () => {
    expect(combinations(rows.slice(1))).not.toEqual(all);
    expect(combinations([...rows, ['anotherState', { removed: {} }]])).not.toEqual(all);
  });
});
