/** A disk is lost: what went out in a bundle makes the station anew, and a holder who was enrolled at the old one signs at the new one. */
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { exportLog } from '../../agent/commands/export.ts';
import { logHeadOffice } from '../../agent/commands/log-head-office.ts';
import { restore } from '../../agent/commands/restore.ts';
import { call } from '../support/keyed-station.ts';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;
let aside: string;
afterEach(async () => {
  await story.end();
  await rm(aside, { recursive: true, force: true });
});

/** What no disk holds at a real station (cards, the reader), and what a person brings again (issuers, revocation lists). */
const kept = ['virtual', 'trust', 'crl'];

test('a restored station goes on in a new epoch, and its holders sign without being enrolled anew', async () => {
  aside = await mkdtemp(join(tmpdir(), 'aside-'));
  const at = (name: string) => join(aside, name);
  const losing = async (data: string): Promise<void> => {
    await mkdir(at('drive'));
    expect(await call(logHeadOffice, '--data', data, '--identity', at('identity'))).toMatchObject({ code: 0 });
    expect(await call(exportLog, '--data', data, '--to', at('drive'))).toMatchObject({ code: 0 });
    for (const name of kept) await cp(join(data, name), at(name), { recursive: true });
    for (const name of await readdir(data)) await rm(join(data, name), { recursive: true });
    const said = await call(restore, '--from', at('drive'), '--identity', at('identity'), '--data', data, '--unwrapped-log-key');
    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('demo.countersign.example/e2') as string });
    for (const name of kept) await cp(at(name), join(data, name), { recursive: true });
    await writeFile(at('done'), '');
  };
  story = await StoryStation.make({ prepare: losing });
  const signed = await story.signed();
  expect(signed.delivered).toBe(true);
  await story.takeCardOut();
  const entries = await story.entries();
  expect(entries.slice(0, 4).map(({ op }) => op)).toEqual(['genesis', 'restore', 'key', 'key']);
  expect(entries.filter(({ op }) => op === 'enrol').every((entry) => 'carried' in entry)).toBe(true);
  expect(entries.map(({ op }) => op)).toContain('sign.done');
  expect(story.faults).toEqual([]);
});
