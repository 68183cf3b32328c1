/** Keys of an imagined station and of its head office, from seeds that are no secret. */
import { makeCosigner, makeSigner, privateKeyFromSeed } from '../../../agent/log/note-key.ts';

export const origin = 'branch-12.example.org/e1';

const keyOf = (fill: number) => privateKeyFromSeed(new Uint8Array(32).fill(fill));

export const stationKey = keyOf(1);
export const station = makeSigner(origin, stationKey);
export const stranger = makeSigner(origin, keyOf(2));
export const nextEpoch = makeSigner('branch-12.example.org/e2', keyOf(3));
export const headOffice = makeCosigner('head-office.example.org/witness', keyOf(4));

/** The code that a refusal of evidence has, or what happened instead. */
export function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return 'taken';
}
