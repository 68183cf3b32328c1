/** Evidence of visits in which nothing was signed, or nobody knows: the script says so in its last line and by an exit code of its own. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyScript } from '../../agent/records/evidence.ts';
import { Changed, judge, packageOf } from '../support/evidence/package.ts';
import { StoryStation } from '../support/station.ts';

let folder: string;
let script: string;
let story: StoryStation;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  script = join(folder, 'verify.sh');
  writeFileSync(script, await verifyScript());
  story = await StoryStation.make();
}, 120_000);
afterAll(async () => {
  await story.end();
  rmSync(folder, { recursive: true, force: true });
});

/** The log and its anchor. */
const ofLog = ['log', 'log-anchor'];

/** The package of the newest visit, by a station that was stopped. */
async function lastVisit(name: string): Promise<Changed> {
  const operation = (await story.entries()).findLast(({ op }) => op === 'token-in')?.operation ?? '';
  await packageOf(story.data, operation, join(folder, name));
  return new Changed(join(folder, name), join(folder, `${name}-copy`));
}

test('a holder who left before the PIN: everything holds, and nothing was signed', async () => {
  await story.walkTo('enter-pin');
  await story.leave();
  await story.stop();
  const made = await lastVisit('left');
  for (const shell of ['dash', 'busybox sh']) {
    const { code, failed, said } = judge(script, made.folder, [], shell);
    expect({ code, failed }, said).toEqual({ code: 3, failed: [] });
    expect(said.trim().split('\n').at(-1)).toMatch(
      /^VERDICT: HOLDS, AND NOTHING WAS SIGNED\. \d+ checks\. Operation \w+ in the log \S+: no document was signed in it\./,
    );
  }
  expect(made.read('README.md').toString()).toContain('**No document was signed in this operation**');
  // What does not hold is still that, whatever was signed.
  made.rewrite('consent', (body) => body.replace(/"nonce":"./, '"nonce":"g'));
  made.sumUp();
  expect(judge(script, made.folder)).toMatchObject({ code: 1, said: expect.stringMatching(/^VERDICT: DOES NOT HOLD/m) as string });
}, 60_000);

test('an agent that ended while the token was asked: everything holds, and nobody knows', async () => {
  await story.start();
  await story.walkTo('enter-pin');
  // What a kill would leave: the next start finds a finger that matched and no answer.
  for (const name of ofLog) cpSync(join(story.data, name), join(folder, name), { recursive: true });
  await story.stop();
  for (const name of ofLog) {
    rmSync(join(story.data, name), { recursive: true });
    cpSync(join(folder, name), join(story.data, name), { recursive: true });
  }
  await story.start();
  await story.stop();
  const made = await lastVisit('unknown');
  const { code, failed, said } = judge(script, made.folder);
  expect({ code, failed }, said).toEqual({ code: 3, failed: [] });
  expect(said.trim().split('\n').at(-1)).toMatch(/^VERDICT: HOLDS, AND NOBODY KNOWS WHETHER ANYTHING WAS SIGNED\./);
}, 60_000);
