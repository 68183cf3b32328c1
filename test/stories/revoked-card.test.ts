/** Cards that their issuer revoked, and revocation lists that come, go stale, or are no lists: on the demo's cards, and on one of another issuer. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { StationConfig } from '../../agent/config.ts';
import type { LogEvent } from '../../agent/log/events.ts';
import { createDemoCa, issueRevocationList, type DemoCa } from '../../drivers/virtual/demo-ca.ts';
import { PivCard } from '../../drivers/virtual/piv-card.ts';
import { StoryStation } from '../support/station.ts';

let story: StoryStation;
let issuer: DemoCa;
let card: PivCard;
const hours = (count: number): Date => new Date(Date.now() + count * 3_600_000);

beforeAll(async () => {
  story = await StoryStation.make();
  issuer = createDemoCa('Ministry of Cards');
  const holder = { commonName: 'Rosa Parks', givenName: 'Rosa', surname: 'Parks', country: 'US' };
  card = await PivCard.create({ holder, issuer, keys: { '9c': 'p-256' }, pin: '123456' });
  await writeFile(join(story.data, 'trust', 'ministry.pem'), issuer.certificate);
});
afterAll(() => story.end());
afterEach(() => expect(story.faults).toEqual([]));

const listFile = (name: string): string => join(story.data, 'crl', name);
const putList = (name: string, number: number, revoked: readonly Uint8Array[], from = hours(-1), until = hours(24)): Promise<void> =>
  writeFile(listFile(name), issueRevocationList(issuer, { revoked, thisUpdate: from, nextUpdate: until, number }));

async function restart(change: (config: StationConfig) => StationConfig = (config) => config): Promise<void> {
  await story.stop();
  const file = join(story.data, 'station.json');
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')) as StationConfig)));
  await story.start();
}

/** Puts the card in, waits for the problem, takes the card out; gives the entry that tells of it. */
async function refused(inserted: PivCard, problem: string): Promise<Extract<LogEvent, { op: 'token-in' }>> {
  await story.until('start');
  await story.devices.reader.insert(inserted);
  expect(await story.until('trouble')).toMatchObject({ problem, outcome: 'nothing-signed', canContinue: false });
  await story.leave();
  expect(await story.visitOps()).toEqual(['token-in', 'token-out']);
  const entry = (await story.entries()).findLast(({ op }) => op === 'token-in');
  if (entry?.op !== 'token-in') throw new Error('no token-in');
  expect(entry.problem).toBe(problem);
  expect(await story.outbox()).toEqual([]);
  return entry;
}

test('a card on the list of its issuer: the screen says revoked, the log names the list, and nothing comes out', async () => {
  const entry = await refused(story.card('revoked'), 'certificate-revoked');
  expect(entry.revocation_lists).toEqual([
    {
      list_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      issuer_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      number: '1',
      this_update: expect.stringMatching(/\.000Z$/) as string,
    },
  ]);
  expect(story.running.visit.message().station.revocationLists).toMatchObject({ stale: false });
});

test('a list that comes into the folder counts at the next visit, and goes before everything else that is wrong', async () => {
  await restart();
  expect((await refused(card, 'not-enrolled')).revocation_lists).toEqual([]);
  await putList('ministry.crl', 5, [card.certificate('9c')]);
  expect((await refused(card, 'certificate-revoked')).revocation_lists).toMatchObject([{ number: '5' }]);
});

test('an older list, one of a stranger, and what is no list: named, not used, and the station goes on', async () => {
  await putList('older.crl', 4, [], hours(-2));
  const stranger = createDemoCa('Ministry of Cards');
  await writeFile(
    listFile('stranger.crl'),
    issueRevocationList(stranger, { revoked: [], thisUpdate: hours(-1), nextUpdate: hours(9), number: 9 }),
  );
  await writeFile(listFile('letter.txt'), 'Dear colleague');
  await restart();
  expect(story.running.revocation.unused().map(({ name }) => name)).toEqual(['letter.txt', 'older.crl', 'stranger.crl']);
  await refused(card, 'certificate-revoked');
  await putList('taken-off.crl', 6, []);
  await refused(card, 'not-enrolled');
});

test('a stale list: signed with and recorded as stale where the policy warns, refused where it refuses', async () => {
  await putList('stale.crl', 7, [], hours(-48), hours(-24));
  expect((await refused(card, 'not-enrolled')).revocation_lists).toMatchObject([{ number: '7', stale: true }]);
  expect(story.running.visit.message().station.revocationLists).toMatchObject({ stale: true });
  await restart((config) => ({ ...config, crl: { stale: 'refuse' } }));
  await refused(card, 'revocation-unknown');
  await putList('fresh.crl', 8, []);
  await refused(card, 'not-enrolled');
});

test('a station that was made before there were lists: it starts, says that there is none, and signs', async () => {
  await rm(join(story.data, 'crl'), { recursive: true });
  await restart(({ crl, ...config }) => (crl === undefined ? config : config));
  expect(story.running.visit.message().station.revocationLists).toBeUndefined();
  expect((await story.signed()).delivered).toBe(true);
  expect((await story.entries()).findLast(({ op }) => op === 'token-in')).toMatchObject({ revocation_lists: [] });
  await story.leave();
});
