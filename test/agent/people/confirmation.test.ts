/** Who may ask and who may be the second person: each role and each act, by the station and, over a signed log, by the second implementation with its own table. */
import { describe, expect, it } from 'vitest';
import type { Role } from '../../../agent/log/catalogue.ts';
import type { Asked, AskedState } from '../../../agent/log/confirmations.ts';
import { type Act, denyAsking, denyDeciding, type Person, waitsUntil } from '../../../agent/people/confirmation.ts';
import { problem } from '../../support/log/forged-log.ts';
import { makeMember, StatedLog } from '../../support/log/staff.ts';

const roles: readonly Role[] = ['clerk', 'supervisor', 'auditor', 'administrator', 'holder', 'station'];
const acts: readonly Act[] = ['supplement', 'erase'];
const mayAsk: Readonly<Record<Act, readonly Role[]>> = {
  supplement: ['clerk', 'supervisor', 'auditor', 'administrator'],
  erase: ['clerk', 'supervisor'],
};
const mayDecide: Readonly<Record<Act, readonly Role[]>> = { supplement: ['supervisor', 'auditor'], erase: ['supervisor'] };

const person = (role: Role, changed: Partial<Person> = {}): Person => ({
  id: 's-2',
  role,
  certificateSha256: '2'.repeat(64),
  publicKey: '3059',
  ...changed,
});
const asked = (act: Act, state: AskedState = { is: 'open' }): Asked => ({
  seq: 7,
  leaf: 'a'.repeat(64),
  at: '2026-01-01T00:00:00.000Z',
  act,
  actor: { id: 's-1', role: 'clerk' },
  certificateSha256: '1'.repeat(64),
  publicKey: '3058',
  until: '2026-02-01T00:00:00.000Z',
  state,
});

describe.each(acts)('%s', (act) => {
  it.each(roles)('asked for by a %s', async (role) => {
    const may = mayAsk[act].includes(role);
    expect(denyAsking({ role }, act)).toBe(may ? undefined : 'role');
    const log = new StatedLog();
    const member = makeMember('s-1', role);
    if (act === 'erase') log.request(member);
    else log.supplement(member);
    const isStaff = role !== 'holder' && role !== 'station';
    const why = isStaff ? 'it was asked for by somebody whose role may not ask for it' : 'it was not made by a member of staff';
    expect(await problem(log.rows)).toBe(may ? 'intact' : `1: entry 1: ${why}`);
  });

  it.each(roles)('decided by a %s', async (role) => {
    const may = mayDecide[act].includes(role);
    expect(denyDeciding(person(role), asked(act))).toBe(may ? undefined : 'role');
    const isStaff = role !== 'holder' && role !== 'station';
    const why = isStaff ? 'it was decided by somebody whose role may not decide it' : 'it was not made by a member of staff';
    for (const decide of ['confirm', 'reject'] as const) {
      const log = new StatedLog();
      const first = makeMember('s-1', 'clerk');
      const entry = act === 'erase' ? log.request(first) : log.supplement(first);
      log[decide](makeMember('s-2', role), entry);
      expect(await problem(log.rows), decide).toBe(may ? 'intact' : `2: entry 2: ${why}`);
    }
  });
});

describe('whoever asked is never the second person', () => {
  it.each<readonly [string, Partial<Person>]>([
    ['under their own name, with another card', { id: 's-1' }],
    ['under another name, with the same certificate', { certificateSha256: '1'.repeat(64) }],
    ['under another name and certificate, with the same key', { publicKey: '3058' }],
  ])('%s', (_name, changed) => {
    expect(denyDeciding(person('supervisor', changed), asked('erase'))).toBe('own-entry');
    // Also where their role may not, and where it is decided: that they asked comes first.
    expect(denyDeciding(person('clerk', changed), asked('erase', { is: 'lapsed' }))).toBe('own-entry');
  });

  it('somebody else with another card is (control)', () => {
    expect(denyDeciding(person('supervisor'), asked('erase'))).toBeUndefined();
  });
});

it.each<AskedState>([
  { is: 'confirmed', confirm: 8 },
  { is: 'rejected', reject: 8, reason: 'not-so' },
  { is: 'used', confirm: 8, erases: [9] },
  { is: 'lapsed' },
])('what is $is is decided no more', (state) => {
  for (const act of acts) expect(denyDeciding(person('supervisor'), asked(act, state))).toBe(state.is);
});

it('a supplement waits for 90 days and an erasure for 14, to the millisecond', () => {
  const from = new Date('2028-02-28T23:59:59.999Z');
  expect(waitsUntil('erase', from)).toBe('2028-03-13T23:59:59.999Z');
  expect(waitsUntil('supplement', from)).toBe('2028-05-28T23:59:59.999Z');
});
