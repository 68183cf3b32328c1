/** One sample of every state that a screen can show. */
import type { WorkbenchState } from '../../agent/contract/api.ts';
import { problems, type ProblemCode } from '../../agent/contract/problems.ts';
import type { DocumentView, HolderView, IdleWarning, PublicState, StationView } from '../../agent/contract/state.ts';
import { sha256Hex } from '../digest.ts';
import { checkSamples } from './check-samples.ts';
import { writeSamplePdf } from './sample-pdf.ts';

const pdf = writeSamplePdf(7);

export const samplePdf = (): Uint8Array<ArrayBuffer> => pdf.slice();

export const sampleStation: StationView = {
  name: 'branch-12.example.org',
  demo: true,
  logSize: 18_204,
  cardReaderReady: true,
  fingerprintReaderReady: true,
  revocationLists: { oldest: new Date(Date.now() - 2 * 86_400_000).toISOString(), stale: false },
};

export const sampleIdle: IdleWarning = { secondsLeft: 37 };

const holder: HolderView = {
  name: 'Ada Lovelace',
  issuer: 'Example Signing CA 3',
  serial: '5a:01:7f:93:0c:44',
  validTo: '2028-03-31T23:59:59Z',
};

export const sampleDocument: DocumentView = {
  id: 'doc-1',
  name: 'Tenancy agreement 12 Mill Lane.pdf',
  pages: 7,
  size: pdf.length,
  digest: await sha256Hex(pdf),
  signatures: 0,
};

const documents: readonly DocumentView[] = [
  sampleDocument,
  {
    ...sampleDocument,
    id: 'doc-2',
    name: 'Handover protocol.pdf',
    pages: 1,
    size: 48_210,
    signatures: 1,
    remarks: [{ code: 'links', subjects: [] }],
  },
  {
    ...sampleDocument,
    id: 'doc-3',
    name: 'Vollmacht_fuer_die_Vertretung_in_allen_Angelegenheiten_der_Hausverwaltung_2026.pdf',
    pages: 1204,
    size: 18_400_000,
    signatures: 2,
  },
];

const refused = [
  { name: 'Scan 0003.pdf', refusal: 'encrypted' },
  { name: 'letter.docx', refusal: 'not-a-pdf' },
] as const;

const pin = { minLength: 4, maxLength: 8, triesLeft: 3, lastTry: false, pad: 'screen' } as const;

const document = sampleDocument;

const only = { place: 1, of: 1 } as const;

const many: readonly DocumentView[] = [
  ...documents,
  { ...sampleDocument, id: 'doc-4', name: 'Inventory.pdf', pages: 2, size: 96_300, digest: 'b'.repeat(64) },
  { ...sampleDocument, id: 'doc-5', name: 'Direct debit mandate.pdf', pages: 1, size: 31_000, digest: 'c'.repeat(64) },
];

const signedOf = (one: DocumentView, entry: number) => ({
  document: one,
  entry,
  at: '2026-11-22T18:31:07.412Z',
  outputDigest: one.digest.split('').reverse().join(''),
  outputName: one.name.replace(/\.pdf$/, '-signed.pdf'),
  delivered: one.id !== 'doc-2',
});

const signedMany = many.map((one, index) => signedOf(one, 18_211 + index));

/** The trouble page of one problem, as the agent would send it most likely. */
function trouble(problem: ProblemCode): Extract<PublicState, { screen: 'trouble' }> {
  const { screen, recover } = problems[problem];
  return {
    screen: 'trouble',
    trouble: screen,
    problem,
    recover,
    outcome: problem === 'outcome-unknown' ? 'outcome-unknown' : 'nothing-signed',
    entry: 18_211,
    canContinue: (recover === 'retry' || recover === 're-enter-pin') && problem !== 'finger-paused',
    ...(problem === 'pin-wrong' ? { triesLeft: 2 } : {}),
    ...(problem === 'not-matched' ? { triesLeft: 1 } : {}),
    ...(problem === 'finger-paused' ? { waitSeconds: 30 } : {}),
    ...(problem === 'document-refused' ? { refusal: 'encrypted' } : {}),
  };
}

const troubles = Object.fromEntries(
  Object.keys(problems)
    .filter((code): code is ProblemCode => code in problems)
    .map((code) => [`trouble-${code}`, trouble(code)]),
);

export const samples: Record<string, PublicState> = {
  start: { screen: 'start', documentsWaiting: 3 },
  'start-none': { screen: 'start', documentsWaiting: 0 },
  'insert-card': { screen: 'insert-card' },
  'reading-card': { screen: 'reading-card' },
  'choose-certificate': {
    screen: 'choose-certificate',
    certificates: [
      { ...holder, certificateSha256: 'a'.repeat(64) },
      { ...holder, name: 'Ada Lovelace, Analytical Engines Ltd', serial: '5a:01:7f:93:0c:45', certificateSha256: 'b'.repeat(64) },
    ],
  },
  'choose-document': { screen: 'choose-document', most: 50, holder, documents, refused },
  'choose-document-expires-soon': { screen: 'choose-document', most: 50, holder: { ...holder, expiresSoon: true }, documents, refused: [] },
  'choose-document-one': { screen: 'choose-document', most: 50, holder, documents: [sampleDocument], refused: [] },
  'choose-document-empty': { screen: 'choose-document', most: 50, holder, documents: [], refused },
  'review-document': { screen: 'review-document', holder, place: only, document },
  'review-remarks': {
    screen: 'review-document',
    holder,
    place: only,
    document: {
      ...document,
      remarks: [
        { code: 'links', subjects: [] },
        { code: 'missing-fonts', subjects: ['Helvetica', 'Times-Bold'] },
      ],
    },
  },
  'review-mark': {
    screen: 'review-document',
    holder,
    place: only,
    document: {
      ...document,
      mark: { width: 220, height: 80, byHand: true, box: { page: 1, left: 300, top: 600, width: 220, height: 80 } },
    },
  },
  'review-changed': { screen: 'review-document', holder, place: only, document },
  confirm: { screen: 'confirm', holder, documents: [document] },
  'confirm-terms': {
    screen: 'confirm',
    holder,
    documents: [{ ...document, terms: { certifies: true, reason: 'Approved by the owner' } }],
  },
  'confirm-vouched': { screen: 'confirm', holder, documents: [document], vouched: true },
  'confirm-unread': { screen: 'confirm', holder, documents: [{ ...document, digest: 'e'.repeat(64) }] },
  'touch-reader': { screen: 'touch-reader', document, prompt: 'touch' },
  'touch-reader-again': { screen: 'touch-reader', document, prompt: 'touch', previous: 'not-matched', triesLeft: 2 },
  'touch-reader-one-finger': { screen: 'touch-reader', document, prompt: 'touch', finger: 'right-index-finger' },
  'touch-reader-processing': { screen: 'touch-reader', document, prompt: 'processing' },
  'last-try': { screen: 'last-try', document },
  'enter-pin': { screen: 'enter-pin', document, place: only, pin },
  'enter-pin-again': { screen: 'enter-pin', document, place: only, pin: { ...pin, triesLeft: 2, previous: 'pin-wrong' } },
  'enter-pin-last': { screen: 'enter-pin', document, place: only, pin: { ...pin, triesLeft: 1, lastTry: true } },
  'enter-pin-reader-soon': { screen: 'enter-pin', document, place: only, pin: { ...pin, pad: 'reader' } },
  'enter-pin-reader': { screen: 'enter-pin', document, place: only, pin: { ...pin, pad: 'reader', waiting: { time: 1, secondsLeft: 54 } } },
  'enter-pin-reader-wrong': {
    screen: 'enter-pin',
    document,
    place: only,
    pin: { ...pin, triesLeft: 2, previous: 'pin-wrong', pad: 'reader', waiting: { time: 1, secondsLeft: 41 } },
  },
  'enter-pin-reader-twice': {
    screen: 'enter-pin',
    document,
    place: only,
    pin: { ...pin, pad: 'reader', waiting: { time: 2, secondsLeft: 60 } },
  },
  'enter-pin-reader-second': {
    screen: 'enter-pin',
    document,
    place: { place: 2, of: 5 },
    pin: { ...pin, pad: 'reader', waiting: { time: 1, secondsLeft: 57 } },
  },
  signing: { screen: 'signing', document, place: only, step: 'card-signing' },
  'signing-saving': { screen: 'signing', document, place: only, step: 'saving' },
  signed: {
    screen: 'signed',
    document,
    entry: 18_211,
    at: '2026-11-22T18:31:07.412Z',
    outputDigest: sampleDocument.digest.split('').reverse().join(''),
    outputName: 'Tenancy agreement 12 Mill Lane, signed.pdf',
    delivered: true,
  },
  'signed-card-taken': {
    screen: 'signed',
    document,
    entry: 18_211,
    at: '2026-11-22T18:31:07.412Z',
    outputDigest: sampleDocument.digest.split('').reverse().join(''),
    outputName: 'Tenancy agreement 12 Mill Lane, signed.pdf',
    delivered: true,
    cardTaken: true,
  },
  'choose-document-many': { screen: 'choose-document', most: 2, holder, documents: many, refused: [] },
  'review-second': { screen: 'review-document', holder, place: { place: 2, of: 5 }, document },
  'review-opening': { screen: 'review-document', holder, place: { place: 2, of: 5 }, document, opening: true },
  'confirm-several': { screen: 'confirm', holder, documents: many },
  'signing-second': { screen: 'signing', document, place: { place: 2, of: 5 }, step: 'card-signing' },
  'signing-next': { screen: 'signing', document, place: { place: 3, of: 5 }, step: 'preparing' },
  'signed-several': { screen: 'signed', ...signedOf(many[4] ?? document, 18_215), earlier: signedMany.slice(0, 4) },
  'trouble-partly': {
    ...trouble('token-removed'),
    outcome: 'partly-signed',
    tally: { signed: signedMany.slice(0, 3), notSigned: many.slice(3) },
  },
  'trouble-partly-unknown': {
    ...trouble('outcome-unknown'),
    tally: { signed: signedMany.slice(0, 1), unknown: document, notSigned: many.slice(2, 4) },
  },
  'take-card-partly': {
    screen: 'take-card',
    outcome: 'partly-signed',
    tally: { signed: signedMany.slice(0, 1), notSigned: many.slice(1, 3) },
  },
  'take-card': { screen: 'take-card', outcome: 'nothing-signed' },
  'idle-warning': { screen: 'confirm', holder, documents: [document] },
  unreachable: { screen: 'start', documentsWaiting: 3 },
  ...checkSamples,
  ...troubles,
};

export const sampleBench: WorkbenchState = {
  cards: [
    { id: 'ada', title: 'Ada Lovelace, RSA-2048', pin: '123456' },
    { id: 'bert', title: 'Bert Example, P-256, expired', pin: '4711' },
  ],
  inserted: 'ada',
  fingers: [
    { id: 'right', title: 'Right finger', enrolled: true },
    { id: 'wrong', title: 'Another finger', enrolled: false },
  ],
  fingerprintReaderPlugged: true,
  log: [
    { seq: 18_203, op: 'boot', at: '2026-11-22T18:30:01.000Z' },
    { seq: 18_204, op: 'token-in', at: '2026-11-22T18:30:07.000Z' },
    { seq: 18_205, op: 'consent', at: '2026-11-22T18:30:41.000Z' },
    { seq: 18_206, op: 'finger-refused', at: '2026-11-22T18:30:47.000Z', problem: 'not-matched' },
  ],
};
