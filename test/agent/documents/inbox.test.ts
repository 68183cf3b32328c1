/** The inbox folder: files count once they stand still, and what is not a document is named as such. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { stampOfFile } from '../../../agent/documents/document-file.ts';
import { Inbox } from '../../../agent/documents/inbox.ts';
import { examineHere } from '../../support/examine-here.ts';
import { agreement, handMade, onePage } from '../../support/sample-pdf.ts';

const pdf = agreement();
const other = handMade({ objects: onePage() });
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let folder: string;
let inbox: Inbox;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-inbox-'));
  inbox = new Inbox(folder, examineHere({ maxBytes: 200_000, maxPages: 20 }));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, bytes: Uint8Array | string): Promise<void> => writeFile(join(folder, name), bytes);
/** Two looks: the second one reads what stood still since the first. */
async function looks(count = 2) {
  for (let look = 1; look < count; look += 1) await inbox.scan();
  return inbox.scan();
}

it('a new file is not read at the first look, and read at the second', async () => {
  await put('contract.pdf', pdf);
  expect(await inbox.scan()).toEqual({ documents: [], refused: [] });
  const { documents, refused } = await inbox.scan();
  expect(refused).toEqual([]);
  expect(documents).toMatchObject([{ fileName: 'contract.pdf', digest: digestOf(pdf), size: pdf.length, signatures: 0 }]);
  expect(documents[0]?.pages).toBeGreaterThan(0);
  expect(inbox.contents()).toEqual({ documents, refused });
});

it('a file that grows between two looks is neither read nor refused until it stands still', async () => {
  for (const part of [0.25, 0.5, 0.75, 1]) {
    await put('contract.pdf', pdf.subarray(0, Math.floor(pdf.length * part)));
    expect(await inbox.scan()).toEqual({ documents: [], refused: [] });
  }
  expect((await inbox.scan()).documents).toHaveLength(1);
});

it('a half-copied file that stands still is refused, and taken in when the rest has come', async () => {
  await put('contract.pdf', pdf.subarray(0, pdf.length - 100));
  expect((await looks()).refused).toMatchObject([{ fileName: 'contract.pdf' }]);
  await put('contract.pdf', pdf);
  expect(await inbox.scan()).toEqual({ documents: [], refused: [] });
  expect(await inbox.scan()).toMatchObject({ documents: [{ digest: digestOf(pdf) }], refused: [] });
});

it('a file that left while others were looked at does not come back with that look', async () => {
  const here = examineHere({ maxBytes: 200_000, maxPages: 20 });
  let hasLeft = false;
  inbox = new Inbox(folder, {
    ...here,
    look: (size, pieces) => {
      if (!hasLeft && inbox.contents().documents.length > 0) {
        inbox.forget('a-contract.pdf');
        hasLeft = true;
      }
      return here.look(size, pieces);
    },
  });
  await put('a-contract.pdf', pdf);
  expect((await looks()).documents).toHaveLength(1);
  await put('b-contract.pdf', other);
  expect((await looks()).documents).toMatchObject([{ fileName: 'b-contract.pdf' }]);
  // It is there all the same, so the next looks find it again.
  expect((await looks()).documents).toHaveLength(2);
});

it('a file that changed is read again, under another id', async () => {
  await put('contract.pdf', pdf);
  const [before] = (await looks()).documents;
  await put('contract.pdf', other);
  const [after] = (await looks()).documents;
  expect(after).toMatchObject({ fileName: 'contract.pdf', digest: digestOf(other) });
  expect(after?.id).not.toBe(before?.id);
});

it('another file under the same name, size and time is read again', async () => {
  const time = new Date('2026-01-01T00:00:00Z');
  await put('contract.pdf', pdf);
  await utimes(join(folder, 'contract.pdf'), time, time);
  await looks();
  const twisted = Uint8Array.from(pdf);
  twisted[pdf.length - 1] = 0x20;
  await put('.new', twisted);
  await utimes(join(folder, '.new'), time, time);
  await rename(join(folder, '.new'), join(folder, 'contract.pdf'));
  await looks();
  expect(inbox.contents().documents.map(({ digest }) => digest)).not.toContain(digestOf(pdf));
});

it('a file that did not change keeps its id, also for another agent', async () => {
  await put('contract.pdf', pdf);
  await put('copy.pdf', pdf);
  const first = (await looks()).documents.map(({ id }) => id);
  expect(new Set(first).size).toBe(2);
  expect((await inbox.scan()).documents.map(({ id }) => id)).toEqual(first);
  inbox = new Inbox(folder, examineHere({ maxBytes: 200_000, maxPages: 20 }));
  expect((await looks()).documents.map(({ id }) => id)).toEqual(first);
});

it('a file that was taken away is gone, and one that was forgotten is read anew', async () => {
  await put('contract.pdf', pdf);
  await put('lease.pdf', other);
  await looks();
  inbox.forget('lease.pdf');
  await rm(join(folder, 'contract.pdf'));
  expect(await inbox.scan()).toEqual({ documents: [], refused: [] });
  expect((await inbox.scan()).documents.map(({ fileName }) => fileName)).toEqual(['lease.pdf']);
});

it('names that a copying program uses meanwhile are passed over', async () => {
  for (const name of ['.contract.pdf', '~$contract.pdf', 'a.pdf.part', 'b.PARTIAL', 'c.tmp', 'd.crdownload']) await put(name, pdf);
  expect(await looks()).toEqual({ documents: [], refused: [] });
  await rename(join(folder, 'a.pdf.part'), join(folder, 'a.pdf'));
  expect((await looks()).documents.map(({ fileName }) => fileName)).toEqual(['a.pdf']);
});

it('what is not a document is refused by name, and the others are not held up', async () => {
  await put('a.pdf', 'not a PDF at all');
  await put('b.pdf', '');
  await mkdir(join(folder, 'c.pdf'));
  await symlink('/etc/passwd', join(folder, 'd.pdf'));
  await put('e.pdf', pdf);
  await put('f.pdf', new Uint8Array(200_001));
  const { documents, refused } = await looks();
  expect(documents.map(({ fileName }) => fileName)).toEqual(['e.pdf']);
  expect(Object.fromEntries(refused.map(({ fileName, refusal }) => [fileName, refusal]))).toEqual({
    'a.pdf': 'not-a-pdf',
    'b.pdf': 'empty',
    'c.pdf': 'not-a-file',
    'd.pdf': 'not-a-file',
    'f.pdf': 'too-large',
  });
});

it('of a folder that is flooded, the first two hundred by name are looked at', async () => {
  for (let n = 0; n < 210; n += 1) await put(`${String(n).padStart(4, '0')}.pdf`, 'junk');
  const { refused } = await looks();
  expect([refused.length, refused[0]?.fileName, refused.at(-1)?.fileName]).toEqual([200, '0000.pdf', '0199.pdf']);
});

it('a folder that is gone is an error, not an empty inbox', async () => {
  await rm(folder, { recursive: true });
  await expect(inbox.scan()).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a document is found by its bytes, beyond the files that are shown too, and files of another size are not read for it', async () => {
  for (let n = 0; n < 210; n += 1) await put(`${String(n).padStart(4, '0')}.pdf`, 'junk');
  // To read this one would take longer than a test may.
  await put('huge.pdf', '');
  await truncate(join(folder, 'huge.pdf'), 2 ** 40);
  await put('same size.pdf', Uint8Array.from(pdf).fill(0x20));
  await mkdir(join(folder, 'folder.pdf'));
  await put('.hidden.pdf', pdf);
  await symlink(join(folder, '.hidden.pdf'), join(folder, 'link.pdf'));
  const content = { digest: digestOf(pdf), size: pdf.length };
  expect(await inbox.find(content, () => true)).toBeUndefined();
  await put('x.pdf', pdf);
  await put('y.pdf', pdf);
  expect(await inbox.find(content, () => false)).toBe('x.pdf');
  expect(await inbox.find(content, (name) => name === 'y.pdf')).toBe('y.pdf');
  await rm(join(folder, 'huge.pdf'));
  expect(await inbox.find({ ...content, size: undefined }, (name) => name === 'huge.pdf')).toBe('x.pdf');
});

it('a refusal names the part of the document that it is about', async () => {
  const field = '/AcroForm<</Fields[<</FT/Sig/T(Signature1)/V<</Type/Sig>>>>]>>';
  await put('signed.pdf', handMade({ objects: onePage({ 1: `<</Type/Catalog/Pages 2 0 R${field}>>` }) }));
  expect((await looks()).refused).toEqual([{ fileName: 'signed.pdf', refusal: 'signature-broken', subject: 'Signature1' }]);
});

/** As if the files in the inbox had been there for a while. */
async function later<T>(act: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
  try {
    return await act();
  } finally {
    vi.useRealTimers();
  }
}

it('a file that nobody has touched since it was read is not read again; one that was touched is, even when its times were set back', async () => {
  const path = join(folder, 'contract.pdf');
  await put('contract.pdf', pdf);
  const whole = new Date('2026-01-01T00:00:00Z');
  await utimes(path, whole, whole);
  await later(async () => {
    const stamp = await stampOfFile(path);
    expect(stamp).toBeDefined();
    // A digest that only a reader could find out to be wrong.
    inbox.remember('contract.pdf', 'as it was read', stamp);
    expect(await inbox.holds('contract.pdf', 'as it was read')).toBe(true);
    expect(await inbox.holds('contract.pdf', digestOf(pdf))).toBe(true);
    const changed = Uint8Array.from(pdf);
    changed[100] = 0;
    await writeFile(path, changed);
    await utimes(path, whole, whole);
    const { size, mtimeMs } = await stat(path);
    expect([size, mtimeMs]).toEqual([pdf.length, whole.getTime()]);
    expect(await inbox.holds('contract.pdf', 'as it was read')).toBe(false);
    expect(await inbox.holds('contract.pdf', digestOf(changed))).toBe(true);
  });
});

it('another file under the same name, or none, or one that was forgotten, is not what was read', async () => {
  const path = join(folder, 'contract.pdf');
  const changes: readonly (() => Promise<unknown>)[] = [
    async () => {
      await put('other', pdf);
      await rename(join(folder, 'other'), path);
    },
    () => rm(path),
    async () => {
      await rename(path, join(folder, 'aside'));
      await symlink(join(folder, 'aside'), path);
    },
    () => {
      inbox.forget('contract.pdf');
      return Promise.resolve();
    },
  ];
  for (const change of changes) {
    await rm(path, { force: true });
    await put('contract.pdf', pdf);
    await later(async () => {
      inbox.remember('contract.pdf', 'as it was read', await stampOfFile(path));
      expect(await inbox.holds('contract.pdf', 'as it was read')).toBe(true);
      await change();
      expect(await inbox.holds('contract.pdf', 'as it was read')).toBe(false);
    });
  }
});

it('a file that was touched a moment ago may change once more without a trace: it has no stamp, and is read again', async () => {
  await put('contract.pdf', pdf);
  const stamp = await stampOfFile(join(folder, 'contract.pdf'));
  expect(stamp).toBeUndefined();
  inbox.remember('contract.pdf', 'as it was read', stamp);
  expect(await inbox.holds('contract.pdf', 'as it was read')).toBe(false);
  expect(await inbox.holds('contract.pdf', digestOf(pdf))).toBe(true);
});
