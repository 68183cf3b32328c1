/** Facts for a signing machine that runs without devices: tokens, keys, a document, and what each actor may answer. */
import { Secret } from '../../../drivers/secret.ts';
import type { PinInfo, TokenInfo } from '../../../drivers/token.ts';
import type { DocumentView } from '../../../agent/contract/state.ts';
import type { FileVerdictView, SignedFileView } from '../../../agent/contract/verification.ts';
import type { RecordConsentOutput } from '../../../agent/signing/asked.ts';
import type {
  ChosenDocument,
  Context,
  HolderKey,
  Intent,
  Limits,
  MachineInput,
  OpenDocument,
  Prepared,
  SignedResult,
  StagedOutput,
} from '../../../agent/signing/model.ts';
import { firstContext } from '../../../agent/signing/steps.ts';

export const limits: Limits = { idleMs: 60_000, idleWarningSeconds: 3, lingerMs: 15_000, mostDocuments: 3 };

export const pinDigits = '73519924';

/** The PIN as it comes from the keys. */
export function typedPin(): Secret {
  return new Secret(new TextEncoder().encode(pinDigits));
}

function token(id: string): TokenInfo {
  return {
    id,
    module: 'opensc',
    slot: `slot of ${id}`,
    label: 'PIV',
    manufacturer: 'countersign',
    model: 'PIV-II',
    serial: `serial-${id}`,
  };
}

export const ada = token('ada');
export const grace = token('grace');

function key(digit: string): HolderKey {
  return {
    certificateSha256: digit.repeat(64),
    certificate: Uint8Array.of(0x30, 0x00),
    chain: [],
    holder: { name: 'Ada Lovelace', issuer: 'Demo CA', serial: digit, validTo: '2031-01-01T00:00:00Z' },
    scheme: 'rsa-pss',
    hash: 'sha256',
    enrolled: {
      assurance: 'signed-by-reader',
      certificateSha256: digit.repeat(64),
      subject: 'ab'.repeat(16),
      credentialId: Uint8Array.of(1),
      publicKey: Uint8Array.of(2),
      aaguid: '00'.repeat(16),
      signCount: 0,
    },
  };
}

export const firstKey = key('1');
/** The same, of a holder for whom a member of staff vouches. */
export const vouchedKey: HolderKey = { ...firstKey, vouch: vouchFor('1') };
export const secondKey = key('2');

function vouchFor(digit: string): NonNullable<HolderKey['vouch']> {
  return {
    seq: 3,
    leaf: '3'.repeat(64),
    at: '2026-11-22T18:00:00.000Z',
    until: '2026-11-22T18:30:00.000Z',
    certificateSha256: digit.repeat(64),
    subject: 'ab'.repeat(16),
    identified: 'identity-document',
    by: { id: 'clerk-7', role: 'clerk' },
    publicKey: '30',
  };
}

export const pin: PinInfo = { state: 'ok', minLength: 6, maxLength: 8, triesLeft: 3, protectedPath: false };

export const contract: DocumentView = {
  id: 'doc-1',
  name: 'contract.pdf',
  pages: 3,
  size: 9,
  digest: 'd'.repeat(64),
  signatures: 0,
};

export const lease: DocumentView = { ...contract, id: 'doc-2', name: 'lease.pdf', digest: 'c'.repeat(64) };

/** A document as it was read. */
export function open(view: DocumentView): OpenDocument {
  return { view, fileName: view.name, bytes: new TextEncoder().encode(`%PDF-1.7 ${view.name}\n`) };
}

export const openContract = open(contract);

const withoutBytes = ({ view, fileName }: ChosenDocument): ChosenDocument => ({ view, fileName });

/** An intent as it stands in the log under this number. */
export function intent(entry: number, view = contract): Intent {
  return { entry, leaf: entry.toString(16).padStart(64, '0'), document: withoutBytes(open(view)) };
}

/** A consent, with one intent for each document from this number on. */
export function consented(entry: number, documents: readonly DocumentView[] = [contract]): RecordConsentOutput {
  return {
    consent: { digest: new Uint8Array(32).fill(entry), expires: new Date('2031-01-01T00:00:00Z') },
    intents: documents.map((view, index) => intent(entry + index, view)),
  };
}

/** The same, where the consent names the vouch for the holder. */
export function consentedVouched(entry: number, documents?: readonly DocumentView[]): RecordConsentOutput {
  const { consent, intents } = consented(entry, documents);
  const at = { time: '2026-11-22T18:20:00.000Z', boot: 'b0', mono: 1 };
  return { intents, consent: { ...consent, vouched: { vouch: vouchFor('1'), consent: { seq: entry - 1, at } } } };
}

/** What the token is to sign of a document. Nothing here builds an output, so `finish` refuses to. */
export function prepared(view = contract): Prepared {
  return {
    document: open(view),
    signature: {
      message: new TextEncoder().encode(view.digest),
      finish: () => {
        throw new Error('no output is built without devices');
      },
    },
  };
}

export const staged: StagedOutput = { digest: 'e'.repeat(64), size: 4711, name: 'contract-signed.pdf', signatureDigest: 'f'.repeat(64) };

export function result(entry: number): SignedResult {
  return { entry, at: '2026-11-22T18:31:07.412Z', outputDigest: staged.digest, outputName: staged.name, delivered: true };
}

export const signedFile: SignedFileView = { id: 'file-1', name: 'contract-signed.pdf', size: 20_000 };

export const fileVerdict: FileVerdictView = { outcome: 'NO-SIGNATURE', signatures: [], unsigned: [], entry: 9 };

/** What each actor answers when all goes well. */
export const answers = {
  readToken: { pin, keys: [firstKey] },
  openDocument: openContract,
  recordConsent: consented(7),
  prepare: prepared(),
  verifyFinger: undefined,
  takeVouch: undefined,
  sign: Uint8Array.of(1),
  check: staged,
  save: result(12),
  recordTokenOut: undefined,
  recordTwoTokens: undefined,
  listSignedFiles: { files: [signedFile], more: 0 },
  judgeFile: fileVerdict,
};

/** What the machine is started with; operations are numbered. */
export function machineInput(tokens: readonly TokenInfo[] = []): MachineInput {
  let operations = 0;
  return { limits, tokens, newOperation: () => `op-${(operations += 1)}` };
}

/** A memory of the machine in the middle of a visit: token in, document open, nothing begun. */
export function visitContext(changes: Partial<Context> = {}): Context {
  return {
    ...firstContext(machineInput([ada])),
    visit: 1,
    operation: 'op-1',
    tokenId: ada.id,
    pin,
    keys: [firstKey],
    key: firstKey,
    documents: [contract],
    chosen: [contract.id],
    shown: [withoutBytes(openContract)],
    document: openContract,
    ...changes,
  };
}
