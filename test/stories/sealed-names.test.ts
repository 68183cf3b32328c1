/** What a visit at a demo station leaves of a person in the log: nothing in the clear, and what was sealed for those who may read it. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { passphraseIdentity } from '../../agent/log/age-keys.ts';
import { openForReading } from '../../agent/log/database.ts';
import { readKeyRows, readSealedRows } from '../../agent/log/read-sealed.ts';
import { readRows } from '../../agent/log/schema.ts';
import { readSealed } from '../../agent/log/sealed-reading.ts';
import { databaseFile } from '../../agent/log/store.ts';
import { unlockTiers } from '../../agent/log/tier-keys.ts';
import { findGrants, readTiers } from '../../agent/log/vault.ts';
import { verify } from '../../agent/log/verify.ts';
import { demoStaff } from '../../agent/workbench/catalogue.ts';
import { StoryStation } from '../support/station.ts';

const title = 'Kaufvertrag Quillfeather.pdf';
let story: StoryStation;
beforeAll(async () => {
  story = await StoryStation.make();
  await story.stop();
  await rm(join(story.data, 'inbox', 'contract.pdf'));
  await story.putIn(title);
  await story.start();
  await story.signed();
  await story.leave();
  await story.stop();
});
afterAll(() => story.end());

/** Every byte in the folder of the log. */
async function rawFiles(): Promise<Buffer> {
  const folder = join(story.data, 'log');
  return Buffer.concat(await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name)))));
}

test('neither the name of the holder nor that of the document stands in a file of the log', async () => {
  const raw = await rawFiles();
  const bodies = Buffer.from(JSON.stringify(await story.logged()));
  for (const name of ['Lovelace', 'lovelace', 'Ada', 'Quillfeather', 'Kaufvertrag', Buffer.from('Lovelace', 'utf16le')])
    expect([raw.includes(name), bodies.includes(name)], String(name)).toEqual([false, false]);
  // The control: the same search finds what does stand there.
  for (const word of ['demo.countersign.example', '"consent"', '"sealed"']) expect(raw.includes(word), word).toBe(true);
});

test('who is entitled opens the fields of their tiers, and the second implementation finds all of it intact', async () => {
  const file = databaseFile(join(story.data, 'log'));
  const database = await openForReading(file);
  try {
    const entries = await story.logged();
    const consent = entries.find(({ event }) => event.op === 'consent');
    const enrolments = entries.filter(({ event }) => event.op === 'enrol');
    expect(consent?.sealed?.map(({ tier }) => tier)).toEqual(['operations']);
    expect(enrolments.every(({ sealed }) => sealed?.map(({ tier }) => tier).join() === 'operations,supervision')).toBe(true);
    const [supervisor] = demoStaff;
    const identity = passphraseIdentity(Buffer.from(supervisor.passphrase));
    const tiers = await unlockTiers(
      { ...supervisor, staff: supervisor.id, identity },
      await findGrants(database, supervisor.id),
      await readTiers(database),
    );
    const source = { database, origin: consent?.origin ?? '', tiers };
    expect((await readSealed(source, consent?.seq ?? 0, 'operations')).value).toEqual({ holder: 'Ada Lovelace', documents: [title] });
    const enrolled = await Promise.all(enrolments.map(({ seq }) => readSealed(source, seq, 'supervision')));
    expect(enrolled.map(({ value }) => value)).toContainEqual({ subject: expect.arrayContaining(['CN=Ada Lovelace']) as string[] });
    tiers.wipe();
    const result = await verify(readRows(database, file), undefined, {
      sealed: readSealedRows(database, file),
      keys: await readKeyRows(database, file),
    });
    expect(result).toMatchObject({ verdict: 'intact', entries: entries.length });
  } finally {
    await database.close();
  }
});
