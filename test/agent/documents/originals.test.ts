/** Originals of signed documents: they leave the inbox whole, once, and none is lost on the way, also to another file system. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { documentId, Inbox } from '../../../agent/documents/inbox.ts';
import { Originals } from '../../../agent/documents/originals.ts';
import { examineHere } from '../../support/examine-here.ts';
import { agreement, handMade, onePage } from '../../support/sample-pdf.ts';

const pdf = agreement();
const other = handMade({ objects: onePage() });
const digest = createHash('sha256').update(pdf).digest('hex');
const content = { digest, size: pdf.length };
const id = documentId('contract.pdf', digest);
const contract = { id, fileName: 'contract.pdf', digest, bytes: pdf };
const any = (): boolean => false;

let data: string;
let elsewhere: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'countersign-originals-'));
  elsewhere = await mkdtemp('/dev/shm/countersign-inbox-');
  await mkdir(join(data, 'inbox'));
});
afterEach(async () => {
  for (const folder of [data, elsewhere]) await rm(folder, { recursive: true, force: true });
});

/** As an agent that was started just now has them. */
const fresh = (inbox: string): Originals =>
  new Originals(join(data, 'originals'), new Inbox(inbox, examineHere({ maxBytes: 200_000, maxPages: 20 })));
const kept = async (): Promise<readonly string[]> => (await readdir(join(data, 'originals', 'op-1'))).sort();

const places = [
  ['of the same file system', (): string => join(data, 'inbox')],
  ['of another file system', (): string => elsewhere],
] as const;

for (const [where, inboxOf] of places) {
  it(`the original leaves an inbox ${where}`, async () => {
    const inbox = inboxOf();
    expect((await stat(inbox)).dev === (await stat(data)).dev).toBe(inbox !== elsewhere);
    await writeFile(join(inbox, 'contract.pdf'), pdf);
    await writeFile(join(inbox, 'other.pdf'), other);
    const originals = fresh(inbox);
    originals.signed(id);
    expect(await originals.keep('op-1', contract)).toBe(true);
    expect([await readdir(inbox), await kept()]).toEqual([['other.pdf'], ['contract.pdf']]);
    expect((await readFile(join(data, 'originals', 'op-1', 'contract.pdf'))).equals(pdf)).toBe(true);
    // Whoever puts it in again wants it signed again.
    expect(originals.isSigned(id)).toBe(false);
  });

  it(`an agent that knows only the digest finds the original in an inbox ${where}, and takes it once`, async () => {
    const inbox = inboxOf();
    for (const name of ['a.pdf', 'b.pdf']) await writeFile(join(inbox, name), pdf);
    expect(await fresh(inbox).fetch('op-1', content, (name) => name === 'b.pdf')).toBe(true);
    expect([await readdir(inbox), await kept()]).toEqual([['a.pdf'], ['b.pdf']]);
    expect(await fresh(inbox).fetch('op-1', content, any)).toBe(true);
    expect([await readdir(inbox), await kept()]).toEqual([['a.pdf'], ['b.pdf']]);
  });
}

it('a file that took the name of the document stays, and the bytes that were signed are kept', async () => {
  await writeFile(join(elsewhere, 'contract.pdf'), other);
  expect(await fresh(elsewhere).keep('op-1', contract)).toBe(true);
  expect((await readFile(join(elsewhere, 'contract.pdf'))).equals(other)).toBe(true);
  expect((await readFile(join(data, 'originals', 'op-1', 'contract.pdf'))).equals(pdf)).toBe(true);
});

/** How far a move to another file system had got. */
const halves = [
  ['the folder in the inbox was made', false, undefined],
  ['the file was out of sight', true, undefined],
  ['the copy was half written', true, '.op-1.tmp'],
  ['the copy was written', true, 'contract.pdf'],
] as const;

it.each(halves)('ended when %s: the next start carries on, and takes no second file', async (_name, outOfSight, copy) => {
  const hidden = join(elsewhere, '.countersign-op-1');
  await mkdir(hidden);
  await writeFile(outOfSight ? join(hidden, 'contract.pdf') : join(elsewhere, 'contract.pdf'), pdf);
  if (outOfSight) await writeFile(join(elsewhere, 'put in since.pdf'), pdf);
  await mkdir(join(data, 'originals', 'op-1'), { recursive: true });
  if (copy !== undefined) await writeFile(join(data, 'originals', 'op-1', copy), copy === 'contract.pdf' ? pdf : '%PDF');
  expect(await fresh(elsewhere).fetch('op-1', content, any)).toBe(true);
  expect([await readdir(elsewhere), await kept()]).toEqual([outOfSight ? ['put in since.pdf'] : [], ['contract.pdf']]);
  expect((await readFile(join(data, 'originals', 'op-1', 'contract.pdf'))).equals(pdf)).toBe(true);
});

it('no room for originals: the file stays, counts as signed, and leaves when there is room', async () => {
  const inbox = join(data, 'inbox');
  await writeFile(join(inbox, 'contract.pdf'), pdf);
  await writeFile(join(data, 'originals'), 'a file where a folder must be');
  const originals = fresh(inbox);
  originals.signed(id);
  expect(await originals.keep('op-1', contract)).toBe(false);
  expect(originals.isSigned(id)).toBe(true);
  const next = fresh(inbox);
  expect(await next.fetch('op-1', content, any)).toBe(false);
  expect(next.isSigned(id)).toBe(true);
  expect(await readdir(inbox)).toEqual(['contract.pdf']);
  await rm(join(data, 'originals'));
  expect(await next.fetch('op-1', content, any)).toBe(true);
  expect([await readdir(inbox), await kept(), next.isSigned(id)]).toEqual([[], ['contract.pdf'], false]);
});

it('an inbox that is gone is not an inbox without the document', async () => {
  expect(await fresh(join(data, 'unplugged')).fetch('op-1', content, any)).toBe(false);
  expect(await fresh(join(data, 'inbox')).fetch('op-1', content, any)).toBe(true);
});

it('nobody else may read the originals', async () => {
  const inbox = join(data, 'inbox');
  await fresh(inbox).keep('op-1', contract);
  expect((await stat(join(data, 'originals', 'op-1'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(data, 'originals', 'op-1', 'contract.pdf'))).mode & 0o777).toBe(0o600);
});
