/** Files that are to be stamped: what the process with limits does not come to the end of is not read here. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { readSigned } from '../../../agent/commands/signed-input.ts';
import { timestampApply } from '../../../agent/commands/timestamp-apply.ts';
import { timestampRequest } from '../../../agent/commands/timestamp-request.ts';
import { agreement, agreementPath } from '../../support/sample-pdf.ts';
import { call } from '../../support/timestamp-story.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-input-'));
const { execPath } = process;
afterEach(() => {
  process.execPath = execPath;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the bytes of a file come back when the process came to its end', async () => {
  expect(Buffer.from(await readSigned(agreementPath)).equals(agreement())).toBe(true);
});

test('neither a request nor a timestamp is made of a file of which the reading broke off', async () => {
  process.execPath = '/nowhere/node';
  const refused = {
    code: 2,
    err: expect.stringMatching(/^agreement\.pdf: This file could not be checked: reading it broke off/) as string,
  };
  expect(await call(timestampRequest, agreementPath, '--out', join(folder, 'a.tsq'))).toMatchObject(refused);
  expect(await call(timestampApply, agreementPath, agreementPath, '--out', join(folder, 'a.pdf'))).toMatchObject(refused);
  expect(readdirSync(folder)).toEqual([]);
});

test('one that cannot be opened is said to be so', async () => {
  expect(await call(timestampRequest, join(folder, 'none.pdf'))).toMatchObject({
    code: 2,
    err: `${folder}/none.pdf cannot be read: it does not exist.`,
  });
  expect(await call(timestampRequest, folder)).toMatchObject({ code: 2, err: `${folder} cannot be read: it is a folder.` });
});
