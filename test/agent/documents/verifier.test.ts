/** The verifying process: its reports are those that are made without it, and whatever becomes of it there is a report, and no process is left. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../agent/documents/algorithms.ts';
import { prepareAsicE } from '../../../agent/documents/asic.ts';
import { prepareCades } from '../../../agent/documents/cades.ts';
import { FileUnavailable, defaultVerifierLimits, verifyFile } from '../../../agent/documents/verifier.ts';
import { verifyPdf } from '../../../agent/documents/verify.ts';
import { children } from '../../support/children.ts';
import { DocumentSigner } from '../../support/document-signer.ts';
import { Holders } from '../../support/holders.ts';
import { signedManyTimes } from '../../support/many-signatures.ts';
import { agreement, handMade, onePage } from '../../support/sample-pdf.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-verifier-'));
const { execPath } = process;
const content = Buffer.from('The accounts.\n');
let signer: DocumentSigner;
let holders: Holders;
let signed: Uint8Array;
let sound: string;

function put(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

beforeAll(() => {
  signer = new DocumentSigner();
  holders = new Holders();
  signed = signer.sign(agreement());
  sound = put('sound.pdf', signed);
  put('accounts.txt', content);
  put('accounts.p7s', holders.finish(prepareCades(digestOf('sha256', content), holders.request())));
});
afterEach(() => {
  process.execPath = execPath;
  expect(children('verifier-host')).toEqual([]);
});
afterAll(() => {
  signer.end();
  holders.end();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);

/** Takes many seconds of processor time: for each signature the packed objects are unpacked and read anew. */
function slowDocument(): string {
  const objects = onePage({ 5: `(${'a'.repeat(20_000_000)})`, 20: 'null' }, '/X 5 0 R');
  return put('slow.pdf', signedManyTimes(handMade({ objects, hidden: [3, 5] }), signer, 8));
}

/** The verifying process, as soon as it is there. */
async function theChild(): Promise<number> {
  for (;;) {
    const [pid] = children('verifier-host');
    if (pid !== undefined) return pid;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** In the place of the verifying process there is this. */
function impostor(script: string): void {
  const path = put('impostor', `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  process.execPath = path;
}

const tooLong = {
  outcome: 'UNREADABLE',
  refusal: 'took-too-long',
  signatures: [],
  sentence: 'This file could not be checked: reading it took too long.',
};
const brokeOff = {
  outcome: 'UNREADABLE',
  refusal: 'examination-failed',
  signatures: [],
  sentence: expect.stringMatching(/^This file could not be checked: reading it broke off/) as string,
};

describe('the report', () => {
  test('is the one that is made without a process, with trust, without, and at another time', async () => {
    const now = new Date();
    for (const options of [{ now, trust: signer.trust }, { now }, { now, trust: signer.trust, at: new Date('2001-01-01') }])
      expect(await verifyFile({ path: sound }, options)).toEqual(verifyPdf(signed, options));
    expect(await verifyFile({ path: sound }, { trust: signer.trust })).toMatchObject({ outcome: 'TOTAL-PASSED' });
  });

  test('the control: the same document with one byte changed does not pass', async () => {
    const changed = Uint8Array.from(signed);
    changed[1000] = (changed[1000] ?? 0) ^ 1;
    const report = await verifyFile({ path: put('changed.pdf', changed) }, { trust: signer.trust });
    expect(['TOTAL-FAILED', 'UNREADABLE']).toContain(report.outcome);
  });

  test('is on a .p7s with its content, without it, and with another one', async () => {
    const { trust } = holders;
    const path = at('accounts.p7s');
    expect(await verifyFile({ path, content: at('accounts.txt') }, { trust })).toMatchObject({
      format: 'cades',
      outcome: 'TOTAL-PASSED',
      signatures: [{ covers: ['accounts.txt'] }],
    });
    expect(await verifyFile({ path }, { trust })).toMatchObject({ signatures: [{ subIndication: 'SIGNED_DATA_NOT_FOUND' }] });
    expect(await verifyFile({ path, content: sound }, { trust })).toMatchObject({ signatures: [{ subIndication: 'HASH_FAILURE' }] });
  });

  test('is on a container, and on one that is none', async () => {
    const files = [{ name: 'accounts.txt', bytes: content, mimeType: 'text/plain' }];
    const path = put('accounts.asice', holders.finish(prepareAsicE(files, holders.request())));
    expect(await verifyFile({ path }, { trust: holders.trust })).toMatchObject({ format: 'asic-e', outcome: 'TOTAL-PASSED' });
    expect(await verifyFile({ path: put('cut.asice', 'PK\u0003\u0004') })).toMatchObject({ format: 'unknown', outcome: 'UNREADABLE' });
  });

  test('is on as many signatures as are judged, within the limits', async () => {
    const path = put('many.pdf', signedManyTimes(agreement(), signer, 64));
    const report = await verifyFile({ path }, { trust: signer.trust });
    expect([report.outcome, report.signatures.length]).toEqual(['TOTAL-PASSED', 64]);
  });
});

describe('there is a report, and it passes nothing', () => {
  test('when the process uses up its processor time, which is enough for another document', async () => {
    const limits = { ...defaultVerifierLimits, cpuSeconds: 3 };
    expect(await verifyFile({ path: slowDocument() }, {}, limits)).toMatchObject({ ...tooLong, documentTimestamps: [] });
    expect(await verifyFile({ path: sound }, { trust: signer.trust }, limits)).toMatchObject({ outcome: 'TOTAL-PASSED' });
  });

  test('when the process hangs', async () => {
    const report = verifyFile({ path: sound }, {}, { ...defaultVerifierLimits, deadlineMs: 1500 });
    process.kill(await theChild(), 'SIGSTOP');
    expect(await report).toMatchObject(tooLong);
  });

  test('when the process is killed', async () => {
    const report = verifyFile({ path: at('accounts.p7s'), content: at('accounts.txt') });
    process.kill(await theChild(), 'SIGKILL');
    expect(await report).toEqual({ format: 'unknown', ...brokeOff, uncovered: [] });
    expect(await verifyFile({ path: sound }, { trust: signer.trust })).toMatchObject({ outcome: 'TOTAL-PASSED' });
  });

  test('when whoever asked gives it up, and the process is gone at once', async () => {
    const asked = new AbortController();
    const report = verifyFile({ path: sound }, {}, defaultVerifierLimits, asked.signal);
    process.kill(await theChild(), 'SIGSTOP');
    asked.abort();
    expect(await report).toMatchObject(brokeOff);
    expect(children('verifier-host')).toEqual([]);
  });

  test('when the process runs out of memory', async () => {
    const values = handMade({ objects: onePage(), style: 'stream', trailer: `/Extra[${'<</A(b)>>'.repeat(200_000)}]` });
    const path = put('values.pdf', values);
    expect(await verifyFile({ path }, {}, { ...defaultVerifierLimits, heapMegabytes: 40 })).toMatchObject(brokeOff);
    expect(await verifyFile({ path })).toMatchObject({ outcome: 'NO-SIGNATURE' });
  });

  test('when there is nothing to start a process with', async () => {
    process.execPath = '/nowhere/node';
    expect(await verifyFile({ path: sound })).toMatchObject(brokeOff);
  });

  const passed = JSON.stringify({ outcome: 'TOTAL-PASSED', signatures: [], documentTimestamps: [], sentence: 'All is well.' });

  test('the control: what is said in the place of the process is heard, if it is what was agreed', async () => {
    impostor(`echo '${passed}'`);
    expect(await verifyFile({ path: sound })).toMatchObject({ outcome: 'TOTAL-PASSED', sentence: 'All is well.' });
  });

  test.each([
    ['nothing', 'true'],
    ['rubbish', 'head -c 100000 /dev/urandom'],
    ['an answer that was not agreed', `echo '${passed.replace('}', ',"more":1}')}'`],
    [
      'the answer for another kind of file',
      `echo '{"format":"cades","outcome":"TOTAL-PASSED","signatures":[],"uncovered":[],"sentence":""}'`,
    ],
    ['an answer without an end', 'exec yes'],
    ['an answer, and then spaces without an end', `echo '${passed}'; exec yes ' '`],
    ['an answer, and fails', `echo '${passed}'; exit 1`],
    ['an answer, and is killed', `echo '${passed}'; kill -9 $$`],
  ])('when the process says %s', async (_what, script) => {
    impostor(script);
    expect(await verifyFile({ path: sound })).toMatchObject(brokeOff);
  });

  test('a PDF that is larger than any that is read is not read', async () => {
    const path = put('huge.pdf', '%PDF-1.7\n');
    truncateSync(path, 1024 ** 3 + 1);
    expect(await verifyFile({ path })).toMatchObject({ outcome: 'UNREADABLE', refusal: 'too-large' });
  });
});

describe('a file that cannot be opened is no report', () => {
  const problem = async (path: string, beside?: string): Promise<string> =>
    verifyFile({ path, content: beside }).then(
      () => 'a report',
      (error: unknown) => (error instanceof FileUnavailable ? `${error.problem} ${error.path.slice(folder.length + 1)}` : 'another error'),
    );

  test('but an error that says which one, and why', async () => {
    mkdirSync(at('folder'));
    symlinkSync(at('accounts.txt'), at('link'));
    expect(await problem(at('none.pdf'))).toBe('missing none.pdf');
    expect(await problem(at('folder'))).toBe('folder folder');
    expect(await problem('/dev/zero')).toMatch(/^not-a-file/);
    expect(await problem(at('accounts.p7s'), at('none.txt'))).toBe('missing none.txt');
    expect(await problem(at('accounts.p7s'), at('link'))).toBe('unreadable link');
    expect(await problem(sound, at('accounts.txt'))).toBe('content-not-wanted sound.pdf');
    truncateSync(put('long.p7s', holders.finish(prepareCades(digestOf('sha256', content), holders.request()))), 17 * 1024 * 1024);
    expect(await problem(at('long.p7s'))).toBe('too-large long.p7s');
  });

  test('nor is one that changes while it is judged', async () => {
    const path = put('growing.pdf', signed);
    const judged = problem(path);
    await theChild();
    await appendFile(path, '\n');
    expect(await judged).toBe('changed growing.pdf');
  });
});
