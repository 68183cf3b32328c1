/** What a start makes of visits that were cut off: open intents and staged documents in every combination, on a real log and real folders. */
import { createHash } from 'node:crypto';
import { copyFile, link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Inbox } from '../../../agent/documents/inbox.ts';
import { Originals } from '../../../agent/documents/originals.ts';
import { Outbox } from '../../../agent/documents/outbox.ts';
import { signatureName } from '../../../agent/log/reconcile.ts';
import { recover, type Recovered, signedIn } from '../../../agent/signing/recovery.ts';
import { examineHere } from '../../support/examine-here.ts';
import { VisitLog } from '../../support/signing/visit-log.ts';

let log: VisitLog;
let staging: string;
let target: string;
let inbox: string;
let originals: string;
let outbox: Outbox;

beforeEach(async () => {
  names.clear();
  log = await VisitLog.make();
  staging = join(log.folder.data, 'pending');
  target = join(log.folder.data, 'outbox');
  inbox = join(log.folder.data, 'inbox');
  originals = join(log.folder.data, 'originals');
  for (const folder of [staging, target, inbox, originals]) await mkdir(folder);
  outbox = new Outbox(staging, target);
});
afterEach(() => log.remove());

/** The names of the signatures that were begun, by operation: each visit here signs one document. */
const names = new Map<string, string>();
const nameOf = (operation: string): string => names.get(operation) ?? signatureName(operation, 0);
async function begin(operation: string, fingerMatched: boolean): Promise<number> {
  const intent = await log.begin(operation, fingerMatched);
  names.set(operation, signatureName(operation, intent));
  return intent;
}

const bytesOf = (operation: string): Uint8Array => new TextEncoder().encode(`%PDF-1.7 signed in ${operation}`);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const digestOf = (operation: string): string => sha256(bytesOf(operation));
const document = new TextEncoder().encode('%PDF-1.7 to be signed');
const another = new TextEncoder().encode('%PDF-1.7 of equal size');

/** What the next start does, with folders that no agent has looked into yet. */
async function restart(to = target): Promise<Recovered> {
  const kept = new Originals(originals, new Inbox(inbox, examineHere({ maxBytes: 200_000, maxPages: 20 })));
  const folders = { outbox: new Outbox(staging, to), originals: kept };
  return recover(await log.openIntents(), signedIn(log.store), log.recorder, folders);
}

/** A visit whose document was taken in and signed, and whose output is staged. */
async function signed(operation: string): Promise<void> {
  const pages = { pages: 1, signatures: 0 };
  const actor = { id: 'station', role: 'station' } as const;
  await log.store.append({ op: 'document-in', actor, document_sha256: sha256(document), size: document.length, ...pages });
  await log.done(operation, await begin(operation, true), digestOf(operation), sha256(document));
  await outbox.stage(nameOf(operation), 'contract-signed.pdf', bytesOf(operation));
}

const nothing: Recovered = { unknown: [], failed: [], published: [], waiting: [] };

/** How far the visit got in the log; what lay in the staging folder; the end that the log gets; whether the document comes out. */
const table = [
  ['consent', 'nothing', 'sign.failed', false],
  ['consent', 'its output', 'sign.failed', false],
  ['finger', 'nothing', 'sign.outcome-unknown', false],
  ['finger', 'its output', 'sign.outcome-unknown', false],
  ['finger', 'half an output', 'sign.outcome-unknown', false],
  ['done', 'nothing', undefined, false],
  ['done', 'its output', undefined, true],
  ['done', 'another output', undefined, false],
  ['no intent', 'its output', undefined, false],
] as const;

it.each(table)('ended after %s with %s staged: the log says %s', async (reached, lying, end, comesOut) => {
  if (reached !== 'no intent') {
    const intent = await begin('op-1', reached !== 'consent');
    if (reached === 'done') await log.done('op-1', intent, digestOf('op-1'));
  }
  if (lying === 'its output') await outbox.stage(nameOf('op-1'), 'contract-signed.pdf', bytesOf('op-1'));
  if (lying === 'another output') await outbox.stage(nameOf('op-1'), 'contract-signed.pdf', bytesOf('op-9'));
  if (lying === 'half an output') {
    await mkdir(join(staging, nameOf('op-1')));
    await writeFile(join(staging, nameOf('op-1'), `.${nameOf('op-1')}.tmp`), '%PDF-1.');
  }
  const before = log.store.size;
  const recovered = await restart();
  expect((await log.since(before)).map(({ op }) => op)).toEqual(end === undefined ? [] : [end]);
  expect(recovered).toEqual({
    ...nothing,
    ...(end === 'sign.failed' ? { failed: [nameOf('op-1')] } : {}),
    ...(end === 'sign.outcome-unknown' ? { unknown: [nameOf('op-1')] } : {}),
    ...(comesOut ? { published: [nameOf('op-1')] } : {}),
  });
  expect(await readdir(target)).toEqual(comesOut ? ['contract-signed.pdf'] : []);
  expect(await readdir(staging)).toEqual([]);
  expect(await log.verification()).toMatchObject({ verdict: 'intact', openIntents: [] });
});

it('several visits at once: each gets its own end, and a second start has nothing left to do', async () => {
  await begin('op-1', false);
  await begin('op-2', true);
  const third = await begin('op-3', true);
  await log.done('op-3', third, digestOf('op-3'));
  for (const operation of ['op-1', 'op-2', 'op-3']) await outbox.stage(nameOf(operation), 'contract-signed.pdf', bytesOf(operation));
  expect(await restart()).toEqual({ unknown: [nameOf('op-2')], failed: [nameOf('op-1')], published: [nameOf('op-3')], waiting: [] });
  expect(await readFile(join(target, 'contract-signed.pdf'))).toEqual(Buffer.from(bytesOf('op-3')));
  const size = log.store.size;
  expect(await restart()).toEqual(nothing);
  expect(log.store.size).toBe(size);
  expect(await log.verification()).toMatchObject({ verdict: 'intact', openIntents: [] });
});

it('staged by an agent that named the folder by the visit alone: the document comes out; of a visit with several, nobody can tell whose it is', async () => {
  await log.done('op-1', await begin('op-1', true), digestOf('op-1'));
  for (let count = 0; count < 2; count++) await log.done('op-2', await begin('op-2', true), digestOf('op-2'));
  for (const operation of ['op-1', 'op-2']) await outbox.stage(operation, 'contract-signed.pdf', bytesOf(operation));
  expect(await restart()).toEqual({ ...nothing, published: ['op-1'] });
  expect(await readFile(join(target, 'contract-signed.pdf'))).toEqual(Buffer.from(bytesOf('op-1')));
  expect(await readdir(staging)).toEqual([]);
});

it('ended between publishing and tidying up: the document is not published twice', async () => {
  const intent = await begin('op-1', true);
  await log.done('op-1', intent, digestOf('op-1'));
  await outbox.stage(nameOf('op-1'), 'contract-signed.pdf', bytesOf('op-1'));
  await copyFile(join(staging, nameOf('op-1'), 'contract-signed.pdf'), join(target, 'contract-signed.pdf'));
  await writeFile(join(target, `.countersign-${nameOf('op-1')}.tmp`), bytesOf('op-1'));
  expect(await restart()).toEqual({ ...nothing, published: [nameOf('op-1')] });
  expect(await readdir(target)).toEqual(['contract-signed.pdf']);
  expect(await readdir(staging)).toEqual([]);
});

it('the name is taken by another document: that one stays, and ours gets the next name', async () => {
  const intent = await begin('op-1', true);
  await log.done('op-1', intent, digestOf('op-1'));
  await outbox.stage(nameOf('op-1'), 'contract-signed.pdf', bytesOf('op-1'));
  await writeFile(join(target, 'contract-signed.pdf'), 'older');
  expect(await restart()).toEqual({ ...nothing, published: [nameOf('op-1')] });
  expect(await readFile(join(target, 'contract-signed.pdf'), 'utf8')).toBe('older');
  expect(await readFile(join(target, 'contract-signed-2.pdf'))).toEqual(Buffer.from(bytesOf('op-1')));
});

it('an outbox that is gone: the document waits, its original leaves the inbox all the same, and it comes out at a later start', async () => {
  await signed('op-1');
  await writeFile(join(inbox, 'contract.pdf'), document);
  expect(await restart(join(log.folder.data, 'unplugged'))).toEqual({ ...nothing, waiting: [nameOf('op-1')] });
  expect([await readdir(inbox), await readdir(join(originals, nameOf('op-1')))]).toEqual([[], ['contract.pdf']]);
  await writeFile(join(inbox, 'contract.pdf'), document);
  expect(await restart()).toEqual({ ...nothing, published: [nameOf('op-1')] });
  expect(await readdir(target)).toEqual(['contract-signed.pdf']);
  expect(await readdir(staging)).toEqual([]);
  // Its original had left already: what was put in since is to be signed again.
  expect(await readdir(inbox)).toEqual(['contract.pdf']);
});

const own = (name: string): string => join(originals, nameOf('op-1'), name);
/** The steps of a delivery after `sign.done`, each with what it leaves on the disk when it is the last one. */
const steps: readonly (readonly [name: string, step: () => Promise<unknown>])[] = [
  ['sign.done was written', () => Promise.resolve()],
  ['the copy in the outbox was half written', () => writeFile(join(target, `.countersign-${nameOf('op-1')}.tmp`), '%PDF')],
  [
    'the document was published and not marked so',
    () => copyFile(join(staging, nameOf('op-1'), 'contract-signed.pdf'), join(target, 'contract-signed.pdf')),
  ],
  ['the document was published', () => outbox.publish(nameOf('op-1'))],
  ['the folder for the original was made', () => mkdir(join(originals, nameOf('op-1')))],
  ['the original was moved', () => rename(join(inbox, 'contract.pdf'), own('contract.pdf'))],
];

it.each(steps.map(([name], index) => ({ name, index })))(
  'ended when $name: the next start delivers the rest, the one after it does nothing',
  async ({ index }) => {
    await signed('op-1');
    await writeFile(join(inbox, 'another.pdf'), another);
    await writeFile(join(inbox, 'contract.pdf'), document);
    for (const [, step] of steps.slice(0, index + 1)) await step();
    const isOut = index >= 3;
    expect(await restart()).toEqual({ ...nothing, ...(isOut ? {} : { published: [nameOf('op-1')] }) });
    const there = async () => [
      await readdir(target),
      await readdir(inbox),
      await readdir(join(originals, nameOf('op-1'))),
      await readdir(staging),
    ];
    const delivered = [['contract-signed.pdf'], ['another.pdf'], ['contract.pdf'], []];
    expect(await there()).toEqual(delivered);
    expect(await readFile(own('contract.pdf'))).toEqual(Buffer.from(document));
    expect(await readFile(join(target, 'contract-signed.pdf'))).toEqual(Buffer.from(bytesOf('op-1')));
    expect(await restart()).toEqual(nothing);
    expect(await there()).toEqual(delivered);
  },
);

it.each(['as it was', 'written over', 'renamed'] as const)(
  'ended when the document had its name in the outbox beside the one in the station, and it is %s since: nothing is published again',
  async (since) => {
    await signed('op-1');
    await writeFile(join(inbox, 'contract.pdf'), document);
    await link(join(staging, nameOf('op-1'), 'contract-signed.pdf'), join(target, 'contract-signed.pdf'));
    if (since === 'written over') await writeFile(join(target, 'contract-signed.pdf'), 'notes of a reader');
    if (since === 'renamed') await rename(join(target, 'contract-signed.pdf'), join(target, 'for Ada.pdf'));
    const inOutbox = await readdir(target);
    const content = await readFile(join(target, inOutbox[0] ?? ''));
    for (let start = 1; start <= 2; start++) {
      expect(await restart()).toEqual(nothing);
      expect([await readdir(target), await readdir(inbox), await readdir(staging)]).toEqual([inOutbox, [], []]);
      expect(await readFile(own('contract.pdf'))).toEqual(Buffer.from(document));
      expect(await readFile(join(target, inOutbox[0] ?? ''))).toEqual(content);
    }
    expect((await stat(join(target, inOutbox[0] ?? ''))).nlink).toBe(1);
  },
);

it('an outbox on another file system: what was cut off comes out as a copy, once', async () => {
  const elsewhere = await mkdtemp('/dev/shm/countersign-outbox-');
  try {
    expect((await stat(elsewhere)).dev).not.toBe((await stat(staging)).dev);
    await signed('op-1');
    await writeFile(join(elsewhere, `.countersign-${nameOf('op-1')}.tmp`), '%PDF');
    expect(await restart(elsewhere)).toEqual({ ...nothing, published: [nameOf('op-1')] });
    expect(await restart(elsewhere)).toEqual(nothing);
    expect([await readdir(elsewhere), await readdir(staging)]).toEqual([['contract-signed.pdf'], []]);
    expect(await readFile(join(elsewhere, 'contract-signed.pdf'))).toEqual(Buffer.from(bytesOf('op-1')));
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});

it('published, taken out of the outbox, and only then started anew: not published again', async () => {
  await signed('op-1');
  await writeFile(join(inbox, 'contract.pdf'), document);
  await outbox.publish(nameOf('op-1'));
  await rm(join(target, 'contract-signed.pdf'));
  expect(await restart()).toEqual(nothing);
  expect([await readdir(target), await readdir(inbox), await readdir(staging)]).toEqual([[], [], []]);
});

it('two files with the bytes that were signed: one leaves, by choice the one with the name that was signed', async () => {
  await signed('op-1');
  for (const name of ['a copy.pdf', 'contract.pdf']) await writeFile(join(inbox, name), document);
  await restart();
  expect([await readdir(inbox), await readdir(join(originals, nameOf('op-1')))]).toEqual([['a copy.pdf'], ['contract.pdf']]);
  await restart();
  expect(await readdir(inbox)).toEqual(['a copy.pdf']);
});

it('no file with the bytes that were signed: nothing leaves, and the next start does not look again', async () => {
  await signed('op-1');
  await writeFile(join(inbox, 'contract.pdf'), another);
  await restart();
  expect([await readdir(inbox), await readdir(originals), await readdir(staging)]).toEqual([['contract.pdf'], [], []]);
  await writeFile(join(inbox, 'later.pdf'), document);
  await restart();
  expect(await readdir(inbox)).toEqual(['contract.pdf', 'later.pdf']);
});

it('an original that cannot leave stays, is not offered, and leaves at a later start', async () => {
  await signed('op-1');
  await writeFile(join(inbox, 'contract.pdf'), document);
  await rm(originals, { recursive: true });
  await writeFile(originals, 'a file where a folder must be');
  expect(await restart()).toEqual({ ...nothing, published: [nameOf('op-1')] });
  expect([await readdir(inbox), await readdir(staging)]).toEqual([['contract.pdf'], [nameOf('op-1')]]);
  await rm(originals);
  expect(await restart()).toEqual(nothing);
  expect([await readdir(inbox), await readdir(join(originals, nameOf('op-1'))), await readdir(staging)]).toEqual([
    [],
    ['contract.pdf'],
    [],
  ]);
});

it('two visits signed the same bytes from two files: each original goes to its own visit', async () => {
  for (const operation of ['op-1', 'op-2']) {
    await signed(operation);
    await writeFile(join(inbox, `${operation}.pdf`), document);
  }
  await restart();
  expect(await readdir(inbox)).toEqual([]);
  expect((await readdir(originals)).sort()).toEqual([nameOf('op-1'), nameOf('op-2')]);
});
