/** Late records and requests at the terminal, with virtual PIV cards: a clerk writes, a supervisor decides, and whoever may not is refused and recorded. */
import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { PivCard } from '../../drivers/virtual/piv-card.ts';
import { makePlainStation, type PlainStation } from '../support/plain-station.ts';
import { readLog } from '../support/station.ts';
import { call } from '../support/terminal-call.ts';
import { openscPath, startTestReader, testCa, testCard, type TestReader } from '../support/virtual-reader.ts';

// Each story starts the program up to a dozen times, and each start looks for tokens anew.
vi.setConfig({ testTimeout: 240_000 });

let reader: TestReader;
let station: PlainStation;
let clerk: PivCard;
let supervisor: PivCard;
let papers: string;

const hashOf = (card: PivCard): string => createHash('sha256').update(card.certificate('9c')).digest('hex');
const subject = 'ab'.repeat(16);

async function setStaff(...members: readonly (readonly [id: string, role: string, card: PivCard])[]): Promise<void> {
  const file = join(station.data, 'station.json');
  const staff = members.map(([id, role, card]) => ({ id, role, certificateSha256: hashOf(card) }));
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), staff }));
}

/** One call with this card in the reader. */
async function callWith(card: PivCard, words: readonly string[], pin = '123456') {
  await reader.reader.insert(card);
  try {
    const env = { PCSCLITE_CSOCK_NAME: reader.reader.socket };
    return await call([...words, '--data', station.data, '--yes'], { input: `${pin}\n`, env });
  } finally {
    await reader.reader.remove();
  }
}
const verify = () => call(['log', 'verify', '--data', station.data]);

beforeAll(async () => {
  reader = await startTestReader();
  station = await makePlainStation([{ name: 'opensc', path: openscPath }]);
  await station.trust(testCa.certificate);
  [clerk, supervisor] = await Promise.all([testCard(), testCard({ keys: { '9a': 'p-256', '9c': 'p-384' } })]);
  await setStaff(['clerk-7', 'clerk', clerk], ['super-1', 'supervisor', supervisor]);
  papers = await mkdtemp(join(tmpdir(), 'papers-'));
  await writeFile(join(papers, 'form.pdf'), 'a form that was signed on paper');
  await writeFile(join(papers, 'photo.jpg'), 'a photograph of it');
});
afterAll(async () => {
  await reader.stop();
  await station.remove();
  await rm(papers, { recursive: true });
});

const late = ['supplement', '--kind', 'paper-form', '--occurred', '2026-01-05T09:00Z/2026-01-05T17:00Z'];

it('a late record with two documents counts when a supervisor has confirmed it; then a document that was changed, or is gone, is found', async () => {
  const files = ['--about', '0', '--attach', join(papers, 'form.pdf'), '--attach', join(papers, 'photo.jpg')];
  const written = await callWith(clerk, [...late, ...files]);
  expect(written).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Entered: entry \d+ of the log\. A late record \(paper-form\)/) as string,
  });
  const number = /entry (\d+)/.exec(written.out)?.[1] ?? '';
  const waits = await call(['requests', '--data', station.data]);
  expect(waits.out).toMatch(new RegExp(`^ +${number}  .* late record, by clerk-7 \\(clerk\\): open until 20`));

  const alone = await callWith(clerk, ['confirm', number]);
  expect(alone.code).toBe(1);
  expect(alone.err).toMatch(/clerk-7 \(clerk\) cannot be the second person here: .*\. Entry \d+ of the log says so\.\n$/);
  const confirmed = await callWith(supervisor, ['confirm', number]);
  expect(confirmed.err).toContain(`Entry ${number}, by clerk-7 (clerk): A late record (paper-form) on entry 0`);
  expect(confirmed).toMatchObject({ code: 0, out: expect.stringContaining(`A second person confirmed entry ${number}.`) as string });
  expect((await callWith(supervisor, ['reject', number, '--reason', 'not-so'])).err).toContain(
    'waits for nobody any more: it is confirmed',
  );
  expect((await call(['requests', '--data', station.data])).out).toBe('Nothing waits for a second person.\n');

  const events = await readLog(station.data);
  expect(events.filter(({ op }) => op === 'statement-refused')).toMatchObject([
    { statement: 'confirm', entry: Number(number), reason: 'own-entry' },
  ]);
  const good = await verify();
  expect(good).toMatchObject({ code: 0, out: expect.stringMatching(/^INTACT\n[^]*2 attached files are there, unchanged\.\n$/) as string });
  const folder = station.paths.attachments;
  const [first = '', second = '', ...more] = (await readdir(folder)).sort();
  expect(more).toEqual([]);
  expect((await stat(join(folder, first))).mode & 0o777).toBe(0o600);
  await appendFile(join(folder, first), '.');
  await rm(join(folder, second));
  const bad = await verify();
  expect(bad.code).toBe(1);
  expect(bad.out).toMatch(new RegExp(`^INTACT\\n[^]*ATTACHMENT CHANGED: entry ${number} names the file ${first}`));
  expect(bad.out).toContain(`ATTACHMENT MISSING: entry ${number} names the file ${second}`);
});

it('a request is not decided by the same person with another card, nor with the same card under another name, and a clerk decides nothing', async () => {
  const asked = await callWith(clerk, ['request', 'erase', '--subject', subject]);
  expect(asked.err).toContain('No finger was enrolled under this pseudonym.');
  const number = /^Entered: entry (\d+)/.exec(asked.out)?.[1] ?? '';
  expect((await callWith(clerk, ['request', 'erase', '--subject', subject])).err).toContain(
    `Entry ${number} asks for the same already, and is open.`,
  );

  await setStaff(['clerk-7', 'supervisor', supervisor]);
  expect((await callWith(supervisor, ['confirm', number])).err).toContain('clerk-7 (supervisor) cannot be the second person');
  await setStaff(['super-9', 'supervisor', clerk]);
  expect((await callWith(clerk, ['confirm', number])).err).toContain('super-9 (supervisor) cannot be the second person');
  await setStaff(['super-2', 'supervisor', supervisor]);
  expect((await callWith(supervisor, ['confirm', number])).err).toContain(
    'another person has signed with this card or its key before: super-1',
  );
  const colleague = await testCard({ keys: { '9a': 'p-256', '9c': 'p-256' } });
  await setStaff(['clerk-8', 'clerk', colleague]);
  expect((await callWith(colleague, ['confirm', number])).err).toContain('clerk-8 (clerk) may not do this in that role.');
  await setStaff(['clerk-7', 'clerk', clerk], ['super-1', 'supervisor', supervisor]);
  const rejected = await callWith(supervisor, ['reject', number, '--reason', 'unclear']);
  expect(rejected).toMatchObject({ code: 0, out: expect.stringContaining(`rejected entry ${number}: unclear.`) as string });
  const all = await call(['requests', '--data', station.data, '--all', '--json']);
  expect(
    all.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([
    { act: 'supplement', state: 'confirmed' },
    { entry: Number(number), act: 'erase', subject, state: 'rejected', reason: 'unclear', actor: { id: 'clerk-7' } },
  ]);
  expect((await readLog(station.data)).filter(({ op }) => op === 'statement-refused').slice(1)).toMatchObject([
    { reason: 'own-entry' },
    { reason: 'own-entry' },
    { reason: 'other-person' },
    { reason: 'role' },
  ]);
});

it('a wrong PIN, a card that is on no list, and files that cannot be taken in enter nothing, and the first two are recorded', async () => {
  const before = await readdir(station.paths.attachments);
  const wrong = await callWith(clerk, [...late, '--attach', join(papers, 'form.pdf')], '000000');
  expect(wrong).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/The PIN was wrong\. (?:Tries left: 2\. )?Nothing was entered\. Entry \d+/) as string,
  });
  expect(clerk.pinTriesLeft).toBe(2);
  expect(await readdir(station.paths.attachments)).toEqual(before);
  const stranger = await testCard({ keys: { '9a': 'p-256', '9c': 'p-256' } });
  const unknown = await callWith(stranger, late);
  expect(unknown.err).toContain(`The certificate ${hashOf(stranger)} (`);
  expect(unknown.err).toContain(`{ "id": "...", "role": "clerk", "certificateSha256": "${hashOf(stranger)}" }`);
  expect(unknown.code).toBe(1);
  expect((await readLog(station.data)).filter(({ op }) => op === 'statement-refused' || op === 'pin-wrong').slice(-3)).toMatchObject([
    { op: 'pin-wrong', actor: { id: 'clerk-7' } },
    { statement: 'supplement', reason: 'token', problem: 'pin-wrong' },
    { statement: 'supplement', reason: 'not-staff', certificate_sha256: hashOf(stranger) },
  ]);
  await symlink(join(papers, 'form.pdf'), join(papers, 'link.pdf'));
  const callWithout = (...words: readonly string[]) => call([...late, '--data', station.data, '--yes', ...words]);
  expect((await callWithout('--attach', join(papers, 'link.pdf'))).err).toContain(
    'link.pdf is a link, and links are not followed. Nothing was entered.',
  );
  const log = await station.openLog();
  expect(await callWithout()).toMatchObject({
    code: 2,
    err: expect.stringContaining('Another Countersign agent is running on this data folder.') as string,
  });
  await log.close();
});
