/** Samples of the pages on which a signed file is checked. */
import type { PublicState } from '../../agent/contract/state.ts';
import { type CheckedSignatureView, subIndications } from '../../agent/contract/verification.ts';

const files = [
  { id: 'file-1', name: 'Tenancy agreement 12 Mill Lane-signed.pdf', size: 148_200 },
  { id: 'file-2', name: 'Handover protocol.asice', size: 2_048_210 },
  { id: 'file-3', name: 'Vollmacht_fuer_die_Vertretung_in_allen_Angelegenheiten_der_Hausverwaltung_2026-signed.pdf', size: 18_400_000 },
] as const;
const [file] = files;

const sound: CheckedSignatureView = {
  verdict: 'TOTAL-PASSED',
  signer: { name: 'Ada Lovelace', issuer: 'Example Signing CA 3', serial: '5a:01:7f:93:0c:44' },
  claimedAt: '2026-11-22T18:31:07Z',
  since: [],
  files: [],
};

const grace: CheckedSignatureView = {
  ...sound,
  signer: { name: 'Grace Hopper', issuer: 'Example Signing CA 3', serial: '5a:01:7f:93:0c:45' },
  provenAt: '2026-11-23T08:00:00Z',
  since: ['proofs', 'timestamp'],
};

function verdict(outcome: (typeof sound)['verdict'], signatures: readonly CheckedSignatureView[]): PublicState {
  return { screen: 'check-verdict', file, verdict: { outcome, signatures, unsigned: [], entry: 18_230 } };
}

const reasons = Object.fromEntries(
  subIndications.map((subIndication) => {
    const failed = ['FORMAT_FAILURE', 'HASH_FAILURE', 'SIG_CRYPTO_FAILURE'].includes(subIndication);
    const outcome = failed ? 'TOTAL-FAILED' : 'INDETERMINATE';
    const name = `check-${subIndication.toLowerCase().replaceAll('_', '-')}`;
    return [name, verdict(outcome, [{ ...sound, verdict: outcome, subIndication }])];
  }),
);

export const checkSamples: Record<string, PublicState> = {
  'check-choose': { screen: 'check-choose', files, more: 0 },
  'check-choose-more': { screen: 'check-choose', files, more: 12 },
  'check-choose-empty': { screen: 'check-choose', files: [], more: 0 },
  'check-choose-unreachable': { screen: 'check-choose', files: [], more: 0, unreachable: true },
  'check-choose-looking': { screen: 'check-choose', files: [], more: 0, looking: true },
  'checking-file': { screen: 'checking-file', file },
  'check-passed': verdict('TOTAL-PASSED', [sound]),
  'check-passed-several': verdict('TOTAL-PASSED', [{ ...sound, since: ['signature', 'filled'] }, grace]),
  'check-not-all': verdict('TOTAL-FAILED', [{ ...sound, verdict: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' }, grace]),
  'check-container': {
    screen: 'check-verdict',
    file: files[1],
    verdict: {
      outcome: 'INDETERMINATE',
      signatures: [{ ...sound, verdict: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE', files: ['protocol.odt', 'plan.png'] }],
      unsigned: ['keys.txt'],
      entry: 18_230,
    },
  },
  'check-none': { screen: 'check-verdict', file, verdict: { outcome: 'NO-SIGNATURE', signatures: [], unsigned: [], entry: 18_230 } },
  'check-unreadable': {
    screen: 'check-verdict',
    file,
    verdict: { outcome: 'UNREADABLE', refusal: 'took-too-long', signatures: [], unsigned: [], entry: 18_230 },
  },
  ...reasons,
};
