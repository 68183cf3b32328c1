import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endingOf, hasActiveEnding } from '../../../agent/documents/active-content.ts';
import { asicTypes } from '../../../agent/documents/asic-layout.ts';
import { judgeOther, mayBePdf } from '../../../agent/documents/other-kinds.ts';
import { writeZip } from '../../../agent/documents/zip-writer.ts';
import { foreignContainers } from '../../support/foreign-asic.ts';

const zipOf = (...names: readonly string[]): Uint8Array => writeZip(names.map((name) => ({ name, bytes: Buffer.from(name) })));
const typed = (type: string, ...names: readonly string[]): Uint8Array =>
  writeZip([{ name: 'mimetype', bytes: Buffer.from(type) }, ...names.map((name) => ({ name, bytes: Buffer.from(name) }))]);
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const odt = 'application/vnd.oasis.opendocument.text';
const made = foreignContainers({
  bomb: "z = zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED)\nz.writestr('[Content_Types].xml', bytes(32 * 1024 * 1024))\nz.close()",
});

describe('a file that is no PDF is known by its content', () => {
  test.each<[string, Uint8Array, string, string]>([
    ['text', Buffer.from('Grüße aus Tbilissi, თბილისი\n'), 'text', 'text/plain'],
    ['a table of values', Buffer.from('a;b\r\n1;2\r\n'), 'text', 'text/plain'],
    ['XML', Buffer.from('\ufeff<?xml version="1.0"?><invoice/>'), 'xml', 'application/xml'],
    ['a PNG picture', hex('89504e47 0d0a1a0a 0000'), 'picture', 'image/png'],
    ['a JPEG picture', hex('ffd8ffe0 0010'), 'picture', 'image/jpeg'],
    ['a TIFF picture', hex('49492a00 08000000'), 'picture', 'image/tiff'],
    ['a WebP picture', hex('52494646 10000000 57454250 0000'), 'picture', 'image/webp'],
    [
      'a Word file',
      zipOf('[Content_Types].xml', 'word/document.xml'),
      'text-document',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    ],
    [
      'an Excel file',
      zipOf('[Content_Types].xml', 'xl/workbook.xml'),
      'spreadsheet',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    ],
    [
      'a PowerPoint file',
      zipOf('[Content_Types].xml', 'ppt/presentation.xml'),
      'presentation',
      'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    ],
    ['a text of OpenOffice', typed(odt, 'content.xml', 'META-INF/manifest.xml'), 'text-document', odt],
    ['an ASiC container', typed(asicTypes['asic-e'], 'a.txt'), 'container', asicTypes['asic-e']],
    ['a plain ZIP file', zipOf('a.txt', 'scripts/b.csv'), 'packed-files', 'application/zip'],
    ['anything else', hex('00010203 ff'), 'unknown', 'application/octet-stream'],
  ])('%s', (_, bytes, kind, mimeType) => {
    expect(judgeOther(bytes)).toEqual({ kind, mimeType });
  });
});

describe('a file that does something by itself, or cannot be looked into, is refused', () => {
  test.each<[string, Uint8Array, string]>([
    ['a program of Windows', Buffer.from('MZ\x90\0'), 'active-content'],
    ['a program of Linux', hex('7f454c46 02'), 'active-content'],
    ['a program of macOS', hex('cffaedfe 07'), 'active-content'],
    ['a program of Java', hex('cafebabe 0000'), 'active-content'],
    ['a script', Buffer.from('#!/bin/sh\nrm -rf /\n'), 'active-content'],
    ['a list of commands', Buffer.from('@echo off\r\ndel *\r\n'), 'active-content'],
    ['a link of Windows', hex('4c000000 01140200 00000000 c0000000 00000046'), 'active-content'],
    ['a page', Buffer.from('\ufeff <!DOCTYPE HTML><title>x</title>'), 'active-content'],
    ['a page in UTF-16', Buffer.from('\ufeff<html><script>x</script></html>', 'utf16le'), 'active-content'],
    ['a drawing with scripts', Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'), 'active-content'],
    ['a Word file with macros', zipOf('[Content_Types].xml', 'word/document.xml', 'word/vbaProject.bin'), 'active-content'],
    ['an Excel file with old macros', zipOf('[Content_Types].xml', 'xl/macrosheets/sheet1.xml'), 'active-content'],
    ['a Word file with a packed program', zipOf('[Content_Types].xml', 'word/embeddings/oleObject1.bin'), 'active-content'],
    ['a text of OpenOffice with macros', typed(odt, 'META-INF/manifest.xml', 'Basic/Standard/Module1.xml'), 'active-content'],
    ['a ZIP file with a program', zipOf('letter.txt', 'tools/setup.EXE'), 'active-content'],
    ['a file of the old Office', hex('d0cf11e0 a1b11ae1 0000'), 'packed-unread'],
    ['7-Zip', hex('377abcaf 271c 0004'), 'packed-unread'],
    ['gzip', hex('1f8b0800'), 'packed-unread'],
    ['a ZIP file that is cut off', zipOf('a.txt').subarray(0, -1), 'packed-unread'],
    ['a ZIP file with a way out', zipOf('../a.txt'), 'packed-unread'],
    ['a ZIP file that unpacks to too much', made.bomb, 'packed-unread'],
  ])('%s', (_, bytes, refusal) => {
    expect(judgeOther(bytes)).toEqual({ refusal });
  });

  test('names: the last ending counts, whatever its case and whatever is put behind it', () => {
    for (const name of ['setup.exe', 'a.pdf.EXE', 'a.scr. . ', 'folder.d/macro.xlsm', 'page.html', 'x.PS1'])
      expect([name, hasActiveEnding(name)]).toEqual([name, true]);
    for (const name of ['exe', '.exe', 'a.docx', 'a.exe.txt', 'a.exe/b', 'no ending'])
      expect([name, hasActiveEnding(name)]).toEqual([name, false]);
    expect(endingOf('Größe.CSV')).toBe('csv');
  });
});

describe('a file that some program would open as a PDF is judged as one', () => {
  test.each<[string, Uint8Array, boolean]>([
    ['a PDF', Buffer.from('%PDF-1.7\n'), true],
    ['a ZIP file with a PDF header in front', Buffer.concat([Buffer.from('%PDF-1.7\n'), zipOf('a.txt')]), true],
    ['a ZIP file whose first entry is a PDF', writeZip([{ name: 'a.pdf', bytes: Buffer.from('%PDF-1.7\n') }]), true],
    ['text that has the header within 1024 octets', Buffer.from(`${' '.repeat(1000)}%PDF-1.7`), true],
    ['text that has it further behind', Buffer.from(`${' '.repeat(1024)}%PDF-1.7`), false],
    [
      'an ASiC container with a PDF',
      writeZip([
        { name: 'mimetype', bytes: Buffer.from(asicTypes['asic-e']) },
        { name: 'a.pdf', bytes: Buffer.from('%PDF-1.7\n') },
      ]),
      false,
    ],
  ])('%s: %s', (_, bytes, expected) => {
    expect(mayBePdf(bytes)).toBe(expected);
  });

  test('whatever the bytes, there is an answer', () => {
    const beginning = fc.constantFrom(...['', '504b0304', '504b0506', '89504e47', 'd0cf11e0', '3c3f786d6c'].map(hex));
    fc.assert(
      fc.property(beginning, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        const bytes = Buffer.concat([start, rest]);
        const judged = judgeOther(bytes);
        expect('kind' in judged || 'refusal' in judged).toBe(true);
        expect(typeof mayBePdf(bytes)).toBe('boolean');
      }),
      { numRuns: 300 },
    );
  });
});
