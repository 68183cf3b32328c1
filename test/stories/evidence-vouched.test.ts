/** The evidence of a signature without a finger, given to a stranger with a shell: it says so in words, what is whole holds, and what somebody changed is refused. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logKey } from '../../agent/commands/log-key.ts';
import { verifyScript } from '../../agent/records/evidence.ts';
import { Changed, judge, packageOf } from '../support/evidence/package.ts';
import { vouchDamages } from '../support/evidence/vouch-damages.ts';
import { call } from '../support/keyed-station.ts';
import { pins, VouchedStation } from '../support/vouched-station.ts';

/** Two visits of one holder: somebody vouched for the first, the second has a finger. */
let folder: string;
let script: string;
let certificate: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-vouched-'));
  script = at('verify.sh');
  writeFileSync(script, await verifyScript());
  // An RSA key vouches, an ECDSA key signs; in the stories it is the other way round.
  const bench = await VouchedStation.make('ada');
  const { story } = bench;
  try {
    certificate = bench.certificates.ada;
    const entered = await bench.vouch();
    if (entered.code !== 0) throw new Error(entered.err);
    await story.start();
    const operations: string[] = [];
    const signed = async (name: string) => {
      story.typePin(pins.grace);
      await story.until('signed');
      await story.leave();
      operations.push((await story.entries()).findLast(({ op }) => op === 'sign.done')?.operation ?? name);
    };
    (await bench.toConsent()).consent();
    await story.until('enter-pin');
    await signed('contract.pdf');
    await story.putIn('again.pdf');
    (await bench.toConsent('again.pdf')).consent();
    await story.until('touch-reader');
    await story.touch('right-index');
    await story.until('enter-pin');
    await signed('again.pdf');
    await story.stop();
    writeFileSync(at('log.vkey'), (await call(logKey, '--data', story.data)).out);
    cpSync(join(story.data, 'trust', 'demo-ca.pem'), at('demo-ca.pem'));
    await packageOf(story.data, operations[0] ?? '', at('vouched'));
    await packageOf(story.data, operations[1] ?? '', at('finger'));
  } finally {
    await story.end();
  }
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['dash', 'bash --posix', 'busybox sh'])('a package as the station made it holds, in %s', (shell) => {
  const { code, ok, failed, said } = judge(script, at('vouched'), ['--log-key', at('log.vkey'), '--anchors', at('demo-ca.pem')], shell);
  expect({ code, failed }, said).toEqual({ code: 0, failed: [] });
  for (const shown of [
    'the signature of whoever vouched is good for all that the entry says',
    'the holder agreed that this counts instead of a finger',
    'it is for the certificate of the consent',
    'it is for the holder who was enrolled',
    'it counted when the holder agreed',
    'whoever vouched has another pseudonym, certificate and key than the holder',
    'the key of the holder is that of the certificate in the document',
    'and the vouch taken in entry',
  ])
    expect(
      ok.filter((line) => line.includes(shown)),
      shown,
    ).toHaveLength(1);
  expect(said).toContain(`NO FINGER was used. clerk-7, clerk, with the certificate ${certificate},`);
  expect(said).toContain('vouched for the holder (identity-document), because of: no-readable-finger');
});

test('the README says that no finger was used, who vouched and how; that of a visit with a finger says nothing of it', async () => {
  const [vouched, finger] = await Promise.all(['vouched', 'finger'].map((name) => readFile(join(at(name), 'README.md'), 'utf8')));
  for (const words of [
    '**No finger was used for this signature.**',
    '`clerk-7`, clerk',
    certificate,
    'saw an identity document',
    'no finger of theirs can be read',
  ])
    expect(vouched).toContain(words);
  expect(vouched).not.toContain('fingerprint credential signed exactly this consent');
  expect(finger).not.toContain('No finger was used');
  expect(finger).toContain('fingerprint credential signed exactly this consent');
  expect(judge(script, at('finger'), ['--log-key', at('log.vkey')])).toMatchObject({ code: 0, failed: [] });
});

describe('a package that somebody changed is refused', () => {
  test.each(vouchDamages)('$what', ({ refused, damage }) => {
    const [one, other] = [new Changed(at('vouched'), at('damaged')), new Changed(at('finger'), at('other'))];
    try {
      damage(one, other);
      one.sumUp();
      const { code, failed, said } = judge(script, one.folder, ['--log-key', at('log.vkey')]);
      expect(code, said).toBe(1);
      for (const part of refused) expect(failed, said).toContainEqual(expect.stringContaining(part));
    } finally {
      for (const { folder: made } of [one, other]) rmSync(made, { recursive: true });
    }
  });
});
