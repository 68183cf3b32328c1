/** Proofs in the document (B-LT) and timestamps over the whole of it (B-LTA), by the commands, and what they are worth years later. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { timestampApply } from '../../../agent/commands/timestamp-apply.ts';
import { timestampRequest } from '../../../agent/commands/timestamp-request.ts';
import { verify } from '../../../agent/commands/verify.ts';
import { issuerKey } from '../../../agent/documents/crl.ts';
import { readRevocationList } from '../../../agent/documents/crl-reader.ts';
import { storeKey } from '../../../agent/documents/dss.ts';
import { openPdf } from '../../../agent/documents/pdf.ts';
import { readFields } from '../../../agent/documents/pdf-fields.ts';
import { PdfDict, PdfString } from '../../../agent/documents/pdf-objects.ts';
import { IncrementalUpdate } from '../../../agent/documents/pdf-writer.ts';
import { type VerificationReport, verifyPdf } from '../../../agent/documents/verify.ts';
import { revocationList, serialOf } from '../../support/revocation-lists.ts';
import { agreement } from '../../support/sample-pdf.ts';
import { TimestampAuthority, timestampsOnly } from '../../support/timestamp-authority.ts';
import { TimestampStory, call, days } from '../../support/timestamp-story.ts';
import { opensslAccepts, pdfsig, qpdfCheck } from '../../support/validators.ts';

const story = new TimestampStory();
const { ring, root, link, short, timeRoot, file, query, answer, out, prepared } = story;
const folders = ['--trust', story.trust, '--crl', story.crl];
/** An authority that outlives the first one by years. */
const longLived = new TimestampAuthority(ring, 'long-lived', ring.issue('/CN=Late Authority', 'P-256', timestampsOnly, timeRoot, 3000), [
  timeRoot,
]);

afterAll(() => ring.end());
beforeEach(() => story.clear());

/** Lists of all issuers are in the folder. */
function putAll(): void {
  for (const issuer of [root, link, timeRoot]) story.put(issuer);
}

/** Signed by somebody whose certificate soon ends, stamped, and with all proofs. */
async function withProofs(): Promise<Uint8Array> {
  putAll();
  return story.stamped(story.sign(agreement(), short), '--level', 'lt', ...folders);
}

/** The document under a timestamp over all of it. */
async function sealed(document: Uint8Array, more: readonly string[] = [], by = longLived): Promise<Uint8Array> {
  for (const path of [file, query, answer, out, prepared]) rmSync(path, { force: true });
  writeFileSync(file, document);
  expect(await call(timestampRequest, file, '--document', ...more)).toMatchObject({ code: 0, err: '' });
  writeFileSync(answer, by.answer(readFileSync(query)));
  expect(await call(timestampApply, prepared, answer, '--out', out, '--trust', story.trust)).toMatchObject({ code: 0, err: '' });
  return new Uint8Array(readFileSync(out));
}

function first({ signatures, documentTimestamps, outcome }: VerificationReport) {
  const [one] = signatures;
  return {
    outcome,
    verdict: one?.verdict,
    sub: one?.subIndication,
    profile: one?.profile,
    over: documentTimestamps.map(({ verdict }) => verdict),
  };
}

describe('the proofs', () => {
  test('are added behind the signature, every judge still accepts it, and it is B-LT', async () => {
    const result = await withProofs();
    expect(first(story.report(result))).toEqual({
      outcome: 'TOTAL-PASSED',
      verdict: 'TOTAL-PASSED',
      sub: undefined,
      profile: 'B-LT',
      over: [],
    });
    expect(pdfsig(result).map(({ verdict }) => verdict)).toEqual(['Signature is Valid.']);
    expect(opensslAccepts(result, root.certificatePath)).toBe(true);
    qpdfCheck(result);
    expect((await call(verify, out, '--verbose', ...folders)).out).toMatch(
      /level {5}B-LT, with a timestamp and the proofs to judge it later/,
    );

    const opened = openPdf(result);
    const store = opened.dict(opened.catalog().dict.get('DSS'));
    // Ada's issuers and the authority's: root, link, signer, time root, authority; one list for each of the three issuers.
    expect([opened.items(store?.get('Certs') ?? null)?.length, opened.items(store?.get('CRLs') ?? null)?.length]).toEqual([5, 3]);
    const contents = readFields(opened).signed[0]?.dict.get('Contents');
    const related = opened.dict(store?.get('VRI') ?? null);
    expect([...(related?.entries.keys() ?? [])]).toEqual([contents instanceof PdfString ? storeKey(contents.bytes) : 'none']);
  });

  test('can be added later, with lists that were made after the timestamp; and never to a signature without one', async () => {
    const signed = story.sign(agreement(), short);
    const stamped = await story.stamped(signed);
    rmSync(out);
    putAll();
    writeFileSync(file, signed);
    const early = await call(timestampApply, file, '--level', 'lt', ...folders);
    expect(early).toMatchObject({ code: 1, err: expect.stringMatching(/bears a timestamp yet\. Add one first/) as string });
    writeFileSync(file, stamped);
    expect(await call(timestampApply, file, '--level', 'lt', ...folders)).toMatchObject({ code: 0, err: '' });
    expect(first(story.report(new Uint8Array(readFileSync(out))))).toMatchObject({ outcome: 'TOTAL-PASSED', profile: 'B-LT' });
    expect(await call(timestampApply, file)).toMatchObject({ code: 2 });
  });

  test.each([
    [
      'a list is missing',
      () => [root, link].forEach((issuer) => story.put(issuer)),
      /Whether the certificate of the time stamping authority was revoked cannot be told/,
    ],
    [
      'the list of the signer is missing',
      () => [root, timeRoot].forEach((issuer) => story.put(issuer)),
      /not complete: the certificate of Short Lived has no current revocation list/,
    ],
    ['the signer was revoked before', () => revoked(), /not complete: the certificate of Short Lived was revoked/],
  ])('are refused when %s, and nothing is written', async (_name, put, sentence) => {
    put();
    writeFileSync(file, story.sign(agreement(), short));
    await call(timestampRequest, file);
    writeFileSync(answer, story.openssl.answer(readFileSync(query)));
    const refused = await call(timestampApply, file, answer, '--level', 'lt', ...folders);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(sentence);
    expect(() => readFileSync(out)).toThrow('ENOENT');
  });

  function revoked(): void {
    putAll();
    story.put(link, { revoked: [{ serial: serialOf(short), at: days(-0.01) }] });
  }

  test('tell years later what lists no longer do, because issuers leave ended certificates out of them', async () => {
    const bare = await story.stamped(story.sign(agreement(), short));
    rmSync(out);
    for (const path of [query, answer]) rmSync(path);
    const result = await withProofs();
    const later = days(100);
    const fresh = [root, link, timeRoot].map((issuer) =>
      readRevocationList(revocationList(ring, issuer, { number: 99, from: days(99), until: days(200) }).der),
    );
    const lists = new Map(fresh.map((list) => [issuerKey(list.issuerElement), list]));
    const trust = { ...story.issuers, revocation: { lists, policy: { stale: 'refuse' as const } } };
    expect(first(verifyPdf(bare, { trust, now: later }))).toMatchObject({ verdict: 'INDETERMINATE', sub: 'TRY_LATER', profile: 'B-T' });
    expect(first(verifyPdf(result, { trust, now: later }))).toMatchObject({ verdict: 'TOTAL-PASSED', profile: 'B-LT' });
    // What the document carries is no word of its own: without the issuers it proves nothing.
    const others = { roots: [], intermediates: [], revocation: trust.revocation };
    expect(first(verifyPdf(result, { trust: others, now: later }))).toMatchObject({
      verdict: 'INDETERMINATE',
      sub: 'OUT_OF_BOUNDS_NO_POE',
    });
  });
});

describe('a timestamp over the document', () => {
  test('carries the signature on when the first authority has ended, and every judge still accepts it', async () => {
    const lt = await withProofs();
    const result = await sealed(lt, folders);
    expect(first(story.report(result))).toEqual({
      outcome: 'TOTAL-PASSED',
      verdict: 'TOTAL-PASSED',
      sub: undefined,
      profile: 'B-LTA',
      over: ['TOTAL-PASSED'],
    });
    expect(pdfsig(result)[0]?.verdict).toBe('Signature is Valid.');
    expect(opensslAccepts(result, root.certificatePath)).toBe(true);
    qpdfCheck(result);
    const said = await call(verify, out, '--verbose', ...folders);
    expect(said.out).toMatch(/level {5}B-LTA/);
    expect(said.out).toMatch(/Timestamp 1 over the document: TOTAL-PASSED\n {2}authority Late Authority/);

    expect(first(story.report(lt, days(400)))).toMatchObject({ verdict: 'INDETERMINATE', sub: 'OUT_OF_BOUNDS_NO_POE' });
    expect(first(story.report(result, days(400)))).toMatchObject({ verdict: 'TOTAL-PASSED', profile: 'B-LTA' });
    expect(first(story.report(result, days(3001)))).toMatchObject({ verdict: 'INDETERMINATE', over: ['INDETERMINATE'] });

    // One byte of the proofs, which no signature covers: the timestamp does.
    const at = Buffer.from(lt).indexOf('stream', lt.length - 4000) + 300;
    const changed = Uint8Array.from(result);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(first(story.report(changed))).toMatchObject({ outcome: 'INDETERMINATE', over: ['TOTAL-FAILED'] });
    expect(first(story.report(changed, days(400)))).toMatchObject({ verdict: 'INDETERMINATE', profile: 'B-LT' });
  });

  test('is itself carried on by the next one', async () => {
    const once = await sealed(story.sign(agreement(), short));
    const last = ring.issue('/CN=Last Authority', 'P-256', timestampsOnly, timeRoot, 3900);
    const twice = await sealed(once, [], new TimestampAuthority(ring, 'last', last, [timeRoot]));
    expect(first(story.report(once, days(3001)))).toMatchObject({ verdict: 'INDETERMINATE', over: ['INDETERMINATE'] });
    expect(first(story.report(twice, days(3001)))).toMatchObject({ outcome: 'TOTAL-PASSED', over: ['TOTAL-PASSED', 'TOTAL-PASSED'] });
    qpdfCheck(twice);
  });

  test('goes onto a document that was certified against every change, and proves the time of signatures that bear none', async () => {
    const result = await sealed(story.sign(agreement(), short, { certify: true }));
    expect(first(story.report(result))).toMatchObject({ outcome: 'TOTAL-PASSED', profile: 'B-T', over: ['TOTAL-PASSED'] });
    expect(first(story.report(result, days(10)))).toMatchObject({ verdict: 'TOTAL-PASSED' });
    // The signature itself can take none any more.
    expect(await call(timestampRequest, out)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/covers every signature in it/) as string,
    });
  });

  test('is refused for another document, and for a prepared one that was changed; a prepared one is not passed off as stamped', async () => {
    writeFileSync(file, story.sign(agreement()));
    await call(timestampRequest, file, '--document');
    const right = new Uint8Array(readFileSync(prepared));
    const refused = async (document: Uint8Array, token: Uint8Array, ...words: readonly string[]) => {
      writeFileSync(prepared, document);
      writeFileSync(answer, token);
      const ended = await call(timestampApply, prepared, answer, '--out', out, ...words);
      expect(() => readFileSync(out)).toThrow('ENOENT');
      return ended.err;
    };
    const token = story.openssl.answer(readFileSync(query));
    const changed = Uint8Array.from(right);
    changed[right.length - 100] = (changed[right.length - 100] ?? 0) ^ 1;
    const other = Uint8Array.from(right);
    const letter = Buffer.from(other).indexOf('/Producer') + 12;
    other[letter] = (other[letter] ?? 0) ^ 1;
    expect(await refused(other, token)).toMatch(/for something else|damaged/);
    expect(await refused(withMore(right), token)).toMatch(/was changed after it was prepared/);
    expect(await refused(right, token, '--level', 't')).toMatch(/which is --level lta/);
    expect(await refused(story.sign(agreement()), token, '--level', 'lta')).toMatch(/has to be prepared first/);
    expect(first(story.report(right))).toMatchObject({ outcome: 'INDETERMINATE', over: ['TOTAL-FAILED'] });
    expect(story.report(right).documentTimestamps[0]?.sentences.join(' ')).toMatch(/the timestamp is not in it yet/);
    writeFileSync(prepared, right);
    expect(await call(timestampApply, prepared, answer, '--out', out)).toMatchObject({ code: 0 });
  });

  /** Something harmless more at the end. */
  function withMore(document: Uint8Array): Uint8Array {
    const update = new IncrementalUpdate(openPdf(document));
    update.set(update.allocate(), new PdfDict({}));
    return new Uint8Array(update.finish(new Uint8Array(16)).bytes);
  }

  test.each([
    [['--document', '--field', 'Signature1'], /--field does not go with --document/],
    [['--trust', 'x'], /are for --document/],
    [['--document', '--trust', 'x'], /go together/],
  ])('is not asked for with %j', async (words, sentence) => {
    writeFileSync(file, story.sign(agreement()));
    expect(await call(timestampRequest, file, ...words)).toMatchObject({ code: 2, err: expect.stringMatching(sentence) as string });
  });
});
