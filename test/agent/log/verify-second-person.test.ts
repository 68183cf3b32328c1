/** What the second implementation says of a second person who is none, and of erasures that nobody agreed to: real keys, a forged log for every rule. */
import { describe, expect, it } from 'vitest';
import { statementHolds } from '../../../agent/log/statement.ts';
import type { SignedStatement } from '../../../agent/log/statement.ts';
import { problem } from '../../support/log/forged-log.ts';
import { type Kind, makeMember, type Member, patience, StatedLog, timeAt } from '../../support/log/staff.ts';
import { holder, numbered, origin } from '../../support/log/station-log.ts';

const clerk = makeMember('clerk-1', 'clerk');
const other = makeMember('clerk-2', 'clerk', 'P-384');
const supervisor = makeMember('super-1', 'supervisor', 'rsa-pkcs1');

/** What is said of a log that this builds. */
async function said(build: (log: StatedLog) => void): Promise<string> {
  const log = new StatedLog();
  build(log);
  return problem(log.rows);
}

/** The same member with something else about them. */
const as = (member: Member, changed: Partial<Member>): Member => ({ ...member, ...changed });

describe('what two people agreed to', () => {
  it.each<Kind>(['rsa-pkcs1', 'rsa-pss', 'P-256', 'P-384'])('is intact when signed with keys of this kind: %s', async (kind) => {
    const log = new StatedLog();
    const [asks, agrees] = [makeMember('clerk-1', 'clerk', kind), makeMember('super-1', 'supervisor', kind)];
    log.confirm(agrees, log.supplement(asks, { about: 0, operation: 'op-1' }), { operation: 'op-1' });
    const request = log.request(asks);
    log.append(numbered(1));
    const confirm = log.confirm(agrees, request);
    log.erase(request, confirm, { kids: ['01'.repeat(16)] });
    log.erase(request, confirm, { kids: ['02'.repeat(16)] });
    log.reject(agrees, log.request(asks));
    log.append(numbered(2));
    expect(await problem(log.rows)).toBe('intact');
    for (const { event } of log.entries.filter(({ event: { op } }) => ['supplement', 'request', 'confirm', 'reject'].includes(op)))
      expect(statementHolds(origin, event as SignedStatement)).toBe(true);
  });

  it('is intact where one decides after a renewal of their certificate, and where the clock stood at the last moment', async () => {
    const renewed = makeMember('clerk-1', 'clerk', 'rsa-pss');
    const sameKey = as(clerk, { certificate: 'c1'.repeat(32) });
    const build = (log: StatedLog): void => {
      const first = log.supplement(clerk);
      log.supplement(renewed);
      const third = log.request(sameKey);
      log.confirm(supervisor, first);
      log.wait(patience - 5);
      log.confirm(supervisor, third);
    };
    expect(await said(build)).toBe('intact');
  });
});

describe('a second person who is none, or decides on nothing', () => {
  const sameKeyOtherName = as(makeMember('super-2', 'supervisor'), { key: clerk.key, publicKey: clerk.publicKey });
  const rsa = makeMember('clerk-3', 'clerk', 'rsa-pss');
  /** The very key of `rsa`, named as one for PSS alone (RFC 4055 section 1.2). */
  const asPss = (): string => {
    const spki = Buffer.from(rsa.publicKey, 'hex');
    const algorithm = Buffer.from('300b06092a864886f70d01010a', 'hex');
    const bits = spki.subarray(spki.indexOf(Buffer.from('0500', 'hex')) + 2);
    const length = algorithm.length + bits.length;
    return Buffer.concat([Buffer.from([0x30, 0x82, length >> 8, length & 255]), algorithm, bits]).toString('hex');
  };
  it.each<[string, (log: StatedLog) => void, string]>([
    ['the same person', (log) => log.confirm(clerk, log.request(clerk)), '2: .*asked for themselves'],
    [
      'the same person with a renewed card',
      (log) => log.confirm(makeMember('clerk-1', 'supervisor'), log.request(clerk)),
      '2: .*asked for themselves',
    ],
    ['the same person who rejects', (log) => log.reject(clerk, log.supplement(clerk)), '2: .*asked for themselves'],
    [
      'the same card under another name',
      (log) => log.confirm(as(clerk, { id: 'super-2', role: 'supervisor' }), log.request(clerk)),
      '2: .*belongs to another person',
    ],
    [
      'the same key under another name and certificate',
      (log) => log.confirm(sameKeyOtherName, log.request(clerk)),
      '2: .*belongs to another person',
    ],
    [
      'the same key in another form',
      (log) => log.confirm(as(rsa, { id: 'super-2', certificate: 'dd'.repeat(32), publicKey: asPss() }), log.request(rsa)),
      '2: .*belongs to another person',
    ],
    [
      'a certificate with another key',
      (log) => {
        log.request(clerk);
        log.request(as(makeMember('clerk-1', 'clerk'), { certificate: clerk.certificate }));
      },
      '2: .*has another key',
    ],
    ['nothing at all', (log) => log.confirm(supervisor, 0), '1: .*decides on nothing'],
    ['something to come', (log) => log.confirm(supervisor, 2, { entry_leaf: 'ab'.repeat(32) }), '1: .*decides on nothing'],
    ['another confirmation', (log) => log.confirm(other, log.confirm(supervisor, log.request(clerk))), '3: .*decides on nothing'],
    [
      'a second time',
      (log) => {
        log.confirm(supervisor, log.request(clerk));
        log.confirm(other, 1);
      },
      '3: .*decides on nothing',
    ],
    [
      'after a rejection',
      (log) => {
        log.reject(supervisor, log.request(clerk));
        log.confirm(other, 1);
      },
      '3: .*decides on nothing',
    ],
    [
      'too late',
      (log) => {
        log.request(clerk);
        log.wait(patience);
        log.confirm(supervisor, 1);
      },
      '2: .*had not lapsed',
    ],
    [
      'too late, with the clock set back',
      (log) => {
        log.request(clerk);
        log.wait(patience);
        log.supplement(other, { until: timeAt(patience * 3) });
        log.wait(-patience);
        log.append({ op: 'clock-changed', actor: holder, from: timeAt(patience), to: timeAt(1) });
        log.confirm(supervisor, 1);
      },
      '4: .*had not lapsed',
    ],
    [
      'another leaf',
      (log) => log.confirm(supervisor, log.request(clerk), { entry_leaf: 'ab'.repeat(32) }),
      '2: .*not the one that was decided on',
    ],
    ['another operation', (log) => log.confirm(supervisor, log.supplement(clerk, { operation: 'op-1' })), '2: .*another operation'],
  ])('is found: %s', async (_name, build, sentence) => {
    expect(await said(build)).toMatch(new RegExp(`^${sentence}`));
  });
});

describe('an erasure that nobody agreed to', () => {
  const agreed = (log: StatedLog): readonly [number, number] => {
    const request = log.request(clerk);
    return [request, log.confirm(supervisor, request)];
  };
  it.each<[string, (log: StatedLog) => void, string]>([
    ['without a request', (log) => log.erase(0, 0), '1: .*without a request'],
    ['before anybody confirmed', (log) => log.erase(log.request(clerk), 1), '2: .*without a request that was confirmed'],
    ['after a rejection', (log) => log.erase(1, log.reject(supervisor, log.request(clerk))), '3: .*without a request that was confirmed'],
    ['of a late record', (log) => log.erase(1, log.confirm(supervisor, log.supplement(clerk))), '3: .*without a request'],
    ['of somebody else', (log) => log.erase(...agreed(log), { subject: 'cd'.repeat(16) }), '3: .*another person'],
    [
      'by another confirmation',
      (log) => {
        const [request] = agreed(log);
        log.erase(request, log.confirm(supervisor, log.supplement(clerk)));
      },
      '5: .*does not confirm what entry 1 asks for',
    ],
    [
      'used before',
      (log) => {
        const pair = agreed(log);
        log.erase(...pair);
        log.append(numbered(1));
        log.erase(...pair);
      },
      '5: .*not used before',
    ],
    [
      'somebody else in the same go',
      (log) => {
        const pair = agreed(log);
        log.erase(...pair);
        log.erase(...pair, { subject: 'cd'.repeat(16) });
      },
      '4: .*not used before',
    ],
  ])('is found: %s', async (_name, build, sentence) => {
    expect(await said(build)).toMatch(new RegExp(`^${sentence}`));
  });
});
