import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ContainerFile, packFiles, prepareAnotherSignature, prepareAsicE } from '../../../agent/documents/asic.ts';
import { Examiner } from '../../../agent/documents/examiner.ts';
import { parseAnswer } from '../../../agent/documents/examiner-protocol.ts';
import { type Examined, examine, readDocument } from '../../../agent/documents/intake.ts';
import { type IntakePolicy, defaultIntakePolicy } from '../../../agent/documents/intake-policy.ts';
import { formatFor, mayComeFrom, prepareSignature, signedName } from '../../../agent/documents/output-format.ts';
import { bytesSource } from '../../../agent/documents/byte-source.ts';
import { verifyContainer } from '../../../agent/documents/verify-container.ts';
import { writeZip } from '../../../agent/documents/zip-writer.ts';
import { examineHere } from '../../support/examine-here.ts';
import { Holders } from '../../support/holders.ts';
import { agreement } from '../../support/sample-pdf.ts';

const allow: IntakePolicy = { ...defaultIntakePolicy, otherFiles: 'allow' };
const folder = mkdtempSync(join(tmpdir(), 'countersign-other-'));
const files: readonly ContainerFile[] = [
  { name: 'contract.pdf', bytes: agreement(), mimeType: 'application/pdf' },
  { name: 'costs.csv', bytes: Buffer.from('1;2\n'), mimeType: 'text/plain' },
];
let holders: Holders;
beforeAll(() => {
  holders = new Holders();
});
afterAll(() => {
  holders.end();
  rmSync(folder, { recursive: true, force: true });
});

function refusal(examined: Examined): string {
  return examined.ok ? 'ok' : examined.refusal;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('a file that is no PDF', () => {
  const text = Buffer.from('Dear Ada,\n');

  test('is refused unless the station allows it, and then is taken in with its kind', () => {
    expect(refusal(examine(text))).toBe('not-a-pdf');
    expect(examine(text, allow)).toMatchObject({
      ok: true,
      document: { digest: sha256(text), pages: 0, other: { kind: 'text', files: [] } },
    });
  });

  test.each<[string, Uint8Array, string]>([
    ['a PDF stays a PDF', agreement(), 'ok'],
    [
      'a ZIP file in front of a PDF stays refused',
      Buffer.concat([writeZip([{ name: 'a', bytes: Buffer.of() }]), agreement()]),
      'junk-before-header',
    ],
    [
      'a ZIP file behind a PDF stays refused',
      Buffer.concat([agreement(), writeZip([{ name: 'a', bytes: Buffer.of() }])]),
      'junk-after-end',
    ],
    ['a program is refused', Buffer.from('MZ\x90\0'), 'active-content'],
    ['what is packed out of sight is refused', Buffer.from('1f8b0800', 'hex'), 'packed-unread'],
    ['a container with a program in it is refused', packFiles([{ name: 'letter', bytes: Buffer.from('MZ\x90\0') }]), 'active-content'],
    ['a container with a spoiled PDF in it is refused', packFiles([{ name: 'a.pdf', bytes: agreement().subarray(0, -200) }]), 'damaged'],
    [
      'a container without files is refused',
      writeZip([{ name: 'mimetype', bytes: Buffer.from('application/vnd.etsi.asic-e+zip') }]),
      'empty',
    ],
  ])('%s', (_, bytes, expected) => {
    expect(refusal(examine(bytes, allow))).toBe(expected);
  });

  test('is refused for the ending of its name alone, where a computer would run it', async () => {
    writeFileSync(join(folder, 'letter.hta'), text);
    writeFileSync(join(folder, 'letter.txt'), text);
    expect(await readDocument(join(folder, 'letter.hta'), examineHere(allow))).toMatchObject({ ok: false, refusal: 'active-content' });
    expect(await readDocument(join(folder, 'letter.txt'), examineHere(allow))).toMatchObject({
      ok: true,
      document: { name: 'letter.txt' },
    });
  });

  test('is examined in the process of its own like any other, and what that says of it is not believed blindly', async () => {
    const examiner = new Examiner(allow);
    const container = packFiles(files);
    expect(await examiner.examine(container, sha256(container))).toMatchObject({
      ok: true,
      document: { other: { kind: 'container', files: files.map(({ name, bytes }) => ({ name, digest: sha256(bytes) })) } },
    });
    examiner.close();
    const answer = {
      ok: true,
      digest: 'x',
      pages: 0,
      signatures: 0,
      remarks: [],
      other: { kind: 'text', mimeType: 'text/plain', files: [] },
    };
    expect(parseAnswer(JSON.stringify(answer))).toEqual(answer);
    for (const other of [
      { ...answer.other, kind: 'program' },
      { ...answer.other, mimeType: 'a\nb/c' },
      { ...answer.other, files: [{ name: 'a' }] },
      1,
    ]) {
      expect(parseAnswer(JSON.stringify({ ...answer, other }))).toBeUndefined();
    }
  });
});

describe('a container', () => {
  test('that is signed takes another signature, and is refused when one in it does not hold', () => {
    const once = holders.finish(prepareAsicE(files, holders.request()));
    expect(examine(once, allow)).toMatchObject({ ok: true, document: { signatures: 1 } });
    const spoiled = Buffer.from(once);
    spoiled.write('9', spoiled.indexOf('1;2'), 'latin1');
    expect(examine(spoiled, allow).ok).toBe(false);
    const twice = holders.finish(prepareAnotherSignature(once, holders.request()));
    expect(examine(twice, allow)).toMatchObject({ ok: true, document: { signatures: 2 } });
  });

  test('that nobody signed yet is signed without changing a byte of what was shown, and says what each file is', () => {
    const packed = packFiles(files);
    const signed = holders.finish(prepareAnotherSignature(packed, holders.request()));
    const directory = Buffer.from(packed).indexOf('PK\x01\x02', 0, 'latin1');
    expect(Buffer.from(signed.subarray(0, directory)).equals(packed.subarray(0, directory))).toBe(true);
    const report = verifyContainer(bytesSource(signed), { trust: holders.trust });
    expect(report).toMatchObject({ outcome: 'TOTAL-PASSED', signatures: [{ covers: ['contract.pdf', 'costs.csv'] }] });
    const manifest = Buffer.from(signed).toString('latin1');
    expect(manifest).toContain('URI="contract.pdf" MimeType="application/pdf"');
    expect(manifest).toContain('URI="costs.csv" MimeType="text/plain"');
  });
});

describe('the format of a signed file', () => {
  const other = { kind: 'text', mimeType: 'text/plain' } as const;
  const request = () => ({ ...holders.request(), operation: 'op', station: 'st' });

  test('is that of the PDF, that of the policy, or that of the container, and its name says so', () => {
    expect([
      formatFor(undefined, undefined),
      formatFor(undefined, 'asic-s'),
      formatFor(other, undefined),
      formatFor(other, 'asic-s'),
    ]).toEqual(['pades', 'asic-s', 'cades', 'asic-s']);
    expect(formatFor({ kind: 'container', mimeType: 'application/vnd.etsi.asic-e+zip' }, 'cades')).toBe('asic-e');
    expect(signedName('a.docx', 'cades')).toBe('a.docx.p7s');
    expect(signedName('a.docx', 'asic-s')).toBe('a.docx.asics');
    expect(signedName('a.docx', 'asic-e')).toBe('a.docx.asice');
    expect(signedName('files.asice', 'asic-e')).toBe('files-signed.asice');
    for (const format of ['pades', 'cades', 'asic-s', 'asic-e'] as const)
      expect(mayComeFrom('a.pdf', signedName('a.pdf', format))).toBe(true);
    expect(mayComeFrom('a.pdf', 'b-signed.pdf')).toBe(false);
  });

  test('whatever a file is called, it has a place in a container', () => {
    for (const fileName of ['mimetype', 'META-INF', '..', 'a\u202eb', 'C:x', 'ordinary.txt']) {
      const prepared = prepareSignature({ fileName, bytes: Buffer.from('x'), other }, 'asic-e', request());
      expect(verifyContainer(bytesSource(holders.finish(prepared)), { trust: holders.trust }).outcome).toBe('TOTAL-PASSED');
    }
  });
});
