/** Two cards at the terminal of a real station: the clerk's, and that of the holder in front of them, who is told by name and needs no number typed. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { PivCard } from '../../drivers/virtual/piv-card.ts';
import { makePlainStation, type PlainStation } from '../support/plain-station.ts';
import { readLog } from '../support/station.ts';
import { call } from '../support/terminal-call.ts';
import { openscPath, startTestReader, testCa, testCard, type TestReader } from '../support/virtual-reader.ts';

vi.setConfig({ testTimeout: 120_000 });

let bench: TestReader;
let station: PlainStation;
let clerk: PivCard;
let holder: PivCard;
const hashOf = (card: PivCard): string => createHash('sha256').update(card.certificate('9c')).digest('hex');

beforeAll(async () => {
  bench = await startTestReader();
  station = await makePlainStation([{ name: 'opensc', path: openscPath }]);
  await station.trust(testCa.certificate);
  const person = { commonName: 'Hilde Halter', givenName: 'Hilde', surname: 'Halter', country: 'DE' };
  [clerk, holder] = await Promise.all([testCard(), testCard({ holder: person, keys: { '9a': 'p-256', '9c': 'p-384' } })]);
  const file = join(station.data, 'station.json');
  const staff = [{ id: 'clerk-7', role: 'clerk', certificateSha256: hashOf(clerk) }];
  const settings = { staff, fingerprint: { vouching: 'accept' } };
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...settings }));
});
afterAll(async () => {
  await bench.stop();
  await station.remove();
});

const vouch = () =>
  call(['vouch', '--data', station.data, '--identified', 'known-in-person', '--reason', 'reader-unusable', '--yes'], {
    input: '123456\n',
    env: { PCSCLITE_CSOCK_NAME: bench.reader.socket },
  });

it('a card that is not enrolled is nobody to vouch for; once it is, its holder is told by name, and the clerk signs', async () => {
  await bench.reader.insert(clerk, 0);
  await bench.reader.insert(holder, 1);
  expect(await vouch()).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('No card of an enrolled holder is plugged in.') as string,
  });
  await station.enrol(hashOf(holder));
  const entered = await vouch();
  expect(entered).toMatchObject({ code: 0, out: expect.stringContaining('clerk-7, clerk, vouched for') as string });
  expect(entered.err).toContain(`The holder has the certificate ${hashOf(holder)}, of Hilde Halter.`);
  const [made, ...more] = (await readLog(station.data)).filter(({ op }) => op === 'vouch');
  expect(more).toEqual([]);
  expect(made).toMatchObject({ holder_certificate_sha256: hashOf(holder), certificate_sha256: hashOf(clerk), subject: '0a'.repeat(16) });
});
