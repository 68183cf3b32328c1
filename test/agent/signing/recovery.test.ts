/** What a start makes of visits that were cut off: open intents and staged documents in every combination, on a real log and a real outbox. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Outbox } from '../../../agent/documents/outbox.ts';
import { recover, type Recovered } from '../../../agent/signing/recovery.ts';
import { VisitLog } from '../../support/signing/visit-log.ts';

let log: VisitLog;
let staging: string;
let target: string;
let outbox: Outbox;

beforeEach(async () => {
  log = await VisitLog.make();
  staging = join(log.folder.data, 'pending');
  target = join(log.folder.data, 'outbox');
  await mkdir(staging);
  await mkdir(target);
  outbox = new Outbox(staging, target);
});
afterEach(() => log.remove());

const bytesOf = (operation: string): Uint8Array => new TextEncoder().encode(`%PDF-1.7 signed in ${operation}`);
const digestOf = (operation: string): string => createHash('sha256').update(bytesOf(operation)).digest('hex');

/** What the next start does. */
async function restart(): Promise<Recovered> {
  const done = new Map<string, string>();
  for (const { event } of await log.store.entries({ op: 'sign.done' }))
    if (event.op === 'sign.done' && event.operation !== undefined) done.set(event.operation, event.output_sha256);
  return recover(await log.openIntents(), done, log.recorder, outbox);
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
    const intent = await log.begin('op-1', reached !== 'consent');
    if (reached === 'done') await log.done('op-1', intent, digestOf('op-1'));
  }
  if (lying === 'its output') await outbox.stage('op-1', 'contract-signed.pdf', bytesOf('op-1'));
  if (lying === 'another output') await outbox.stage('op-1', 'contract-signed.pdf', bytesOf('op-9'));
  if (lying === 'half an output') {
    await mkdir(join(staging, 'op-1'));
    await writeFile(join(staging, 'op-1', '.op-1.tmp'), '%PDF-1.');
  }
  const before = log.store.size;
  const recovered = await restart();
  expect((await log.since(before)).map(({ op }) => op)).toEqual(end === undefined ? [] : [end]);
  expect(recovered).toEqual({
    ...nothing,
    ...(end === 'sign.failed' ? { failed: ['op-1'] } : {}),
    ...(end === 'sign.outcome-unknown' ? { unknown: ['op-1'] } : {}),
    ...(comesOut ? { published: ['op-1'] } : {}),
  });
  expect(await readdir(target)).toEqual(comesOut ? ['contract-signed.pdf'] : []);
  expect(await readdir(staging)).toEqual([]);
  expect(await log.verification()).toMatchObject({ verdict: 'intact', openIntents: [] });
});

it('several visits at once: each gets its own end, and a second start has nothing left to do', async () => {
  await log.begin('op-1', false);
  await log.begin('op-2', true);
  const third = await log.begin('op-3', true);
  await log.done('op-3', third, digestOf('op-3'));
  for (const operation of ['op-1', 'op-2', 'op-3']) await outbox.stage(operation, 'contract-signed.pdf', bytesOf(operation));
  expect(await restart()).toEqual({ unknown: ['op-2'], failed: ['op-1'], published: ['op-3'], waiting: [] });
  expect(await readFile(join(target, 'contract-signed.pdf'))).toEqual(Buffer.from(bytesOf('op-3')));
  const size = log.store.size;
  expect(await restart()).toEqual(nothing);
  expect(log.store.size).toBe(size);
  expect(await log.verification()).toMatchObject({ verdict: 'intact', openIntents: [] });
});

it('ended between publishing and tidying up: the document is not published twice', async () => {
  const intent = await log.begin('op-1', true);
  await log.done('op-1', intent, digestOf('op-1'));
  await outbox.stage('op-1', 'contract-signed.pdf', bytesOf('op-1'));
  await copyFile(join(staging, 'op-1', 'contract-signed.pdf'), join(target, 'contract-signed.pdf'));
  await writeFile(join(target, '.countersign-op-1.tmp'), bytesOf('op-1'));
  expect(await restart()).toEqual({ ...nothing, published: ['op-1'] });
  expect(await readdir(target)).toEqual(['contract-signed.pdf']);
  expect(await readdir(staging)).toEqual([]);
});

it('the name is taken by another document: that one stays, and ours gets the next name', async () => {
  const intent = await log.begin('op-1', true);
  await log.done('op-1', intent, digestOf('op-1'));
  await outbox.stage('op-1', 'contract-signed.pdf', bytesOf('op-1'));
  await writeFile(join(target, 'contract-signed.pdf'), 'older');
  expect(await restart()).toEqual({ ...nothing, published: ['op-1'] });
  expect(await readFile(join(target, 'contract-signed.pdf'), 'utf8')).toBe('older');
  expect(await readFile(join(target, 'contract-signed-2.pdf'))).toEqual(Buffer.from(bytesOf('op-1')));
});

it('an outbox that is gone: the document waits, and comes out at a later start', async () => {
  const intent = await log.begin('op-1', true);
  await log.done('op-1', intent, digestOf('op-1'));
  await outbox.stage('op-1', 'contract-signed.pdf', bytesOf('op-1'));
  const away = new Outbox(staging, join(log.folder.data, 'unplugged'));
  const done = new Map([['op-1', digestOf('op-1')]]);
  expect(await recover([], done, log.recorder, away)).toEqual({ ...nothing, waiting: ['op-1'] });
  expect(await recover([], done, log.recorder, outbox)).toEqual({ ...nothing, published: ['op-1'] });
  expect(await readdir(target)).toEqual(['contract-signed.pdf']);
});
