/** The outbox: a signed document appears whole or not at all, and never over another file. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { signedName } from '../../../agent/documents/output-format.ts';
import { Outbox } from '../../../agent/documents/outbox.ts';

const run = promisify(execFile);
const bytes = new TextEncoder().encode('%PDF-1.7 signed');
const name = 'contract-signed.pdf';

let folder: string;
let staging: string;
let target: string;
let outbox: Outbox;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-outbox-'));
  staging = join(folder, 'pending');
  target = join(folder, 'outbox');
  await mkdir(staging);
  await mkdir(target);
  outbox = new Outbox(staging, target);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const inTarget = (file: string): Promise<string> => readFile(join(target, file), 'utf8');

it('what is staged is not in the outbox; what is published is, and only a mark stays behind until it is discarded', async () => {
  await outbox.stage('op-1', name, bytes);
  expect(await readdir(target)).toEqual([]);
  const digest = createHash('sha256').update(bytes).digest('hex');
  expect(await outbox.pending()).toEqual([{ operation: 'op-1', fileName: name, digest }]);
  expect(await outbox.publish('op-1')).toBe(name);
  expect(await readdir(target)).toEqual([name]);
  expect(await inTarget(name)).toBe('%PDF-1.7 signed');
  expect(await outbox.pending()).toEqual([{ operation: 'op-1', fileName: name, digest: undefined }]);
  const [mark = ''] = await readdir(join(staging, 'op-1'));
  expect((await stat(join(staging, 'op-1', mark))).size).toBe(0);
  await expect(outbox.publish('op-1')).rejects.toThrow('nothing is staged');
  await outbox.discard('op-1');
  expect([await readdir(staging), await outbox.pending()]).toEqual([[], []]);
  expect(await readdir(target)).toEqual([name]);
});

it('nobody else may read what is staged or signed', async () => {
  await outbox.stage('op-1', name, bytes);
  expect((await stat(join(staging, 'op-1'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(staging, 'op-1', name))).mode & 0o777).toBe(0o600);
});

it('what is discarded never comes out', async () => {
  await outbox.stage('op-1', name, bytes);
  await outbox.discard('op-1');
  await outbox.discard('op-1');
  expect(await outbox.pending()).toEqual([]);
  await expect(outbox.publish('op-1')).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readdir(target)).toEqual([]);
});

it('a name that is taken is never written over: a file, a folder, or many', async () => {
  await writeFile(join(target, name), 'older');
  await mkdir(join(target, 'contract-signed-2.pdf'));
  await outbox.stage('op-1', name, bytes);
  expect(await outbox.publish('op-1')).toBe('contract-signed-3.pdf');
  expect(await inTarget(name)).toBe('older');
  expect((await stat(join(target, 'contract-signed-2.pdf'))).isDirectory()).toBe(true);
  expect(await inTarget('contract-signed-3.pdf')).toBe('%PDF-1.7 signed');
});

it('two visits that publish at once under one name: both documents are there', async () => {
  const operations = Array.from({ length: 8 }, (_, index) => `op-${index}`);
  for (const operation of operations) await outbox.stage(operation, name, new TextEncoder().encode(operation));
  const names = await Promise.all(operations.map((operation) => outbox.publish(operation)));
  expect(new Set(names).size).toBe(8);
  expect((await Promise.all(names.map(inTarget))).sort()).toEqual(operations);
  expect((await readdir(target)).length).toBe(8);
});

it('published, and the agent ended before it was marked: not published twice, and the rest is cleared away', async () => {
  await outbox.stage('op-1', name, bytes);
  await writeFile(join(target, '.countersign-op-1.tmp'), bytes);
  await link(join(target, '.countersign-op-1.tmp'), join(target, name));
  expect(await outbox.publish('op-1')).toBe(name);
  expect(await readdir(target)).toEqual([name]);
  expect(await outbox.pending()).toMatchObject([{ digest: undefined }]);
});

it('published under a later name, and the ones before it were taken away: not published twice', async () => {
  await outbox.stage('op-1', name, bytes);
  await writeFile(join(target, 'contract-signed-3.pdf'), bytes);
  expect(await outbox.publish('op-1')).toBe('contract-signed-3.pdf');
  expect(await readdir(target)).toEqual(['contract-signed-3.pdf']);
});

it('ended while the copy was half written: the copy is made anew', async () => {
  await outbox.stage('op-1', name, bytes);
  await writeFile(join(target, '.countersign-op-1.tmp'), '%PDF');
  expect(await outbox.publish('op-1')).toBe(name);
  expect(await readdir(target)).toEqual([name]);
  expect(await inTarget(name)).toBe('%PDF-1.7 signed');
});

it('ended while it was being staged: half a document is thrown away, not offered', async () => {
  await mkdir(join(staging, 'op-1'));
  await writeFile(join(staging, 'op-1', '.op-1.tmp'), '%PDF');
  await writeFile(join(staging, 'stray'), 'x');
  expect(await outbox.pending()).toEqual([]);
  expect(await readdir(staging)).toEqual([]);
});

it('an outbox that cannot be written: an error, and the staged document stays for later', async () => {
  await outbox.stage('op-1', name, bytes);
  await rm(target, { recursive: true });
  await expect(outbox.publish('op-1')).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await outbox.pending()).toHaveLength(1);
  await mkdir(target);
  expect(await outbox.publish('op-1')).toBe(name);
});

it('a staging folder that cannot be written: an error, and nothing is pending', async () => {
  await writeFile(join(staging, 'op-1'), 'a file where a folder must be');
  await expect(outbox.stage('op-1', name, bytes)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await outbox.pending()).toEqual([]);
});

/** Runs one step of an outbox in a process that may not write a file larger than 4 kB: a disk that is full half-way through. */
async function withSmallDisk(step: string): Promise<string> {
  const source = new URL('../../../agent/documents/outbox.ts', import.meta.url).href;
  const script = `import { Outbox } from ${JSON.stringify(source)};
    process.on('SIGXFSZ', () => {});
    const outbox = new Outbox(${JSON.stringify(staging)}, ${JSON.stringify(target)});
    await outbox.${step}.then(() => process.stdout.write('done'), (error) => process.stdout.write(String(error.code)));`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  return (await run('prlimit', ['--fsize=4096', ...node])).stdout;
}

it('a disk that is full half-way leaves nothing half-written, neither staged nor in the outbox', async () => {
  expect(await withSmallDisk(`stage('op-1', 'a.pdf', new Uint8Array(4096))`)).toBe('done');
  expect(await withSmallDisk(`stage('op-2', 'b.pdf', new Uint8Array(4097))`)).toBe('EFBIG');
  expect((await outbox.pending()).map(({ operation }) => operation)).toEqual(['op-1']);
  expect(await readdir(staging)).toEqual(['op-1']);
  await outbox.stage('op-3', 'c.pdf', new Uint8Array(4097));
  await outbox.stage('op-4', 'd.pdf', new Uint8Array(4097));
  // What is staged goes out without a byte being written; to another file system it has to be copied.
  expect(await withSmallDisk(`publish('op-3')`)).toBe('done');
  expect(await readdir(target)).toEqual(['c.pdf']);
  target = await mkdtemp('/dev/shm/countersign-outbox-');
  try {
    expect(await withSmallDisk(`publish('op-4')`)).toBe('EFBIG');
    expect(await readdir(target)).toEqual([]);
    expect(await new Outbox(staging, target).publish('op-4')).toBe('d.pdf');
    expect((await stat(join(target, 'd.pdf'))).size).toBe(4097);
  } finally {
    await rm(target, { recursive: true });
  }
});

it('one exact file can be the target, and is not written over either', async () => {
  const exact = new Outbox(staging, join(target, 'out.pdf'), true);
  await exact.stage('op-1', name, bytes);
  expect(await exact.publish('op-1')).toBe('out.pdf');
  await exact.stage('op-2', name, new TextEncoder().encode('another'));
  await expect(exact.publish('op-2')).rejects.toThrow('no free name');
  expect(await readdir(target)).toEqual(['out.pdf']);
  expect(await inTarget('out.pdf')).toBe('%PDF-1.7 signed');
});

it('the name of the signed document follows from the name of the document, cut to what a file system takes', () => {
  expect(signedName('contract.pdf', 'pades')).toBe('contract-signed.pdf');
  expect(signedName('Vertrag.PDF', 'pades')).toBe('Vertrag-signed.pdf');
  expect(signedName('no ending', 'pades')).toBe('no ending-signed.pdf');
  const long = signedName(`${'ä'.repeat(120)}🖋.pdf`, 'pades');
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(211);
  expect(long).toMatch(/^ä+-signed\.pdf$/);
});
