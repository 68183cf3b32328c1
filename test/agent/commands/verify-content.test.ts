/** What `countersign verify` says of signatures beside files and in containers, at the terminal. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verify } from '../../../agent/commands/verify.ts';
import { digestOf } from '../../../agent/documents/algorithms.ts';
import { prepareAsicE } from '../../../agent/documents/asic.ts';
import { prepareCades } from '../../../agent/documents/cades.ts';
import { Holders } from '../../support/holders.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-verify-'));
const at = (name: string): string => join(folder, name);
const content = Buffer.from('The accounts.\n');
let holders: Holders;

beforeAll(() => {
  holders = new Holders();
  mkdirSync(at('trust'));
  writeFileSync(at('trust/root.der'), holders.root.certificate);
  writeFileSync(at('accounts.txt'), content);
  writeFileSync(at('other.txt'), 'Others.\n');
  writeFileSync(at('accounts.p7s'), holders.finish(prepareCades(digestOf('sha256', content), holders.request())));
  const files = [{ name: 'accounts.txt', bytes: content, mimeType: 'text/plain' }];
  // Named as if it were something else: the content decides.
  writeFileSync(at('accounts.pdf'), holders.finish(prepareAsicE(files, holders.request())));
  writeFileSync(at('short.asice'), holders.finish(prepareAsicE(files, holders.request())).subarray(0, -1));
});
afterAll(() => {
  holders.end();
  rmSync(folder, { recursive: true, force: true });
});

async function said(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const heard = { out: '', err: '' };
  const io = { out: (text: string) => void (heard.out += text), err: (text: string) => void (heard.err += text) };
  const code = await verify([...words, ...(words.includes('--json') ? [] : ['--verbose']), '--trust', at('trust')], io).catch(
    (error: unknown) => {
      heard.err += String(error);
      return 2;
    },
  );
  return { code, ...heard };
}

test('a .p7s passes with the file it signs, fails with another one, and asks for it when it is not named', async () => {
  const passed = await said(at('accounts.p7s'), '--content', at('accounts.txt'));
  expect(passed.code).toBe(0);
  expect(passed.out).toMatch(
    /^TOTAL-PASSED: [^]*Format: CAdES[^]*Signature 1: TOTAL-PASSED[^]*signer {4}ნინო Müller P-256[^]*covers {4}accounts\.txt/,
  );
  const failed = await said(at('accounts.p7s'), '--content', at('other.txt'));
  expect([failed.code, failed.out]).toEqual([1, expect.stringMatching(/^TOTAL-FAILED[^]*HASH_FAILURE/)]);
  const alone = await said(at('accounts.p7s'));
  expect([alone.code, alone.out]).toEqual([1, expect.stringMatching(/^INDETERMINATE[^]*SIGNED_DATA_NOT_FOUND[^]*--content/)]);
  const gone = await said(at('accounts.p7s'), '--content', at('none.txt'));
  expect([gone.code, gone.err]).toEqual([2, expect.stringContaining('none.txt cannot be read: it does not exist.')]);
});

test('a container is known by its content, in words and as JSON; one that is cut off cannot be read', async () => {
  const passed = await said(at('accounts.pdf'));
  expect([passed.code, passed.out]).toEqual([
    0,
    expect.stringMatching(/^TOTAL-PASSED[^]*Format: ASiC-E[^]*META-INF\/signature001\.p7s[^]*covers {4}accounts\.txt/),
  ]);
  const report: unknown = JSON.parse((await said(at('accounts.pdf'), '--json')).out);
  expect(report).toMatchObject({ format: 'asic-e', outcome: 'TOTAL-PASSED', uncovered: [], signatures: [{ covers: ['accounts.txt'] }] });
  const short = await said(at('short.asice'));
  expect([short.code, short.out]).toEqual([2, expect.stringMatching(/^UNREADABLE: This is no container/)]);
  const wrong = await said(at('accounts.pdf'), '--content', at('accounts.txt'));
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('--content is for a .p7s')]);
});
