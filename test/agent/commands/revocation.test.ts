/** What doctor and start say of the revocation lists of a station. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { revocation } from '../../../agent/commands/doctor/revocation.ts';
import { tellRevocation } from '../../../agent/commands/tell-revocation.ts';
import { readConfig, stationPaths } from '../../../agent/config.ts';
import { RevocationFolder } from '../../../agent/documents/crl-folder.ts';
import { loadTrust } from '../../../agent/documents/trust.ts';
import { makeStation, newConfig } from '../../../agent/station.ts';
import { createDemoCa, issueRevocationList } from '../../../drivers/virtual/demo-ca.ts';

let data: string;
const now = Date.now();
const hours = (count: number): Date => new Date(now + count * 3_600_000);
const [listed, silent] = [createDemoCa('Ministry of Cards'), createDemoCa('Silent Issuer')];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'told-'));
  await makeStation(
    data,
    newConfig({ name: 'branch-12.example.org', rpId: 'example.org', port: 0, modules: [], demo: false }),
    'unwrapped',
  );
});
afterAll(() => rm(data, { recursive: true, force: true }));

async function doctorSays(at = now): Promise<readonly string[]> {
  const checks = await revocation({ root: '/', env: {}, data, demo: false, now: at, ms: 1000 });
  return checks.map(({ finding, name, found, mend }) => `${finding} | ${name} | ${found}${mend === undefined ? '' : ` | ${mend}`}`);
}

async function startSays(at = hours(0)): Promise<string> {
  const config = await readConfig(data);
  const paths = stationPaths(data, config);
  const folder = new RevocationFolder(paths.crl, await loadTrust(paths.trust), config.crl ?? { stale: 'warn' });
  await folder.look(at);
  const said: string[] = [];
  tellRevocation({ revocation: folder, paths }, { out: () => undefined, err: (text) => void said.push(text) }, at);
  return said.join('');
}

test('a new station has the folder and the policy, and says that there is no list', async () => {
  expect((await readConfig(data)).crl).toEqual({ stale: 'warn' });
  expect(await doctorSays()).toEqual([]);
  expect(await startSays()).toBe(
    `There is no revocation list: nobody can tell whether a card was revoked. Lists of the issuers go into ${join(data, 'crl')}\n`,
  );
});

test('each issuer is told of: with its list, with one that is too old, with none; a file that is no list is named', async () => {
  await writeFile(join(data, 'trust', 'both.pem'), `${listed.certificate}${silent.certificate}`);
  const list = issueRevocationList(listed, { revoked: [], thisUpdate: hours(-1), nextUpdate: hours(24), number: 41 });
  await writeFile(join(data, 'crl', 'ministry.crl'), list);
  await writeFile(join(data, 'crl', 'letter.txt'), 'Dear colleague');
  const [from, until] = [hours(-1), hours(24)].map((date) => date.toISOString().slice(0, 10));
  const folder = join(data, 'crl');
  const rest = [
    `note | Silent Issuer | none: nobody can tell whether its cards were revoked | put its list into ${folder}`,
    `warning | letter.txt | This file is not a revocation list. | take it out of ${folder}`,
  ];
  const found = `list 41 of ${from}, next by ${until}, 0 revoked`;
  expect(await doctorSays()).toEqual([`ok | Ministry of Cards | ${found}`, ...rest]);
  expect(await startSays()).toBe(`${join(folder, 'letter.txt')}: This file is not a revocation list.\n`);
  expect(await doctorSays(hours(25).getTime())).toEqual([
    `warning | Ministry of Cards | ${found}: too old | put a newer one into ${folder}`,
    ...rest,
  ]);
  expect(await startSays(hours(25))).toContain(`The revocation list of Ministry of Cards, of ${from}, is too old.`);
});

test('without a station, or with one whose trust folder holds something else, the doctor goes on', async () => {
  expect(await revocation({ root: '/', env: {}, demo: false, now, ms: 1000 })).toEqual([]);
  expect(await revocation({ root: '/', env: {}, data: join(data, 'none'), demo: false, now, ms: 1000 })).toEqual([]);
  await writeFile(join(data, 'trust', 'broken.pem'), 'hello');
  expect(await doctorSays()).toEqual([expect.stringMatching(/^missing \| trusted issuers/)]);
});
