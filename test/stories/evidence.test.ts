/** The evidence of real signatures, given to a stranger with a shell: what is whole holds, and what somebody changed is refused, by the check that is there for it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logCheckProof } from '../../agent/commands/log-check-proof.ts';
import { logKey } from '../../agent/commands/log-key.ts';
import { verifyScript } from '../../agent/records/evidence.ts';
import { damages } from '../support/evidence/damages.ts';
import { Changed, judge, packageOf } from '../support/evidence/package.ts';
import { call } from '../support/keyed-station.ts';
import { StoryStation } from '../support/station.ts';

/** Two visits to one station: an RSA card, then an ECDSA card. */
let folder: string;
let script: string;
let key: string;
const at = (name: string) => join(folder, name);
const outer = () => ['--log-key', at('log.vkey'), '--anchors', at('demo-ca.pem')];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  script = at('verify.sh');
  writeFileSync(script, await verifyScript());
  const story = await StoryStation.make();
  try {
    const operations: string[] = [];
    for (const [card, pin] of [
      ['ada', '123456'],
      ['grace', '654321'],
    ] as const) {
      await story.signed(card, pin);
      await story.leave();
      await story.putIn('contract.pdf');
      operations.push((await story.entries()).findLast(({ op }) => op === 'sign.done')?.operation ?? '');
    }
    await story.stop();
    key = (await call(logKey, '--data', story.data)).out;
    writeFileSync(at('log.vkey'), key);
    cpSync(join(story.data, 'trust', 'demo-ca.pem'), at('demo-ca.pem'));
    for (const [index, name] of (['ada', 'grace'] as const).entries()) await packageOf(story.data, operations[index] ?? '', at(name));
    rmSync(join(story.data, 'outbox'), { recursive: true });
    await packageOf(story.data, operations[0] ?? '', at('no-document'));
  } finally {
    await story.end();
  }
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a package as the station made it', () => {
  test.each<readonly [string, string]>([
    ['ada', 'dash'],
    ['grace', 'dash'],
    ['ada', 'bash --posix'],
    ['grace', 'busybox sh'],
  ])('holds: that of %s, in %s', (name, shell) => {
    const { code, ok, failed, said } = judge(join(at(name), 'verify.sh'), at(name), outer(), shell);
    expect({ code, failed }, said).toEqual({ code: 0, failed: [] });
    for (const shown of [
      'log key: it is the one that you brought from elsewhere',
      'flag UV',
      "the reader's signature over its data and the consent is good",
      'the signature in the document is good',
      'the signer is the certificate that the entry names',
      'the certificate comes from an issuer in --anchors',
      'are exactly the document that the holder agreed to',
    ])
      expect(ok.filter((line) => line.includes(shown))).toHaveLength(1);
    expect(said).toMatch(/^VERDICT: HOLDS\..* 1 document was signed/m);
  });

  test('brings the script that this version has, and proofs that other programs check', async () => {
    const it = new Changed(at('ada'), at('copy'));
    expect(it.read('verify.sh').toString()).toBe(await verifyScript());
    const entry = it.at(it.entry('sign.done'));
    const said = await call(logCheckProof, `${entry}.tlog-proof`, '--key', key.trim(), '--entry', `${entry}.json`);
    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('of the kind sign.done') as string });
    const readme = await readFile(it.at('README.md'), 'utf8');
    for (const words of ['What is NOT shown', 'does not tell a finger from the PIN', "station's own clock", 'no\n  witness'])
      expect(readme).toContain(words);
  });

  test('says what it does not judge where nothing was brought from elsewhere', () => {
    const { code, said } = judge(script, at('ada'));
    expect(code).toBe(0);
    expect(said).toContain("note    log key: it is the package's own word.");
    expect(said).toMatch(/^note {4}entry \d+ \(sign\.done\): who issued that certificate was not judged/m);
    expect(said).toContain('this is a DEMO station');
  });

  test('without its document does not hold until the document is brought', () => {
    const without = judge(script, at('no-document'), outer());
    expect(without.code).toBe(1);
    expect(without.failed).toEqual([expect.stringContaining('no document here has the digest that the entry says') as string]);
    const document = join(at('ada'), new Changed(at('ada'), at('copy-2')).find(/\.signed\.pdf$/));
    expect(judge(script, at('no-document'), [...outer(), '--document', document])).toMatchObject({ code: 0, failed: [] });
  });
});

describe('a package that somebody changed is refused', () => {
  test.each(damages)('$what', ({ refused, damage }) => {
    const [one, other] = [new Changed(at('ada'), at('damaged')), new Changed(at('grace'), at('other'))];
    try {
      damage(one, other);
      one.sumUp();
      const { code, failed, said } = judge(script, one.folder, ['--log-key', at('log.vkey')]);
      expect(code, said).toBe(1);
      for (const part of refused) expect(failed, said).toContainEqual(expect.stringContaining(part));
      expect(said).toMatch(/^VERDICT: DOES NOT HOLD/m);
    } finally {
      for (const { folder: made } of [one, other]) rmSync(made, { recursive: true });
    }
  });

  test('a file that is missing, and one that nobody listed', () => {
    for (const [damage, said] of [
      [(one: Changed) => unlinkSync(one.at('rp-id')), 'files: one is missing'],
      [(one: Changed) => writeFileSync(one.at('more'), ''), 'files: one is missing, or one is here that SHA256SUMS does not name'],
      [(one: Changed) => one.write('README.md', (text) => text.replace('NOT', 'not')), 'files: one does not have the sum'],
    ] as const) {
      const one = new Changed(at('ada'), at('damaged'));
      damage(one);
      const { code, failed } = judge(script, one.folder);
      expect([code, failed.filter((line) => line.includes(said)).length]).toEqual([1, 1]);
      rmSync(one.folder, { recursive: true });
    }
  });
});

test('where a tool is missing, nothing holds', () => {
  const tools = at('tools');
  mkdirSync(tools);
  for (const name of ['openssl', 'dirname', 'rm', 'cut'])
    symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(tools, name));
  const { code, failed, said } = judge(script, at('ada'), [], '/bin/dash', { PATH: tools });
  expect({ code, failed }).toEqual({ code: 1, failed: ['tools: sha256sum is not here, and nothing can be checked without it'] });
  expect(said).toContain('VERDICT: DOES NOT HOLD');
});

test('a call that is wrong holds nothing', () => {
  for (const options of [['--what'], ['--log-key'], ['--log-key', at('gone')], [at('ada')], [at('gone-too')]])
    expect(judge(script, at('ada'), options).code).toBe(1);
});
