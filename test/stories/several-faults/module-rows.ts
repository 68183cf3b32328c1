/** What comes of a vendor's module that misbehaves in the call for the second or the last of three signatures. */
import type { ShimAction } from '../../support/fault-shim.ts';
import type { Place } from '../../support/several/play.ts';
import { ends, type Ends } from './expectation.ts';

export const moduleFaults = ['fails', 'crashes', 'ends', 'hangs', 'gives a wrong signature', 'crashes before it'] as const;
export type ModuleFault = (typeof moduleFaults)[number];

export interface ModuleRow {
  readonly call: 'C_Sign' | 'C_SignInit';
  readonly act: ShimAction;
  readonly of: Readonly<Record<Place, Ends>>;
}

const both = (screen: string, word: string): Readonly<Record<Place, Ends>> => ({
  2: ends(screen, `signed ${word} not-reached`),
  3: ends(screen, `signed signed ${word}`),
});
const nobodyKnows = both('outcome-unknown', 'unknown');

export const moduleRows: Readonly<Record<ModuleFault, ModuleRow>> = {
  // CKR_DEVICE_ERROR, 0x30.
  fails: { call: 'C_Sign', act: 'error=48', of: both('card-reader-lost', 'device-error') },
  crashes: { call: 'C_Sign', act: 'crash', of: nobodyKnows },
  ends: { call: 'C_Sign', act: 'exit', of: nobodyKnows },
  hangs: { call: 'C_Sign', act: 'hang', of: nobodyKnows },
  'gives a wrong signature': { call: 'C_Sign', act: 'flip', of: both('card-reader-lost', 'device-error') },
  'crashes before it': { call: 'C_SignInit', act: 'crash', of: both('card-reader-lost', 'module-crashed') },
};
