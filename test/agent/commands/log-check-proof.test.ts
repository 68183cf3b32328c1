/** A proof as a stranger checks it: with the key of the log, and without the station that gave it. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logCheckProof } from '../../../agent/commands/log-check-proof.ts';
import { logKey } from '../../../agent/commands/log-key.ts';
import { logProve } from '../../../agent/commands/log-prove.ts';
import { formatVerifierKey, makeVerifierKey, parseVerifierKey } from '../../../agent/log/note-key.ts';
import { leafHash } from '../../../agent/log/record.ts';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from '../../../agent/log/tlog-proof.ts';
import { readReceipt } from '../../../agent/log/verify/checkpoint.ts';
import { openStationKey } from '../../../agent/opening.ts';
import { ask, call, type KeyedStation, makeKeyedStation } from '../../support/keyed-station.ts';
import { codeOf, nextEpoch } from '../../support/log/log-keys.ts';
import { holds } from '../../support/log/second-opinion.ts';
import { numbered, origin } from '../../support/log/station-log.ts';

let station: KeyedStation;
let vkey: string;
let proof: Buffer;
let body: Buffer;
const seq = 7;
const at = (name: string) => join(station.data, name);
const check = (...args: string[]) => call(logCheckProof, ...args);
const judge = (file: string, ...args: string[]) => check(file, '--key', vkey, ...args);
/** What the entry says, in the clear. */
function said(): { readonly time: string; readonly op: string; readonly operation: string } {
  const { at: when, op, operation } = JSON.parse(body.toString('utf8')) as Record<'op' | 'operation', string> & { at: { time: string } };
  return { time: when.time, op, operation };
}

beforeAll(async () => {
  station = await makeKeyedStation();
  const opened = await station.open();
  for (let size = 0; size < 20; size += 1) await opened.log.append(numbered(size));
  const signer = await openStationKey(station.paths.logKey, opened, () => ask('never asked for'));
  if (signer !== undefined) await opened.log.checkpoint(signer);
  await opened.log.close();
  vkey = (await call(logKey, '--data', station.data)).out.trim();
  await call(logProve, String(seq), '--data', station.data, '--out', at('proof'));
  proof = await readFile(at('proof'));
  const sql = `SELECT hex(body) FROM entry WHERE seq = ${seq}`;
  body = Buffer.from(execFileSync('sqlite3', [join(station.paths.log, 'log.sqlite'), sql], { encoding: 'utf8' }), 'hex');
  await writeFile(at('body'), body);
});
afterAll(() => station.remove());

test('a proof holds for the bytes of its entry, for their hash, and for the entry in the log of the station', async () => {
  const { time, op, operation } = said();
  const { checkpoint } = verifyTlogProof(proof, body, { origin, key: parseVerifierKey(vkey) });
  const [root, leaf] = [checkpoint.root, leafHash(body)].map((bytes) => Buffer.from(bytes).toString('hex'));
  const shown = { verdict: 'holds', origin, entry: seq, leaf, size: checkpoint.size, root };
  for (const [args, more] of [
    [['--entry', at('body')], { time, op, operation }],
    [['--data', station.data], { time, op, operation }],
    [['--leaf', leaf ?? ''], {}],
  ] as const) {
    const { code, out } = await judge(at('proof'), ...args, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ ...shown, ...more });
  }
  const words = (await judge(at('proof'), '--entry', at('body'))).out;
  for (const part of ['HOLDS\n', `Entry ${seq} is in the log of ${origin}.`, op, time, `${checkpoint.size} entries`, root, 'Not shown:'])
    expect(words).toContain(part);
  expect((await judge(at('proof'), '--leaf', leaf ?? '')).out).toContain('What the entry says is not shown');
});

test('a proof that carries its entry, or the hash of it, needs nothing but the key', async () => {
  const parts = parseTlogProof(proof);
  await writeFile(at('whole'), formatTlogProof({ ...parts, extra: body }));
  await writeFile(at('hash'), formatTlogProof({ ...parts, extra: leafHash(body) }));
  await writeFile(at('wrong'), formatTlogProof({ ...parts, extra: Buffer.concat([body, Buffer.from(' ')]) }));
  expect((await judge(at('whole'))).out).toContain(said().time);
  expect(await judge(at('hash'))).toMatchObject({ code: 0 });
  expect(await judge(at('wrong'))).toMatchObject({ code: 1, out: expect.stringContaining('leads to another root') as string });
  expect(await judge(at('proof'))).toMatchObject({ code: 2, err: expect.stringContaining('does not carry its entry') as string });
});

test('a proof does not hold for other bytes, another key, or another place', async () => {
  await writeFile(at('other'), body.toString('utf8').replace('"v":1', '"v":2'));
  expect(await judge(at('proof'), '--entry', at('other'))).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^DOES NOT HOLD\nNothing is shown: /) as string,
  });
  expect(await judge(at('proof'), '--leaf', '0'.repeat(64))).toMatchObject({ code: 1 });
  const stranger = formatVerifierKey(makeVerifierKey(origin, 'ed25519', nextEpoch.verifier.publicKey));
  const forged = await check(at('proof'), '--key', stranger, '--entry', at('body'), '--json');
  expect(forged.code).toBe(1);
  expect(JSON.parse(forged.out)).toEqual({ verdict: 'does-not-hold', reason: 'its log did not sign the checkpoint' });
  await writeFile(at('moved'), proof.toString('utf8').replace(`index ${seq}`, `index ${seq - 1}`));
  expect(await judge(at('moved'), '--data', station.data)).toMatchObject({ code: 1 });
  await writeFile(at('none'), 'no proof');
  expect(await judge(at('none'), '--entry', at('body'))).toMatchObject({ code: 1 });
});

test('of a proof that was changed anywhere both implementations say no', () => {
  const trust = { origin, key: parseVerifierKey(vkey) };
  const log = { origin, publicKey: trust.key.publicKey };
  const both = (text: Uint8Array, data: Uint8Array): boolean => {
    const first = codeOf(() => verifyTlogProof(text, data, trust)) === 'taken';
    expect(holds(() => readReceipt(text, data, log))).toBe(first);
    return first;
  };
  expect(both(proof, body)).toBe(true);
  const change = fc.record({ place: fc.nat(), bytes: fc.uint8Array({ maxLength: 3 }), gone: fc.nat(3), inBody: fc.boolean() });
  fc.assert(
    fc.property(change, ({ place, bytes, gone, inBody }) => {
      const whole = inBody ? body : proof;
      const from = place % whole.length;
      const changed = Buffer.concat([whole.subarray(0, from), bytes, whole.subarray(from + gone)]);
      fc.pre(!changed.equals(whole));
      expect(inBody ? both(proof, changed) : both(changed, body)).toBe(false);
    }),
    { numRuns: 400 },
  );
});

test('a wrong call is refused in a sentence', async () => {
  for (const args of [
    [],
    ['a', 'b', '--key', vkey],
    ['a'],
    [at('proof'), '--key', 'x', '--entry', at('body')],
    [at('proof'), '--key', vkey, '--entry', at('body'), '--data', station.data],
    [at('proof'), '--key', vkey, '--leaf', 'abc'],
    [at('gone'), '--key', vkey, '--entry', at('body')],
    [at('proof'), '--key', vkey, '--entry', at('gone')],
    [at('proof'), '--key', vkey, '--data', at('gone')],
    [at('proof'), '--key', vkey, '--what'],
  ])
    expect(await check(...args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/\.\n$/) as string });
});
