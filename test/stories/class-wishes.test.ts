/** What classes of documents wish of a signature, at a whole station: certification, a named field, a commitment, what a field's author demands, and other formats. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bytesSource } from '../../agent/documents/byte-source.ts';
import { loadTrust, type Trust } from '../../agent/documents/trust.ts';
import { verifyContainer } from '../../agent/documents/verify-container.ts';
import { verifyDetached } from '../../agent/documents/verify-detached.ts';
import { verifyPdf } from '../../agent/documents/verify.ts';
import { opensslAcceptsDetached } from '../support/openssl-cms.ts';
import { pageText } from '../support/page-raster.ts';
import { formWith, pageOf } from '../support/several/class-documents.ts';
import { walkToPinOf } from '../support/several/walk-three.ts';
import { agreement, StoryStation } from '../support/station.ts';
import { cmsPrinted, opensslAccepts, pdfsig, qpdfCheck } from '../support/validators.ts';

const classes = [
  { name: 'Statutes', files: 'statutes*', certify: true },
  { name: 'Membership forms', files: 'member*', field: 'Buyer' },
  { name: 'Agreements', files: 'agreement*', appearance: { place: 'fixed', page: 1, left: 330, top: 20 }, reason: 'I agree' },
  { name: 'Receipts', files: 'receipt*', commitment: 'proof-of-receipt' },
  { name: 'Demanding forms', files: 'demands*', field: 'Holder', reason: 'I have read it', certify: true },
  { name: 'Data', files: '*.csv', format: 'asic-e' },
];
/** What the holder is told of the signature on each document, where there is something. */
const wishedTerms: Readonly<Record<string, object>> = {
  'agreement-7.pdf': { reason: 'I agree' },
  'demands.pdf': { certifies: true, reason: 'I have read it' },
  'receipt.pdf': { commitment: 'proof-of-receipt' },
  'statutes.pdf': { certifies: true },
};
const letter = Buffer.from('Dear Ada,\nplease sign this.\n');

let story: StoryStation;
let trust: Trust;
let root: string;

beforeAll(async () => {
  story = await StoryStation.make({
    prepare: async (data) => {
      const path = join(data, 'station.json');
      const config = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...config, documents: { otherFiles: 'allow', classes } }));
    },
  });
  trust = await loadTrust(join(story.data, 'trust'));
  root = join(story.data, 'trust', 'demo-ca.pem');
});
beforeEach(async () => {
  const inbox = join(story.data, 'inbox');
  for (const left of await readdir(inbox)) await rm(join(inbox, left), { recursive: true });
});
afterEach(() => story.leave());
afterAll(async () => {
  expect(story.faults).toEqual([]);
  await story.end();
});

async function putIn(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(story.data, 'inbox', name), bytes);
  await story.devices.reader.insert(story.card('ada'));
}

/** Ours, pdfsig, openssl and qpdf accept the one signature; gives the report. */
function sound(pdf: Uint8Array) {
  qpdfCheck(pdf);
  expect(pdfsig(pdf).filter(({ verdict }) => verdict !== 'no verdict')).toEqual([{ verdict: 'Signature is Valid.', whole: true }]);
  expect(opensslAccepts(pdf, root)).toBe(true);
  const { outcome, signatures } = verifyPdf(pdf, { trust });
  expect([outcome, signatures.length]).toEqual(['TOTAL-PASSED', 1]);
  return signatures[0];
}

test('one visit with a document of each class: every signature is what its class wishes, and every judge accepts it', async () => {
  const demand =
    '/SV<</Type/SV/Ff 74/Reasons[(I agree)(I have read it)]/SubFilter[/ETSI.CAdES.detached]/DigestMethod[(SHA256)]/MDP<</P 1>>>>';
  const files = {
    'agreement-7.pdf': await readFile(agreement),
    'data.csv': Buffer.from('name;sum\nAda;12\n'),
    'demands.pdf': formWith('demands', { Holder: demand }),
    'letter.txt': letter,
    'member1.pdf': formWith('member', { Seller: '', Buyer: '' }),
    'receipt.pdf': pageOf('receipt'),
    'statutes.pdf': pageOf('statutes'),
  };
  await putIn(files);
  const names = Object.keys(files);
  await walkToPinOf(
    story,
    names.map((name) => ({ name })),
  );
  await story.until('enter-pin');
  story.typePin('123456');
  const { earlier = [], ...last } = await story.until('signed');
  const signed = [...earlier, last];
  expect(signed.map(({ document }) => document.name)).toEqual(names);
  const outputOf = async (name: string): Promise<Buffer> =>
    story.readOutput(signed.find(({ document }) => document.name === name)?.outputName ?? '');

  const statutes = await outputOf('statutes.pdf');
  expect(sound(statutes)).toMatchObject({ level: 1 });
  expect(statutes.toString('latin1')).toContain('/TransformMethod /DocMDP');
  const member = await outputOf('member1.pdf');
  expect(sound(member)).toMatchObject({ field: 'Buyer' });
  expect(sound(await outputOf('demands.pdf'))).toMatchObject({ field: 'Holder', reason: 'I have read it', level: 1 });
  const receipt = await outputOf('receipt.pdf');
  expect(sound(receipt)?.reason).toBeUndefined();
  // id-cti-ets-proofOfReceipt, RFC 5126 section 5.11.1.
  expect(cmsPrinted(receipt)).toMatch(/id-smime-aa-ets-commitmentType[\s\S]*id-smime-cti-ets-proofOfReceipt/);
  const agreed = await outputOf('agreement-7.pdf');
  expect(sound(agreed)).toMatchObject({ reason: 'I agree' });
  expect(pageText(agreed)).toContain('Reason: I agree');

  const p7s = await outputOf('letter.txt');
  const content = { name: 'letter.txt', digest: (hash: string) => Promise.resolve(createHash(hash).update(letter).digest()) };
  expect(await verifyDetached(p7s, content, { trust })).toMatchObject({ outcome: 'TOTAL-PASSED' });
  expect(opensslAcceptsDetached(p7s, letter, root)).toBe(true);
  expect(verifyContainer(bytesSource(await outputOf('data.csv')), { trust })).toMatchObject({
    outcome: 'TOTAL-PASSED',
    uncovered: [],
    signatures: [{ covers: ['data.csv'] }],
  });

  // Every output is named by the entry of its own document, in the order of the consent.
  const events = await story.entries();
  const dones = events.filter((event) => event.op === 'sign.done');
  expect(dones.map(({ document_sha256, format }) => [document_sha256, format])).toEqual(
    names.map((name) => [
      createHash('sha256')
        .update(files[name as keyof typeof files])
        .digest('hex'),
      { 'data.csv': 'asic-e', 'letter.txt': 'cades' }[name],
    ]),
  );
  const consents = events.filter((event) => event.op === 'consent');
  expect(consents).toHaveLength(1);
  // The holder agreed to what the signatures say, and the consent names it.
  const agreedTo = consents[0]?.statement['documents'] as readonly { readonly terms?: unknown }[];
  expect(agreedTo.map(({ terms }) => terms)).toEqual(names.map((name) => wishedTerms[name]));
  expect(signed.map(({ document }) => document.terms)).toEqual(names.map((name) => wishedTerms[name]));
});

test('a file that is no PDF and whose class asks for what only a PDF can have is refused by name', async () => {
  await putIn({ 'statutes.txt': Buffer.from('We, the members, have agreed.\n'), 'b-letter.txt': Buffer.from('Dear Bob,\n') });
  const { documents, refused } = await story.until('choose-document', (state) => state.refused.length > 0);
  expect([documents.map(({ name }) => name), refused]).toEqual([['b-letter.txt'], [{ name: 'statutes.txt', refusal: 'class-needs-pdf' }]]);
  await rm(join(story.data, 'inbox', 'b-letter.txt'));
});

describe('a document that cannot be signed as its class wishes is refused before any is agreed to, also when it is the second', () => {
  test.each([
    ['the field is not there', 'no-such-field', 'member2.pdf', () => formWith('member', { Seller: '' })],
    [
      'the author of the field wants another reason',
      'field-demands',
      'demands.pdf',
      () => formWith('demands', { Holder: '/SV<</Type/SV/Ff 8/Reasons[(I agree)]>>' }),
    ],
    ['somebody has signed it before', 'not-first-signature', 'statutes.pdf', () => signedBefore],
  ])('%s', async (_, refusal, name, bytes) => {
    await putIn({ 'a-first.pdf': pageOf(`first, before ${name}`), [name]: bytes() });
    const { documents } = await story.until('choose-document', (state) => state.documents.length === 2);
    story.act({ type: 'choose-documents', documentIds: documents.map(({ id }) => id) });
    await story.until('review-document', (state) => state.opening !== true);
    story.act({ type: 'reviewed' });
    expect(await story.until('trouble')).toMatchObject({
      trouble: 'document-refused',
      refusal,
      outcome: 'nothing-signed',
      canContinue: true,
    });
    expect(await story.visitOps()).toEqual(['token-in', 'document-refused']);
    story.act({ type: 'continue' });
    expect((await story.until('choose-document')).documents).toHaveLength(2);
  });

  let signedBefore: Uint8Array;
  beforeAll(async () => {
    await writeFile(join(story.data, 'inbox', 'plain.pdf'), pageOf('plain'));
    const { outputName } = await story.signed();
    signedBefore = await story.readOutput(outputName);
    await story.leave();
  });
});
