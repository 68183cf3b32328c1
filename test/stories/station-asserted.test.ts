/** A whole visit at a reader that does not sign, compared by libfprint itself: what may be done with it, and what everybody is told of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logKey } from '../../agent/commands/log-key.ts';
import { logShow } from '../../agent/commands/log-show.ts';
import { logVerify } from '../../agent/commands/log-verify.ts';
import { Changed, judge, packageOf } from '../support/evidence/package.ts';
import { makeAssertedStation } from '../support/fprintd/asserted-station.ts';
import { finger, touch } from '../support/fprintd/print.ts';
import { PrivateBus } from '../support/fprintd/private-bus.ts';
import { call } from '../support/keyed-station.ts';
import type { StoryStation } from '../support/station.ts';

const right = finger(7);
const left = finger(8, 'loop');
const stranger = finger(9);
const askew = { dx: 0.3, dy: -0.4, degrees: 5, noise: 0.2, seed: 77 };

let bus: PrivateBus;
let story: StoryStation;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'asserted-'));
  bus = await PrivateBus.start();
});
afterEach(async () => {
  await story.end();
  await bus.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the holder signs, and log, verifier and evidence say that no reader signed for the finger', async () => {
  const said: string[] = [];
  story = await makeAssertedStation({ bus, stationAsserted: 'accept', right, left, onSaid: (line) => said.push(line.trim()) });
  expect(said.slice(0, 8)).toEqual([
    'Virtual image device for debugging: this reader does not sign. That a finger matched will be the word of this station alone.',
    'Lay the right index finger on the reader, and lift it, until it is taken.',
    ...[1, 2, 3, 4, 5, 6].map((scan) => `Scan ${scan} of 6 taken.`),
  ]);
  expect(said).toContain('Lay the left index finger on the reader, and lift it, until it is taken.');

  await story.walkTo('touch-reader');
  expect(story.state).toMatchObject({ finger: 'right-index-finger' });
  await bus.sensor.lay(touch(stranger, askew));
  expect(await story.until('trouble')).toMatchObject({ trouble: 'finger-not-matched', canContinue: true, triesLeft: 4 });
  story.act({ type: 'continue' });
  expect(await story.until('touch-reader')).toMatchObject({ previous: 'not-matched', finger: 'left-index-finger' });
  await bus.sensor.lay(touch(left, askew));
  await story.until('enter-pin');
  story.typePin('123456');
  await story.until('signed');
  const entries = await story.entries();
  const prints = entries.findLast(({ op }) => op === 'enrol');
  expect(prints).toMatchObject({
    assurance: 'station-asserted',
    fingers: ['right-index-finger', 'left-index-finger'],
  });
  const matched = entries.filter((event) => event.op === 'finger-matched');
  expect(matched).toMatchObject([
    { assurance: 'station-asserted', finger: 'left-index-finger', reader: 'Virtual image device for debugging' },
  ]);
  expect(matched[0]).not.toHaveProperty('signature');

  // The prints of the finger that is asked for first are gone from this computer: the holder is not enrolled here any more, and nothing is signed.
  await story.leave();
  const { matchers } = story.running.hardware;
  const reader = await matchers?.open(matchers.readers()[0]?.id ?? '');
  await reader?.remove({ user: prints?.op === 'enrol' ? prints.subject : '', finger: 'right-index-finger' });
  await reader?.close();
  await story.putIn('again.pdf');
  await story.devices.reader.insert(story.card('ada'));
  const { documents } = await story.until('choose-document', (state) => state.documents.length > 0);
  story.act({ type: 'choose-documents', documentIds: [documents[0]?.id ?? ''] });
  const { document } = await story.until('review-document');
  story.act({ type: 'reviewed' });
  await story.until('confirm');
  story.act({ type: 'consent', digests: [document.digest] });
  expect(await story.until('trouble')).toMatchObject({ problem: 'not-enrolled' });
  const ops = await story.visitOps();
  expect(ops).toContain('sign.failed');
  expect(ops).not.toContain('finger-matched');
  await story.leave();
  await story.stop();
  expect(story.faults).toEqual([]);

  const shown = await call(logShow, '--data', story.data);
  expect(shown.out).toMatch(
    /The station says that the left-index-finger matched for consent \S+; no reader signed that \(station-asserted\)\./,
  );
  const verified = await call(logVerify, '--data', story.data);
  expect(verified.out).toContain(
    'Fingers that no reader signed for (station-asserted): 1. That they matched is the word of the station alone.',
  );

  const operation = matched[0]?.operation ?? '';
  const at = join(folder, 'package');
  await packageOf(story.data, operation, at);
  writeFileSync(join(folder, 'log.vkey'), (await call(logKey, '--data', story.data)).out);
  const options = ['--log-key', join(folder, 'log.vkey'), '--anchors', join(story.data, 'trust', 'demo-ca.pem')];
  for (const shell of ['dash', 'busybox sh']) {
    const verdict = judge(join(at, 'verify.sh'), at, options, shell);
    expect({ code: verdict.code, failed: verdict.failed }, verdict.said).toEqual({ code: 0, failed: [] });
    expect(verdict.said).toContain('NO READER SIGNED that a finger matched. It is the word of the station alone (station-asserted)');
    expect(verdict.said).toMatch(/^That a finger matched is NOT shown: no reader signed it, and 1 of these entries/m);
    expect(verdict.said).not.toContain("the reader's signature over its data and the consent is good");
  }
  const readme = readFileSync(join(at, 'README.md'), 'utf8');
  expect(readme).toContain('**No fingerprint reader signed this**');
  expect(readme).toContain('**That a finger matched at all.** It is the word of the station alone');
  expect(readme).not.toContain('The enrolled fingerprint credential signed exactly this consent');

  // The same match told as if a reader had signed it, or for a person whose reader signs, is refused.
  for (const [name, from, to, refused] of [
    [
      'signed',
      '"assurance":"station-asserted"',
      '"assurance":"signed-by-reader"',
      'whose word it is that the finger matched is not as it was enrolled',
    ],
    ['consent', '"consent_sha256":"', '"consent_sha256":"0', 'there is no consent before it that it is for'],
  ] as const) {
    const forged = new Changed(at, join(folder, name));
    forged.rewrite('finger-matched', (body) => body.replace(from, to));
    forged.sumUp();
    const verdict = judge(join(at, 'verify.sh'), forged.folder, options);
    expect(verdict.code).toBe(1);
    expect(
      verdict.failed.some((line) => line.includes(refused)),
      verdict.said,
    ).toBe(true);
  }
}, 120_000);

test('unless station.json says otherwise nobody signs with such a finger, and no reader is asked', async () => {
  story = await makeAssertedStation({ bus, stationAsserted: undefined, right, left });
  await story.devices.reader.insert(story.card('ada'));
  expect(await story.until('trouble')).toMatchObject({ problem: 'not-enrolled' });
});

test('an unplugged reader is named at once, and strangers are sent to staff after five fingers', async () => {
  story = await makeAssertedStation({ bus, stationAsserted: 'accept', right, left });
  await story.walkTo('touch-reader');
  await bus.sensor.unplug();
  const began = Date.now();
  expect(await story.until('trouble')).toMatchObject({ problem: 'fingerprint-reader-lost' });
  expect(Date.now() - began).toBeLessThan(1000);
  expect(await story.visitOps()).not.toContain('finger-matched');

  // It is plugged in again, and the station goes on without a restart.
  await story.leave();
  await bus.killFprintd();
  await bus.startFprintd();
  await expect.poll(() => story.running.hardware.matchers?.readers().length, { timeout: 5000 }).toBe(1);
  await story.walkTo('touch-reader');
  for (let tries = 1; tries <= 5; tries += 1) {
    await bus.sensor.lay(touch(stranger, { ...askew, seed: tries }));
    const { canContinue, triesLeft } = await story.until('trouble');
    expect({ canContinue, triesLeft }).toEqual({ canContinue: tries < 5, triesLeft: 5 - tries });
    if (tries < 5) story.act({ type: 'continue' });
    if (tries < 5) await story.until('touch-reader');
  }
  expect((await story.visitOps()).filter((op) => op === 'finger-matched')).toEqual([]);
  expect(story.faults).toEqual([]);
});
