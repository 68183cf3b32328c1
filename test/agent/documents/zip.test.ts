import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesSource, fileSource } from '../../../agent/documents/byte-source.ts';
import { ZipReader, defaultZipLimits } from '../../../agent/documents/zip-reader.ts';
import { ZipRefused } from '../../../agent/documents/zip-refused.ts';
import { type ZipPart, writeZip } from '../../../agent/documents/zip-writer.ts';
import { foreignContainers, foreignEntries, unzipAccepts } from '../../support/foreign-asic.ts';

const parts: readonly ZipPart[] = [
  { name: 'mimetype', bytes: Buffer.from('text/plain') },
  { name: 'Verträge/ნინო & Co.txt', bytes: Buffer.from('eins zwei drei') },
  { name: 'empty', bytes: new Uint8Array() },
];

function open(bytes: Uint8Array, limits = defaultZipLimits): ZipReader {
  return new ZipReader(bytesSource(bytes), limits);
}

/** Why a container is not read, also when that shows only in its content; undefined when it is. */
function refusal(bytes: Uint8Array, limits = defaultZipLimits): string | undefined {
  try {
    const reader = open(bytes, limits);
    for (const entry of reader.entries) reader.digest(entry, ['sha256']);
    return undefined;
  } catch (problem) {
    if (problem instanceof ZipRefused) return problem.problem;
    throw problem;
  }
}

/** The container with its bytes at the first place of `old` (or the one after `from`) replaced by ones of the same length. */
function replaced(bytes: Uint8Array, old: string, next: string, from = 0): Uint8Array {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(Buffer.from(old, 'latin1'), from);
  if (at < 0 || old.length !== next.length) throw new Error('nothing to replace');
  copy.write(next, at, 'latin1');
  return copy;
}

function twice(bytes: Uint8Array, old: string, next: string): Uint8Array {
  const once = replaced(bytes, old, next);
  return replaced(once, old, next);
}

describe('a container that is written', () => {
  test('is the same bytes each time, and Info-ZIP and Python read from it what went in', () => {
    const container = writeZip(parts);
    expect(Buffer.from(container).equals(writeZip(parts))).toBe(true);
    expect(Buffer.from(container.subarray(30, 48)).toString('latin1')).toBe('mimetypetext/plain');
    expect(unzipAccepts(container)).toBe(true);
    const sent = Object.fromEntries(parts.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('base64')]));
    expect(foreignEntries(container)).toEqual(sent);
    const reader = open(container);
    expect(reader.entries.map(({ name }) => name)).toEqual(parts.map(({ name }) => name));
    for (const [index, entry] of reader.entries.entries())
      expect(Buffer.from(reader.read(entry, 100)).equals(parts[index]?.bytes ?? Buffer.of())).toBe(true);
  });

  test('takes more entries behind those that are there, of which no byte changes', () => {
    const reader = open(writeZip(parts));
    const longer = writeZip([{ name: 'more', bytes: Buffer.from('vier') }], reader.beginning());
    const whole = writeZip([...parts, { name: 'more', bytes: Buffer.from('vier') }]);
    expect(Buffer.from(longer).equals(whole)).toBe(true);
  });

  test('comes back the same, whatever the names and bytes', () => {
    const name = fc.stringMatching(/^[a-zà-ÿ0-9 _-]{1,20}$/).map((text) => text.normalize('NFC'));
    const part = fc.record({ name, bytes: fc.uint8Array({ maxLength: 300 }) });
    fc.assert(
      fc.property(fc.uniqueArray(part, { selector: (one) => one.name.toLowerCase(), maxLength: 8 }), (made) => {
        const reader = open(writeZip(made));
        expect(reader.entries.map((entry) => ({ name: entry.name, bytes: Uint8Array.from(reader.read(entry, 300)) }))).toEqual(made);
      }),
      { numRuns: 100 },
    );
  });
});

const packed = "z = zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED)";
const abc = "z.writestr('a.txt', 'abc' * 1000)";
const foreign = foreignContainers({
  deflated: `${packed}\n${abc}\nz.close()`,
  'with folders': `${packed}\nz.writestr('b/', '')\nz.writestr('b/a.txt', 'abc' * 1000)\nz.close()`,
  'written to a pipe, with the sizes behind the data': `
class Pipe:
  file = open(out, 'wb')
  def write(self, some): return self.file.write(some)
  def flush(self): self.file.flush()
z = zipfile.ZipFile(Pipe(), 'w', zipfile.ZIP_DEFLATED)
${abc}
z.writestr('b.txt', '')
z.close()
Pipe.file.close()`,
  'with 64-bit sizes': `${packed}\nw = z.open('a.txt', 'w', force_zip64=True)\nw.write(b'abc' * 1000)\nw.close()\nz.close()`,
  'with 64-bit end records': `most = zipfile.ZIP_FILECOUNT_LIMIT\nzipfile.ZIP_FILECOUNT_LIMIT = 0\n${packed}\n${abc}\nz.close()\nzipfile.ZIP_FILECOUNT_LIMIT = most`,
  'with the comment that the standard allows': `${packed}\nz.comment = b'mimetype=application/vnd.etsi.asic-e+zip'\n${abc}\nz.close()`,
});
const hostile = foreignContainers({
  comment: `${packed}\nz.comment = b'and more'\n${abc}\nz.close()`,
  link: `${packed}\ni = zipfile.ZipInfo('a')\ni.create_system = 3\ni.external_attr = 0o120777 << 16\nz.writestr(i, '/etc/passwd')\nz.close()`,
  lzma: `${packed}\nz.writestr('a', 'abc' * 99, zipfile.ZIP_LZMA)\nz.close()`,
  secondName: `${packed}\ni = zipfile.ZipInfo('a')\ni.extra = b'\\x75\\x70\\x01\\x00\\x01'\nz.writestr(i, 'x')\nz.close()`,
  bomb: `${packed}\nz.writestr('a', bytes(32 * 1024 * 1024))\nz.close()`,
  shared: `${packed}\nz.writestr('a', 'abc' * 99)\nz.filelist.append(z.filelist[0])\nz.close()`,
});

describe('a container of another program is read', () => {
  test.each(Object.entries(foreign))('%s', (_, container) => {
    const reader = open(container);
    const entry = reader.entries.find(({ name }) => name.endsWith('a.txt'));
    expect(entry && Buffer.from(reader.read(entry, 3000)).toString()).toBe('abc'.repeat(1000));
    expect(entry && reader.digest(entry, ['sha256']).size).toBe(3000);
  });

  test('from a file, of which only pieces are in memory', () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-zip-'));
    try {
      writeFileSync(join(folder, 'box'), writeZip(parts));
      const descriptor = openSync(join(folder, 'box'), 'r');
      const reader = new ZipReader(fileSource(descriptor));
      expect(reader.entries.map((entry) => reader.digest(entry, ['sha256']).size)).toEqual([10, 14, 0]);
      closeSync(descriptor);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a container that could be read in two ways, or is not what it says, is refused', () => {
  const box = writeZip([
    { name: 'mimetype', bytes: Buffer.from('text/plain') },
    { name: 'one.txt', bytes: Buffer.from('eins') },
    { name: 'two.txt', bytes: Buffer.from('zwei') },
  ]);
  const named = (name: string): Uint8Array => writeZip([{ name, bytes: Buffer.from('x') }]);

  test('the container that the others are made from is read', () => expect(refusal(box)).toBeUndefined());

  test.each<[string, () => Uint8Array, string]>([
    ['nothing at all', () => new Uint8Array(), 'not-a-zip'],
    ['something in front of it', () => Buffer.concat([Buffer.from('%PDF-1.7\n'), box]), 'damaged'],
    ['something behind it', () => Buffer.concat([box, Buffer.from('%%EOF')]), 'not-a-zip'],
    ['a comment that is something else', () => hostile.comment, 'damaged'],
    ['cut off', () => box.subarray(0, -1), 'not-a-zip'],
    ['another name in the directory than in front of the data', () => replaced(box, 'one.txt', 'own.txt', 150), 'names-differ'],
    ['two entries of one name', () => twice(box, 'two.txt', 'one.txt'), 'unsafe-name'],
    ['two names that differ in capitals alone', () => twice(box, 'two.txt', 'ONE.TXT'), 'unsafe-name'],
    [
      'a file that is a folder too',
      () =>
        writeZip([
          { name: 'a', bytes: Buffer.of() },
          { name: 'a/b', bytes: Buffer.of() },
        ]),
      'unsafe-name',
    ],
    ['a way out of the folder', () => named('../x'), 'unsafe-name'],
    ['a way out further inside', () => named('a/../../x'), 'unsafe-name'],
    ['a way from the root', () => named('/etc/x'), 'unsafe-name'],
    ['a drive', () => named('C:x'), 'unsafe-name'],
    ['a way with backslashes', () => named('..\\x'), 'unsafe-name'],
    ['letters that turn the name round', () => named('a\u202efdp.exe'), 'unsafe-name'],
    ['a name that is not UTF-8', () => twice(named('aü'), 'a\xc3\xbc', 'a\xc3\xc3'), 'unsafe-name'],
    ['a name whose letters nobody declared', () => twice(named('ab'), 'ab', 'a\xe4'), 'unsafe-name'],
    ['content that was changed', () => replaced(box, 'eins', 'zwei'), 'damaged'],
    ['another check sum in front than in the directory', () => Buffer.from(box).fill(1, 14, 15), 'damaged'],
    [
      'an encrypted entry',
      () => replaced(Buffer.from(box).fill(1, 6, 7), 'PK\x01\x02\x14\x00\x0a\x00\x00', 'PK\x01\x02\x14\x00\x0a\x00\x01'),
      'encrypted',
    ],
    ['a directory that leaves an entry out', () => withoutLine(box), 'damaged'],
    ['a packed entry with something behind it', () => grown(foreign.deflated), 'damaged'],
    ['a link', () => hostile.link, 'unknown-form'],
    ['another way of packing', () => hostile.lzma, 'unknown-form'],
    ['a second name in an extra field', () => hostile.secondName, 'names-differ'],
  ])('%s', (_, make, problem) => {
    expect(refusal(make())).toBe(problem);
  });

  test('bombs: a lot out of little, many entries, large ones', () => {
    const { bomb, shared } = hostile;
    expect(bomb.length).toBeLessThan(100_000);
    expect(refusal(bomb)).toBe('too-large');
    expect(refusal(bomb, { ...defaultZipLimits, maxExpansion: 2000 })).toBeUndefined();
    expect(refusal(bomb, { ...defaultZipLimits, maxExpansion: 2000, maxUnpacked: 1024 })).toBe('too-large');
    expect(refusal(box, { ...defaultZipLimits, maxTotal: 17 })).toBe('too-large');
    expect(refusal(box, { ...defaultZipLimits, maxEntries: 2 })).toBe('too-large');
    // One small entry that every line of the directory points to: each would unpack it anew.
    expect(refusal(shared)).toBe('damaged');
  });

  test('whatever else is done to it: no byte changed or left out goes unnoticed, and nothing but a refusal comes out', () => {
    const before = contents(box);
    fc.assert(
      fc.property(fc.nat(box.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, isCut) => {
        const bytes = Uint8Array.from(box);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        const other = isCut ? Buffer.concat([box.subarray(0, at), box.subarray(at + 1)]) : bytes;
        const found = refusal(other) === undefined ? contents(other) : undefined;
        // Dates, versions and the like may differ; names and content may not.
        if (found !== undefined) expect(found).toEqual(before);
      }),
      { numRuns: 600 },
    );
  });
});

function contents(bytes: Uint8Array): readonly string[] {
  const reader = open(bytes);
  return reader.entries.map((entry) => `${entry.name}: ${Buffer.from(reader.read(entry, 100)).toString()}`);
}

/** The directory without its first line, all places and counts right. */
function withoutLine(box: Uint8Array): Uint8Array {
  const start = Buffer.from(box).indexOf('PK\x01\x02', 0, 'latin1');
  const length = 46 + 'mimetype'.length;
  const end = Buffer.from(box.subarray(-22));
  end.writeUInt16LE(end.readUInt16LE(8) - 1, 8);
  end.writeUInt16LE(end.readUInt16LE(10) - 1, 10);
  end.writeUInt32LE(end.readUInt32LE(12) - length, 12);
  return Buffer.concat([box.subarray(0, start), box.subarray(start + length, -22), end]);
}

/** Three bytes more behind the packed data of the only entry, all places and sizes right. */
function grown(box: Uint8Array): Uint8Array {
  const start = Buffer.from(box).indexOf('PK\x01\x02', 0, 'latin1');
  const made = Buffer.concat([box.subarray(0, start), Buffer.from('abc'), box.subarray(start)]);
  made.writeUInt32LE(made.readUInt32LE(18) + 3, 18);
  made.writeUInt32LE(made.readUInt32LE(start + 3 + 20) + 3, start + 3 + 20);
  made.writeUInt32LE(start + 3, made.length - 6);
  return made;
}
