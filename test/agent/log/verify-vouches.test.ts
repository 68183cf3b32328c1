/** What the second implementation says of signatures without a finger: real keys, a forged log for every rule. */
import { describe, expect, it } from 'vitest';
import { consentHash } from '../../../agent/log/record.ts';
import { type SignedStatement, statementHolds } from '../../../agent/log/statement.ts';
import { problem } from '../../support/log/forged-log.ts';
import { type Kind, makeMember, type Member, StatedLog, subject, timeAt } from '../../support/log/staff.ts';
import { fingerMatched, holder, origin, sha256, statement } from '../../support/log/station-log.ts';
import { enrol, holderKey, signVouched, vouch } from '../../support/log/vouched.ts';

const clerk = makeMember('clerk-1', 'clerk');
const supervisor = makeMember('super-1', 'supervisor', 'P-384');
const as = (member: Member, changed: Partial<Member>): Member => ({ ...member, ...changed });

/** What is said of a log in which the holder was enrolled, and then what `build` says happened. */
async function said(build: (log: StatedLog) => void): Promise<string> {
  const log = new StatedLog();
  enrol(log);
  build(log);
  return problem(log.rows);
}

describe('a signature for which somebody vouched', () => {
  it.each<Kind>(['rsa-pkcs1', 'rsa-pss', 'P-256', 'P-384'])('is intact when they signed with a key of this kind: %s', async (kind) => {
    const log = new StatedLog();
    enrol(log);
    const member = makeMember('super-2', 'supervisor', kind);
    signVouched(log, vouch(log, member));
    signVouched(log, vouch(log, member), { operation: 'op-2', digits: ['b', 'd'] });
    expect(await problem(log.rows)).toBe('intact');
    const vouches = log.entries.filter(({ event }) => event.op === 'vouch');
    expect(vouches.map(({ event }) => statementHolds(origin, event as SignedStatement))).toEqual([true, true]);
  });

  it('is intact across a start of the agent, at the last moment, and when the clock is set after the consent', async () => {
    const build = (log: StatedLog): void => {
      const [first, second] = [vouch(log, clerk), vouch(log, supervisor, { until: timeAt(86_400) })];
      log.wait(1797);
      signVouched(log, first);
      const setBack = { op: 'clock-changed', actor: holder, from: timeAt(1810), to: timeAt(1811) };
      signVouched(log, second, { operation: 'op-2', between: () => log.append(setBack) });
    };
    expect(await said(build)).toBe('intact');
  });

  it('leaves one that was not used, or had lapsed before anybody used it, as it is', async () => {
    const build = (log: StatedLog): void => {
      vouch(log, clerk);
      vouch(log, supervisor, { until: timeAt(-5) });
      log.append(fingerMatched('op-7', sha256('1')));
    };
    expect(await said(build)).toBe('intact');
  });
});

describe('a vouch that counts for nobody', () => {
  it.each<[string, (log: StatedLog) => void, string]>([
    ['for longer than a day', (log) => vouch(log, clerk, { until: timeAt(86_402) }), '2: .*does not end within a day'],
    ['without an end', (log) => vouch(log, clerk, {}, { until: 'never' }), '2: .*does not end within a day'],
    ['by an auditor', (log) => vouch(log, makeMember('audit-1', 'auditor')), '2: .*may not vouch'],
    ['by an administrator', (log) => vouch(log, makeMember('admin-1', 'administrator')), '2: .*may not vouch'],
    ['by a holder', (log) => vouch(log, as(clerk, { role: 'holder' })), '2: .*not made by a member of staff'],
    ['for no certificate', (log) => vouch(log, clerk, { holder_certificate_sha256: 'x' }), '2: .*whom it is for'],
    ['for nobody', (log) => vouch(log, clerk, {}, { subject: 1 }), '2: .*whom it is for'],
    ['by somebody who does not say how they knew', (log) => vouch(log, clerk, {}, { identified: 'somehow' }), '2: .*how they were known'],
    ['in a visit', (log) => vouch(log, clerk, {}, { operation: 'op-1' }), '2: .*may not vouch'],
    [
      'for their own certificate',
      (log) => vouch(log, clerk, { holder_certificate_sha256: clerk.certificate }),
      '2: .*nobody vouches for themselves',
    ],
    [
      'for another certificate of theirs',
      (log) => {
        log.supplement(makeMember('clerk-1', 'clerk', 'P-384'), {}, { certificate_sha256: sha256('c') });
        vouch(log, clerk);
      },
      '3: .*nobody vouches for themselves',
    ],
    [
      'changed afterwards',
      (log) => {
        const event = log.state(clerk, 'vouch', {
          subject,
          holder_certificate_sha256: sha256('b'),
          identified: 'known-in-person',
          reason: 'finger-disabled',
          until: timeAt(60),
        });
        log.append({ ...event, holder_certificate_sha256: sha256('c') });
      },
      '2: .*not one over what the entry says',
    ],
    [
      'entered twice',
      (log) => {
        vouch(log, clerk);
        log.append({ ...log.entries[2]?.event });
      },
      '3: .*was entered again',
    ],
  ])('is found: %s', async (_name, build, sentence) => {
    expect(await said(build)).toMatch(new RegExp(`^${sentence}`));
  });
});

describe('a signature without a finger for which nobody vouched', () => {
  /** Numbers: 1 the enrolment, 2 the vouch, 3 the consent, 4 the intent, 5 `vouched`, 6 the end. */
  it.each<[string, (log: StatedLog) => void, string]>([
    ['no vouch at all', (log) => signVouched(log, 0), '4: .*nobody vouched for this certificate'],
    [
      'one for another certificate',
      (log) => signVouched(log, vouch(log, clerk, { holder_certificate_sha256: sha256('b') })),
      '5: .*nobody vouched for this certificate',
    ],
    [
      'one that had lapsed',
      (log) => {
        const number = vouch(log, clerk);
        log.wait(1800);
        signVouched(log, number);
      },
      '5: .*counted no longer when the holder consented',
    ],
    [
      'one from before the clock was set',
      (log) => {
        const number = vouch(log, clerk);
        log.append({ op: 'clock-changed', actor: holder, from: timeAt(1), to: timeAt(1) });
        signVouched(log, number);
      },
      '6: .*counted no longer when the holder consented',
    ],
    [
      'one that was used before',
      (log) => {
        const number = vouch(log, clerk);
        signVouched(log, number);
        signVouched(log, number, { operation: 'op-2' });
      },
      '9: .*counted no longer when the holder consented',
    ],
    [
      'one that two consents name',
      (log) => {
        const number = vouch(log, clerk);
        signVouched(log, number, { between: () => signVouched(log, number, { operation: 'op-2', digits: ['b'] }) });
      },
      '9: .*served another consent',
    ],
    [
      'one of another leaf',
      (log) => signVouched(log, vouch(log, clerk), { named: { entry: 2, leaf: sha256('0') } }),
      '5: .*names another vouch',
    ],
    [
      'one that does not exist, by its leaf',
      (log) => signVouched(log, vouch(log, clerk), { named: { entry: 2, leaf: sha256('0') }, vouched: { vouch_leaf: sha256('0') } }),
      '5: .*nobody vouched for this certificate',
    ],
    [
      'another one than the holder agreed to',
      (log) => {
        const [first, second] = [vouch(log, clerk), vouch(log, supervisor)];
        signVouched(log, second, { named: { entry: first, leaf: log.leaf(first) } });
      },
      '6: .*names another vouch',
    ],
    [
      'one that the consent does not name',
      (log) => signVouched(log, vouch(log, clerk), { named: 'none' }),
      '5: .*says of nobody that they vouched',
    ],
    ['one for another holder', (log) => signVouched(log, vouch(log, clerk, { subject: 'cd'.repeat(16) })), '5: .*another holder'],
    [
      'one for whom somebody else acts',
      (log) => signVouched(log, vouch(log, clerk), { vouched: { actor: { id: subject, role: 'clerk' } } }),
      '5: .*another holder',
    ],
    [
      'one by the key of the holder',
      (log) => signVouched(log, vouch(log, clerk), { vouched: { public_key: clerk.publicKey } }),
      '5: .*vouched for themselves',
    ],
    [
      'one by somebody who signs statements with the key of the holder',
      (log) => {
        const second = makeMember('clerk-1', 'clerk');
        log.supplement(second);
        signVouched(log, vouch(log, clerk), { vouched: { public_key: second.publicKey } });
      },
      '6: .*vouched for themselves',
    ],
    [
      'one by somebody who is the holder, as is seen later',
      (log) => {
        const number = vouch(log, clerk);
        log.supplement(makeMember('clerk-1', 'clerk', 'P-384'), {}, { certificate_sha256: sha256('c') });
        signVouched(log, number);
      },
      '6: .*vouched for themselves',
    ],
    [
      'one without the key of the holder',
      (log) => signVouched(log, vouch(log, clerk), { vouched: { public_key: 'abcd' } }),
      '5: .*the key of the holder',
    ],
    [
      'one that counts in another operation',
      (log) => signVouched(log, vouch(log, clerk), { vouched: { operation: 'op-9' } }),
      '5: .*no signature was begun',
    ],
    [
      'one that counts for another consent',
      (log) => signVouched(log, vouch(log, clerk), { vouched: { consent_sha256: sha256('9') } }),
      '5: .*no signature was begun',
    ],
    [
      'one for a holder who was enrolled anew since, under another pseudonym',
      (log) => {
        const number = vouch(log, clerk);
        enrol(log, { subject: 'cd'.repeat(16) });
        signVouched(log, number);
      },
      '6: .*under another pseudonym',
    ],
    [
      'a finger, where the holder had agreed to none',
      (log) => {
        const number = vouch(log, clerk);
        const stated = { ...statement('op-1', 'a'), vouch: { entry: number, leaf: log.leaf(number) } };
        const consent_sha256 = consentHash(stated);
        const keys = { document_sha256: sha256('a'), certificate_sha256: sha256('c') };
        log.append({ op: 'consent', operation: 'op-1', actor: holder, statement: stated, consent_sha256 });
        log.append({ op: 'sign.intent', operation: 'op-1', actor: holder, ...keys, consent_sha256, scheme: 'rsa-pss', hash: 'sha256' });
        log.append(fingerMatched('op-1', consent_sha256));
        const made = { output_sha256: sha256('e'), output_size: 4711, signature_sha256: sha256('f') };
        log.append({ op: 'sign.done', operation: 'op-1', actor: holder, intent: 4, ...keys, ...made });
      },
      '6: .*before a finger had matched for its consent, or a vouch',
    ],
  ])('is found: %s', async (_name, build, sentence) => {
    expect(await said(build)).toMatch(new RegExp(`^(?:${sentence})`));
  });

  it('is found where the holder was not enrolled for that certificate', async () => {
    const log = new StatedLog();
    enrol(log, { certificate_sha256: sha256('b') });
    signVouched(log, vouch(log, clerk));
    expect(await problem(log.rows)).toMatch(/^5: .*was not enrolled for this certificate/);
  });

  it('is not found where it is the key of the holder and of nobody else (control)', async () => {
    expect(await said((log) => signVouched(log, vouch(log, clerk), { vouched: { public_key: holderKey } }))).toBe('intact');
  });
});

it('more than a thousand that serve nobody are too many to remember', async () => {
  const build = (log: StatedLog): void => {
    for (let i = 0; i < 1001; i++) vouch(log, clerk, { until: timeAt(80_000) });
  };
  expect(await said(build)).toMatch(/^1002: .*serve nobody/);
}, 20_000);
