/** A timestamp on a signature in a PDF, by the two commands, with openssl as the authority; and what it is worth afterwards. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { timestampApply } from '../../../agent/commands/timestamp-apply.ts';
import { timestampRequest } from '../../../agent/commands/timestamp-request.ts';
import { verify } from '../../../agent/commands/verify.ts';
import { digestOf } from '../../../agent/documents/algorithms.ts';
import { nonceFor } from '../../../agent/documents/timestamp-request.ts';
import type { VerificationReport } from '../../../agent/documents/verify.ts';
import { serialOf } from '../../support/revocation-lists.ts';
import { agreement } from '../../support/sample-pdf.ts';
import { authority } from '../../support/signing-keys.ts';
import { TimestampAuthority, forgedToken, timestampsOnly } from '../../support/timestamp-authority.ts';
import { TimestampStory, call, days } from '../../support/timestamp-story.ts';
import { qpdfCheck } from '../../support/validators.ts';
import { Judges, accepting } from '../../support/validators/judges.ts';

const story = new TimestampStory();
const { ring, trust, crl, file, query, answer, out, root, link, ada, short, timeRoot, tsa, openssl } = story;
const sign = (document: Uint8Array, signer = ada): Uint8Array => story.sign(document, signer);
const report = (document: Uint8Array, now?: Date): VerificationReport => story.report(document, now);

let judges: Judges;
beforeAll(() => {
  judges = new Judges(root.certificatePath);
});
afterAll(() => {
  judges.end();
  ring.end();
});
beforeEach(() => story.clear());

describe('a timestamp that came back', () => {
  test('goes into the room of the signature, changes nothing else, and every judge still accepts both signatures', async () => {
    const signed = sign(sign(agreement()), short);
    const result = await story.stamped(signed, '--trust', trust);
    expect(result.length).toBe(signed.length);
    const changed = [...signed].flatMap((octet, index) => (octet === result[index] ? [] : [index]));
    const room = Buffer.from(signed).lastIndexOf('/Contents <');
    expect(changed[0]).toBeGreaterThan(room);
    expect(changed.at(-1)).toBeLessThan(Buffer.from(signed).indexOf('>', room));
    expect(accepting(await judges.ask(out, 2))).toEqual(['pdfsig', 'openssl', 'pdfbox', 'mutool']);
    qpdfCheck(result);
    const found = report(result);
    expect(found.outcome).toBe('TOTAL-PASSED');
    expect(found.signatures.map(({ timestamps }) => timestamps.length)).toEqual([0, 1]);
    expect(found.signatures[1]?.timestamps[0]).toMatchObject({
      verdict: 'TOTAL-PASSED',
      authority: { name: 'Time Authority' },
      policy: '1.2.3.4.1',
    });
    expect((await call(verify, out, '--verbose', '--trust', trust)).out).toMatch(/timestamp .* by Time Authority: TOTAL-PASSED/);
    const flipped = Uint8Array.from(result);
    flipped[2000] = (flipped[2000] ?? 0) ^ 1;
    writeFileSync(out, flipped);
    expect(accepting(await judges.ask(out, 2))).toEqual([]);
  });

  test('is refused for another signature, with another nonce, by nobody known, or changed; nothing is written', async () => {
    const signed = sign(agreement());
    writeFileSync(file, signed);
    expect(await call(timestampRequest, file)).toMatchObject({ code: 0 });
    const [right, { signatures }] = [readFileSync(query), report(signed)];
    expect(signatures[0]?.intact).toBe(true);
    const asked = right.subarray(right.indexOf(Buffer.of(0x04, 0x20)) + 2).subarray(0, 32);
    const nonce = nonceFor({ hash: 'sha256', digest: asked });
    const stranger = ring.issue('/CN=Nobody', 'P-256', timestampsOnly);
    const refused: readonly (readonly [Uint8Array, RegExp])[] = [
      [
        openssl.answer(Uint8Array.from(right).fill(7, right.indexOf(asked), right.indexOf(asked) + 32)),
        /^c\.tsr: The timestamp is for something else\./,
      ],
      [forgedToken({ digest: asked, tsa, nonce: Uint8Array.of(1, 2, 3) }), /answers another request/],
      [forgedToken({ digest: asked, tsa }), /answers another request/],
      [forgedToken({ digest: asked, tsa: stranger, nonce }), /not certified by anyone who is trusted here/],
      [forgedToken({ digest: asked, tsa, nonce, time: days(1) }), /from the future/],
      [forgedToken({ digest: digestOf('sha384', asked), hash: 'sha384', tsa, nonce }), /for something else/],
      [Buffer.from('hello'), /no answer of a time stamping authority/],
    ];
    for (const [token, sentence] of refused) {
      writeFileSync(answer, token);
      expect(await call(timestampApply, file, answer, '--trust', trust)).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringMatching(sentence) as string,
      });
      expect(() => readFileSync(out)).toThrow('ENOENT');
    }
    writeFileSync(answer, forgedToken({ digest: asked, tsa, nonce }));
    expect(await call(timestampApply, file, answer, '--trust', trust)).toMatchObject({ code: 0 });
    // Not twice, and never over a file that is there.
    expect(await call(timestampApply, file, answer)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/is there already, and nothing is written over it/) as string,
    });
    expect(await call(timestampApply, out, answer)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/bears a timestamp already/) as string,
    });
    expect(await call(timestampRequest, out)).toMatchObject({ code: 1, err: expect.stringMatching(/bears a timestamp already/) as string });
  });

  test('without a trust folder is added too, and it is said that nobody asked who the authority is', async () => {
    writeFileSync(file, sign(agreement()));
    await call(timestampRequest, file);
    writeFileSync(answer, openssl.answer(readFileSync(query)));
    expect((await call(timestampApply, file, answer)).out).toMatch(/Nobody said which time stamping authorities are trusted/);
  });

  test('that is larger than the room is refused before anything is written', async () => {
    writeFileSync(file, sign(agreement()));
    await call(timestampRequest, file);
    const long = ring.certify('/CN=Long', link, [...authority, `nsComment=${'x'.repeat(8192)}`], root);
    writeFileSync(answer, new TimestampAuthority(ring, 'long', tsa, [long]).answer(readFileSync(query)));
    expect(await call(timestampApply, file, answer)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no room .* it needs \d+ bytes more/) as string,
    });
    expect(() => readFileSync(out)).toThrow('ENOENT');
  });

  test.each([
    [
      'that a later one covers',
      () => sign(sign(agreement())),
      ['--field', 'Signature1'],
      /Signature1 is covered by Signature2, which would break/,
    ],
    ['that is not there', () => sign(agreement()), ['--field', 'Other'], /no signature "Other" in this document\. There is: Signature1\./],
    ['in a document without any', agreement, [], /There is no signature in this document/],
    ['in something else than a PDF', () => Buffer.from('hello'), [], /not a PDF/],
    ['that does not hold', () => broken(sign(agreement())), [], /does not hold, so a timestamp on it would prove nothing/],
  ] as const)('cannot be asked for on a signature %s', async (_name, make, words, sentence) => {
    writeFileSync(file, make());
    const asked = await call(timestampRequest, file, ...words);
    expect(asked).toMatchObject({ code: 1, out: '' });
    expect(asked.err).toMatch(sentence);
    expect(() => readFileSync(query)).toThrow('ENOENT');
  });

  function broken(document: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(document);
    copy[2000] = (copy[2000] ?? 0) ^ 1;
    return copy;
  }
});

describe('what a timestamp proves', () => {
  test('a certificate that has expired since: without it nothing is proven, with it the signature passes', async () => {
    const signed = sign(agreement(), short);
    const result = await story.stamped(signed);
    const judged = (document: Uint8Array, now: Date) => {
      const { verdict, subIndication, sentences } = report(document, now).signatures[0] ?? { sentences: [] };
      return [verdict, subIndication, sentences.join(' ')];
    };
    expect(judged(signed, new Date())).toMatchObject(['TOTAL-PASSED', undefined, {}]);
    expect(judged(signed, days(10))).toEqual([
      'INDETERMINATE',
      'OUT_OF_BOUNDS_NO_POE',
      expect.stringMatching(/expired since, and no timestamp/),
    ]);
    expect(judged(result, days(10))).toMatchObject(['TOTAL-PASSED', undefined, {}]);
    // The authority itself expires too.
    expect(judged(result, days(400))).toMatchObject(['INDETERMINATE', 'OUT_OF_BOUNDS_NO_POE', {}]);
  });

  test('a certificate that was revoked after it passes, one that was revoked before it does not, whatever the signature claims', async () => {
    await story.stamped(sign(agreement()));
    for (const issuer of [root, timeRoot]) story.put(issuer);
    const judged = async (revokedAt: Date, path = out, reason = 'keyCompromise') => {
      story.put(link, { revoked: [{ serial: serialOf(ada), at: revokedAt, reason }] });
      const found = JSON.parse((await call(verify, path, '--trust', trust, '--crl', crl, '--json')).out) as VerificationReport;
      const { verdict, subIndication, sentences } = found.signatures[0] ?? { sentences: [] };
      return [verdict, subIndication, sentences.join(' ')];
    };
    expect(await judged(days(0.1))).toEqual([
      'TOTAL-PASSED',
      undefined,
      expect.stringMatching(/a timestamp proves that the signature was there before/),
    ]);
    expect(await judged(days(-0.005))).toEqual([
      'INDETERMINATE',
      'REVOKED_NO_POE',
      expect.stringMatching(/earliest proof .* is not before that/),
    ]);
    expect(await judged(days(0.1), out, 'certificateHold')).toMatchObject(['INDETERMINATE', 'TRY_LATER', {}]);
    expect(await judged(days(0.1), file)).toMatchObject(['INDETERMINATE', 'REVOKED_NO_POE', {}]);
  });

  test('nothing, when its authority is revoked because its key was lost; still everything from before, when it only ended', async () => {
    await story.stamped(sign(agreement()));
    for (const issuer of [root, link]) story.put(issuer);
    const judged = async (reason: string) => {
      story.put(timeRoot, { revoked: [{ serial: serialOf(tsa), at: days(0.1), reason }] });
      const found = JSON.parse((await call(verify, out, '--trust', trust, '--crl', crl, '--json')).out) as VerificationReport;
      return [found.signatures[0]?.timestamps[0]?.verdict, found.signatures[0]?.provenAt === undefined];
    };
    expect(await judged('keyCompromise')).toEqual(['INDETERMINATE', true]);
    expect(await judged('unspecified')).toEqual(['INDETERMINATE', true]);
    expect(await judged('cessationOfOperation')).toEqual(['TOTAL-PASSED', false]);
  });
});
