/** What an erasure leaves of a person: the documents of their visits, and the files of late records about these. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LogStore } from '../../../agent/log/store.ts';
import { keptOfPerson } from '../../../agent/records/kept-of-person.ts';
import { subjectOf } from '../../support/log/sealed-log.ts';
import { makeMember } from '../../support/log/staff.ts';
import { statedIn, until } from '../../support/log/stated.ts';
import { makeStationLog, sha256, signing, type StationLog } from '../../support/log/station-log.ts';

const [anna, boris] = [subjectOf('a'), subjectOf('b')];
const clerk = makeMember('clerk-1', 'clerk');
let made: StationLog;
let log: LogStore;
beforeEach(async () => {
  made = await makeStationLog();
  log = await made.open();
});
afterEach(async () => {
  await log.close();
  await made.remove();
});

/** A visit of a person in which something is signed, or only begun. */
async function visit(subject: string, operation: string, isSigned: boolean): Promise<void> {
  const actor = { id: subject, role: 'holder' } as const;
  if (isSigned) await log.appendAll(signing(operation, 'a', log.size + 1).map((event) => ({ ...event, actor })));
  else await log.append({ op: 'token-out', operation, actor });
}

/** A late record with one file, whose digest these digits are. */
async function late(digit: string, place: { readonly about?: number; readonly operation?: string } = {}): Promise<number> {
  const happened = '2020-01-01T00:00:00.000Z';
  const said = { kind: 'paper-form', occurred: { from: happened, to: happened }, attachments: [{ sha256: sha256(digit), size: 7 }], until };
  return (await log.append(statedIn(log, clerk, 'supplement', { ...said, ...place }))).seq;
}

it('of a person whom nothing is known of, nothing', async () => {
  await visit(boris, 'op-1', true);
  await late('1', { operation: 'op-1' });
  expect(await keptOfPerson(log, anna)).toEqual({ attachments: [], signed: [] });
});

it('what was signed in their visits, and the files of late records about a visit, or about an entry of theirs; nothing of others', async () => {
  await visit(anna, 'op-1', true);
  await visit(boris, 'op-2', true);
  await visit(anna, 'op-3', false);
  const { seq: ofAnna } = await log.append({ op: 'token-out', actor: { id: anna, role: 'holder' } });
  const { seq: ofBoris } = await log.append({ op: 'token-out', actor: { id: boris, role: 'holder' } });
  const [visited, about] = [await late('1', { operation: 'op-3' }), await late('2', { about: ofAnna })];
  await late('3', { about: ofBoris });
  await late('4', { operation: 'op-2' });
  await late('5');
  expect(await keptOfPerson(log, anna)).toEqual({
    attachments: [
      { entry: visited, sha256: sha256('1'), size: 7 },
      { entry: about, sha256: sha256('2'), size: 7 },
    ],
    signed: ['op-1'],
  });
});
