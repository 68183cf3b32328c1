/** For whom somebody vouches, as the log says it: what the station remembers is what the second implementation would accept. */
import { describe, expect, it } from 'vitest';
import { denyVouching, vouchMinutes, vouchUntil } from '../../../agent/people/vouching.ts';
import { keyName, mostVouches, type Vouch, Vouches } from '../../../agent/people/vouches.ts';
import { makeMember, type Member, StatedLog, subject, timeAt } from '../../support/log/staff.ts';
import { holder as somebody, sha256 } from '../../support/log/station-log.ts';
import { holderKey, signVouched, vouch } from '../../support/log/vouched.ts';

const clerk = makeMember('clerk-1', 'clerk');
const supervisor = makeMember('super-1', 'supervisor', 'rsa-pss');
const holder = { certificateSha256: sha256('c'), publicKey: holderKey, subject };

function read(build: (log: StatedLog) => void): Vouches {
  const log = new StatedLog();
  build(log);
  const vouches = new Vouches();
  for (const entry of log.entries) vouches.take(entry);
  return vouches;
}
const found = (vouches: Vouches, seconds = 2, of: Partial<typeof holder> = {}): Vouch | undefined =>
  vouches.of({ ...holder, ...of }, timeAt(seconds));

describe('a vouch', () => {
  it('is found by the certificate, the key and the pseudonym of the holder, as long as it counts', () => {
    const vouches = read((log) => vouch(log, clerk));
    expect(found(vouches)).toMatchObject({
      seq: 1,
      by: { id: 'clerk-1', role: 'clerk' },
      identified: 'identity-document',
      until: timeAt(1800),
    });
    expect(found(vouches, 1800)).toBeDefined();
    expect(found(vouches, 1801)).toBeUndefined();
    // The clock stands before it was entered.
    expect(found(vouches, 0)).toBeUndefined();
    expect(found(vouches, 2, { certificateSha256: sha256('d') })).toBeUndefined();
    expect(found(vouches, 2, { subject: 'cd'.repeat(16) })).toBeUndefined();
  });

  it('of two the oldest is used, and each serves one consent', () => {
    const vouches = read((log) => {
      vouch(log, clerk);
      vouch(log, supervisor);
      signVouched(log, 1);
    });
    expect(found(vouches, 9)?.seq).toBe(2);
    expect(vouches.open(timeAt(9)).map(({ seq }) => seq)).toEqual([2]);
  });

  it('counts no more when the clock was set', () => {
    const set = (log: StatedLog) => log.append({ op: 'clock-changed', actor: somebody, from: timeAt(1), to: timeAt(1) });
    expect(
      found(
        read((log) => void (vouch(log, clerk), set(log))),
        3,
      ),
    ).toBeUndefined();
    expect(
      found(
        read((log) => void (set(log), vouch(log, clerk))),
        3,
      ),
    ).toBeDefined();
  });

  it('by the holder is none: not with their key, nor by whoever has signed with their certificate or key', () => {
    const second = makeMember('clerk-1', 'clerk');
    expect(
      found(
        read((log) => vouch(log, clerk)),
        2,
        { publicKey: clerk.publicKey },
      ),
    ).toBeUndefined();
    const statedBefore = (log: StatedLog, member: Member, changed = {}) => {
      log.supplement(member, {}, changed);
      vouch(log, clerk);
    };
    expect(
      found(
        read((log) => statedBefore(log, second)),
        3,
        { publicKey: second.publicKey },
      ),
    ).toBeUndefined();
    expect(
      found(
        read((log) => statedBefore(log, second, { certificate_sha256: sha256('c') })),
        3,
      ),
    ).toBeUndefined();
    expect(
      found(
        read((log) => statedBefore(log, second)),
        3,
      ),
    ).toBeDefined();
  });

  it('is remembered with no more than a hundred others', () => {
    const vouches = read((log) => {
      for (let i = 0; i < mostVouches + 5; i++) vouch(log, clerk);
    });
    expect(vouches.open(timeAt(200))).toHaveLength(mostVouches);
  });
});

it('one RSA key has one name, whichever way it is named', () => {
  const spki = Buffer.from(supervisor.publicKey, 'hex');
  const bits = spki.subarray(spki.indexOf(Buffer.from('0500', 'hex')) + 2);
  const algorithm = Buffer.from('300b06092a864886f70d01010a', 'hex');
  const length = algorithm.length + bits.length;
  const asPss = Buffer.concat([Buffer.from([0x30, 0x82, length >> 8, length & 255]), algorithm, bits]).toString('hex');
  expect(asPss).not.toBe(supervisor.publicKey);
  expect(keyName(asPss)).toBe(keyName(supervisor.publicKey));
  expect(keyName('no key')).toBe('no key');
});

describe('who may vouch', () => {
  const person = (member: Member) => ({
    id: member.id,
    role: member.role,
    certificateSha256: member.certificate,
    publicKey: member.publicKey,
  });
  const other = { certificateSha256: sha256('c'), publicKey: holderKey, staff: new Set<string>() };

  it('are clerks and supervisors', () => {
    for (const role of ['clerk', 'supervisor'] as const) expect(denyVouching({ ...person(clerk), role }, other)).toBeUndefined();
    for (const role of ['auditor', 'administrator', 'holder', 'station'] as const)
      expect(denyVouching({ ...person(clerk), role }, other)).toBe('role');
  });

  it('is nobody for themselves: by certificate, by key, or by pseudonym', () => {
    expect(denyVouching(person(clerk), { ...other, certificateSha256: clerk.certificate })).toBe('own-person');
    expect(denyVouching(person(clerk), { ...other, publicKey: clerk.publicKey })).toBe('own-person');
    expect(denyVouching(person(clerk), { ...other, staff: new Set(['clerk-1']) })).toBe('own-person');
    expect(denyVouching(person(clerk), { ...other, publicKey: undefined, staff: new Set(['clerk-2']) })).toBeUndefined();
  });

  it('says for how long: half an hour, and a day at most', () => {
    expect(vouchMinutes).toEqual({ usual: 30, least: 5, most: 1440 });
    expect(vouchUntil(new Date(timeAt(0)), vouchMinutes.usual)).toBe(timeAt(1800));
  });
});
