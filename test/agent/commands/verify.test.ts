/** `countersign verify` for whoever stands at the counter: short, for several files at once, at a time that is named. */
import { spawn } from 'node:child_process';
import { once as nextEvent } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verify } from '../../../agent/commands/verify.ts';
import { type Cast, castOf, signAgain, soundDocuments } from '../../support/attacks/attack.ts';
import { updated } from '../../support/attack-pdf.ts';
import { children, processesNaming } from '../../support/children.ts';
import { builtCli } from '../../support/built-program.ts';
import { agreementPath, handMade, onePage } from '../../support/sample-pdf.ts';
import { KeyRing } from '../../support/signing-keys.ts';

const ring = new KeyRing();
const [once, twice, changed, trust] = ['once.pdf', 'twice.pdf', 'changed.pdf', 'trust'].map((name) => ring.path(name)) as [
  string,
  string,
  string,
  string,
];
let cast: Cast;

beforeAll(() => {
  cast = castOf(ring);
  const sound = soundDocuments(cast)('once');
  mkdirSync(trust);
  writeFileSync(`${trust}/root.der`, cast.root.certificate);
  writeFileSync(once, sound);
  writeFileSync(twice, signAgain(sound, cast.mallory));
  writeFileSync(changed, updated(sound, { 4: '<</Length 0>>\nstream\n\nendstream' }));
});
afterAll(() => ring.end());

async function said(...words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const heard = { out: '', err: '' };
  const io = { out: (text: string) => void (heard.out += text), err: (text: string) => void (heard.err += text) };
  return { code: await verify([...words, '--trust', trust], io), ...heard };
}

test('says in a few lines who signed, when, and what was added since', async () => {
  const { code, out } = await said(twice);
  expect([code, out.split('\n').length]).toEqual([0, 5]);
  expect(out).toMatch(
    /^TOTAL-PASSED: All 2 signatures are valid, and what was added since is allowed\.\n {2}Ada Lovelace, by Test Root, .*Z as claimed: TOTAL-PASSED\n/,
  );
  expect(out).toMatch(/ {4}Signed again since, in the field Signature2\.\n {2}Mallory, by Test Root/);
  expect((await said(twice, '--verbose')).out).toMatch(/covers {4}an earlier revision of the document, 2 of 3\n/);
});

test('judges several files, each by its name, and gives the worst exit code', async () => {
  const { code, out } = await said(once, changed, agreementPath);
  expect(code).toBe(1);
  expect(out.match(/^.*\.pdf$/gm)).toEqual([once, changed, agreementPath]);
  expect(out).toMatch(
    /INDETERMINATE \(SIG_CONSTRAINTS_FAILURE\)\n {4}Something else was added or changed after this signature: object 4 was changed/,
  );
  expect(out).toMatch(/NO-SIGNATURE: There is no signature/);
  const lines = (await said(once, changed, '--json')).out.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { file: once, outcome: 'TOTAL-PASSED' },
    { file: changed, outcome: 'INDETERMINATE' },
  ]);
});

test('goes on behind a file that cannot be read, and says so', async () => {
  expect(await said(`${once}x`, once)).toMatchObject({
    code: 2,
    err: `${once}x cannot be read: it does not exist.\n`,
    out: expect.stringContaining('TOTAL-PASSED') as string,
  });
});

test('judges at the time that is named, and refuses what is no time', async () => {
  expect(await said(once, '--at', '2001-01-01')).toMatchObject({ code: 1, out: expect.stringContaining('OUT_OF_BOUNDS_NO_POE') as string });
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  expect(await said(once, '--at', soon)).toMatchObject({ code: 0 });
  for (const wrong of ['yesterday', '2026-02-31', '2026-11-30T17:00:00', '2026-11-30T25:00:00Z'])
    expect(await said(once, '--at', wrong)).toMatchObject({ code: 2, err: expect.stringContaining(`"${wrong}" is not a time`) as string });
});

test('wants a file, and one alone with --content', async () => {
  expect(await said()).toMatchObject({ code: 2, err: expect.stringMatching(/^Name a document/) as string });
  expect(await said(once, twice, '--content', once)).toMatchObject({ code: 2, err: expect.stringMatching(/one \.p7s alone/) as string });
});

test('when it is interrupted no process stays', async () => {
  const objects = onePage({ 5: `(${'a'.repeat(20_000_000)})`, 20: 'null' }, '/X 5 0 R');
  const slow = ring.path('slow.pdf');
  writeFileSync(slow, signAgain(handMade({ objects, hidden: [3, 5] }), cast.ada));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    const called = spawn(process.execPath, [builtCli(), 'verify', slow], { stdio: 'ignore' });
    await expect.poll(() => children('verifier-host', called.pid), { interval: 5 }).toHaveLength(1);
    const [pid = 0] = children('verifier-host', called.pid);
    // It would stay: stopped, it neither comes to its end nor uses up its time.
    process.kill(pid, 'SIGSTOP');
    called.kill(signal);
    await nextEvent(called, 'exit');
    await expect.poll(() => processesNaming('verifier-host')).not.toContain(pid);
  }
});
