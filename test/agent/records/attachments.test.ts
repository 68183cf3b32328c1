/** Files that belong to entries: what is taken in and what is not, and how a file stands to what the log says of it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  attachmentLimit,
  dropAttachments,
  keepAttachments,
  lookAtAttachment,
  openAttachments,
  takeAttachment,
} from '../../../agent/records/attachments.ts';

let root: string;
let folder: string;
let from: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'attachments-'));
  [folder, from] = [join(root, 'attachments'), join(root, 'letter.pdf')];
  await writeFile(from, 'a letter');
  await openAttachments(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const sha256 = createHash('sha256').update('a letter').digest('hex');
const refusal = (message: string) => ({ name: 'AttachmentRefused', message });

it('a file is copied for its owner alone, gets its hash as its name, and the original stays', async () => {
  await chmod(from, 0o644);
  const taken = await takeAttachment(folder, from);
  expect(taken).toMatchObject({ sha256, size: 8 });
  expect(await readdir(folder)).toEqual([expect.stringMatching(/^\.incoming-/)]);
  await keepAttachments(folder, [taken]);
  expect(await readdir(folder)).toEqual([sha256]);
  expect(await readFile(join(folder, sha256), 'utf8')).toBe('a letter');
  expect([(await stat(join(folder, sha256))).mode & 0o777, (await stat(folder)).mode & 0o777]).toEqual([0o600, 0o700]);
  expect(await readFile(from, 'utf8')).toBe('a letter');
});

it('the same file twice is there once, and one that was damaged is replaced by a sound copy', async () => {
  const both = [await takeAttachment(folder, from), await takeAttachment(folder, from)];
  await keepAttachments(folder, both);
  expect(await readdir(folder)).toEqual([sha256]);
  await writeFile(join(folder, sha256), 'a better');
  await keepAttachments(folder, [await takeAttachment(folder, from)]);
  expect(await lookAtAttachment(folder, { sha256, size: 8 })).toBe('there');
});

it('copies that no entry will name go, and so does what an earlier call left; what has a name stays', async () => {
  await keepAttachments(folder, [await takeAttachment(folder, from)]);
  await dropAttachments([await takeAttachment(folder, from)]);
  expect(await readdir(folder)).toEqual([sha256]);
  await takeAttachment(folder, from);
  await openAttachments(folder);
  expect(await readdir(folder)).toEqual([sha256]);
});

describe('what is not taken in, and leaves nothing', () => {
  it.each<readonly [string, () => Promise<unknown>, string]>([
    ['a file that is not there', () => rm(from), 'is not there'],
    ['an empty file', () => truncate(from, 0), 'is empty'],
    ['a folder', () => rm(from).then(() => mkdir(from)), 'is no file'],
    ['a pipe that nobody writes to', () => rm(from).then(() => execFileSync('mkfifo', [from])), 'is no file'],
    [
      'a link',
      () =>
        writeFile(join(root, 'other'), 'x')
          .then(() => rm(from))
          .then(() => symlink('other', from)),
      'is a link, and links are not followed',
    ],
    ['a file that is too large', () => truncate(from, attachmentLimit + 1), `is larger than ${attachmentLimit} bytes`],
  ])('%s', async (_name, change, message) => {
    await change();
    await expect(takeAttachment(folder, from)).rejects.toMatchObject(refusal(message));
    expect(await readdir(folder)).toEqual([]);
  });

  it('a file that has exactly the size that is allowed is taken (control), and one byte more is not', async () => {
    expect(await takeAttachment(folder, from, 8)).toMatchObject({ size: 8 });
    await expect(takeAttachment(folder, from, 7)).rejects.toMatchObject(refusal('is larger than 7 bytes'));
  });

  it('a file that is larger than it said when it was looked at', async () => {
    // Files of the kernel say that they are empty, and are not.
    await expect(takeAttachment(folder, '/proc/self/status', 10)).rejects.toMatchObject(refusal('is larger than 10 bytes'));
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a file that the log names', () => {
  const look = (size = 8) => lookAtAttachment(folder, { sha256, size });
  const put = (text: string) => writeFile(join(folder, sha256), text);

  it('is there, missing or changed', async () => {
    expect(await look()).toBe('missing');
    await put('a letter');
    expect(await look()).toBe('there');
    await put('a lettes');
    expect(await look()).toBe('changed');
    await put('a letter and more');
    expect(await look()).toBe('changed');
  });

  it('is changed where the log says another size, or a link or folder has its name, whatever is behind it', async () => {
    await put('a letter');
    expect(await look(9)).toBe('changed');
    await rm(join(folder, sha256));
    await symlink(from, join(folder, sha256));
    expect(await look()).toBe('changed');
    await rm(join(folder, sha256));
    await mkdir(join(folder, sha256));
    expect(await look()).toBe('changed');
  });

  it('is missing where the folder is none', async () => {
    await rm(folder, { recursive: true });
    expect(await look()).toBe('missing');
    await writeFile(folder, '');
    expect(await look()).toBe('missing');
  });
});
