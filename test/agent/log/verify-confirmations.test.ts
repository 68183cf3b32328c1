/** What the second implementation says of statements that are not what they say, in the wrong place, or of what cannot be: real keys, a forged log for every rule. */
import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SignedStatement } from '../../../agent/log/statement.ts';
import { problem } from '../../support/log/forged-log.ts';
import { makeMember, type Member, patience, signAs, StatedLog, subject, timeAt } from '../../support/log/staff.ts';
import { numbered } from '../../support/log/station-log.ts';

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

describe('a statement that is not what it says', () => {
  const changedAfter = (change: (event: SignedStatement) => object) => (log: StatedLog) => {
    const event = log.state(clerk, 'request', { action: 'erase', details: { subject }, until: timeAt(patience) });
    log.append({ ...event, ...change(event) });
  };
  const weak = makeMember('clerk-1', 'clerk', 'rsa-pkcs1', 1024);
  const compressed = (): string => {
    const { x, y } = createPublicKey({ key: Buffer.from(clerk.publicKey, 'hex'), format: 'der', type: 'spki' }).export({ format: 'jwk' });
    const parity = ((Buffer.from(y ?? '', 'base64url').at(-1) ?? 0) & 1) + 2;
    const head = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
    return Buffer.concat([head, Buffer.from([parity]), Buffer.from(x ?? '', 'base64url')]).toString('hex');
  };
  it.each<[string, (log: StatedLog) => void, string]>([
    ['a field changed afterwards', changedAfter(() => ({ details: { subject: '00'.repeat(16) } })), 'not one over what the entry says'],
    ['another actor afterwards', changedAfter(() => ({ actor: { id: 'clerk-2', role: 'clerk' } })), 'not one over'],
    ['another operation afterwards', changedAfter(() => ({ operation: 'op-9' })), 'not one over'],
    [
      'another kind of statement afterwards',
      (log) => {
        log.append({ ...log.state(supervisor, 'reject', { entry: 0, entry_leaf: log.leaf(0), reason: 'not-so' }), op: 'confirm' });
      },
      'not one over',
    ],
    ['the key of somebody else', changedAfter(() => ({ public_key: other.publicKey })), 'not one over'],
    [
      'a signature over the same without its purpose',
      changedAfter((event) => ({ signature: signAs(clerk, Buffer.from(JSON.stringify(event))) })),
      'not one over',
    ],
    ['capitals in its signature', changedAfter(({ signature }) => ({ signature: signature.toUpperCase() })), 'who signed it'],
    ['no certificate', changedAfter(() => ({ certificate_sha256: '' })), 'who signed it'],
    ['an unknown hash', (log) => log.request(clerk, {}, { hash: 'sha1' }), 'who signed it'],
    ['an unknown scheme', (log) => log.request(clerk, {}, { scheme: 'ed25519' }), 'key that is not accepted'],
    ['a scheme of another kind of key', (log) => log.request(clerk, {}, { scheme: 'rsa-pkcs1' }), 'key that is not accepted'],
    ['a key that is too weak', (log) => log.request(weak), 'key that is not accepted'],
    ['something that is no key', (log) => log.request(clerk, {}, { public_key: 'abcd' }), 'key that is not accepted'],
    ['a key in another encoding', (log) => log.request(as(clerk, { publicKey: compressed() })), 'key that is not accepted'],
    ['a holder as its author', (log) => log.request(as(clerk, { role: 'holder' })), 'not made by a member of staff'],
    ['the station as its author', (log) => log.request(as(clerk, { role: 'station' })), 'not made by a member of staff'],
  ])('is found: %s', async (_name, build, sentence) => {
    expect(await said(build)).toMatch(new RegExp(`^1: .*${sentence}`));
  });
});

describe('a statement in the wrong place', () => {
  it.each<[string, (log: StatedLog) => void, string]>([
    [
      'entered twice',
      (log) => {
        const event = log.state(clerk, 'supplement', {
          kind: 'x',
          occurred: { from: timeAt(-2), to: timeAt(-1) },
          attachments: [],
          until: timeAt(patience),
        });
        log.append(event);
        log.append(event);
      },
      '2: .*signed once was entered again',
    ],
    [
      'entered behind a later one by the same person',
      (log) => {
        const early = log.state(clerk, 'request', { action: 'erase', details: { subject }, until: timeAt(patience) });
        log.supplement(clerk);
        log.append(early);
      },
      '2: .*entered again',
    ],
    [
      'signed before an entry that is another one',
      (log) => log.request(clerk, {}, { seen: { entry: 0, leaf: 'ab'.repeat(32) } }),
      '1: .*not signed at this place',
    ],
    ['signed before itself', (log) => log.request(clerk, {}, { seen: { entry: 1, leaf: log.leaf(0) } }), '1: .*not signed at this place'],
    [
      'signed long before',
      (log) => {
        const early = log.state(clerk, 'request', { action: 'erase', details: { subject }, until: timeAt(patience * 9) });
        for (let i = 0; i < 1000; i++) log.append(numbered(i));
        log.append(early);
      },
      '1001: .*not signed at this place',
    ],
  ])('is found: %s', async (_name, build, sentence) => {
    expect(await said(build)).toMatch(new RegExp(`^${sentence}`));
  });

  it('is in place up to 1000 entries later', async () => {
    const build = (log: StatedLog): void => {
      const early = log.state(clerk, 'request', { action: 'erase', details: { subject }, until: timeAt(patience * 9) });
      for (let i = 0; i < 999; i++) log.append(numbered(i));
      log.append(early);
    };
    expect(await said(build)).toBe('intact');
  });
});

describe('a late record or a request that cannot be', () => {
  it.each<[string, (log: StatedLog) => void, string]>([
    [
      'an end before its beginning',
      (log) => log.supplement(clerk, { occurred: { from: timeAt(-1), to: timeAt(-2) } }),
      'cannot have happened',
    ],
    ['an end after the entry', (log) => log.supplement(clerk, { occurred: { from: timeAt(-1), to: timeAt(60) } }), 'cannot have happened'],
    ['no time', (log) => log.supplement(clerk, { occurred: { from: 'then', to: 'then' } }), 'cannot have happened'],
    ['about itself', (log) => log.supplement(clerk, { about: 1 }), 'was not there'],
    ['a file without a hash', (log) => log.supplement(clerk, { attachments: [{ sha256: 'x', size: 1 }] }), 'which files belong to it'],
    ['files that are no list', (log) => log.supplement(clerk, {}, { attachments: 'none' }), 'which files belong to it'],
    ['no end of its waiting', (log) => log.supplement(clerk, {}, { until: 'never' }), 'until when it waits'],
    ['waiting that had ended', (log) => log.request(clerk, { until: timeAt(0) }), 'until when it waits'],
    ['an unknown wish', (log) => log.request(clerk, {}, { action: 'promote' }), 'what is asked for'],
    ['nobody to erase', (log) => log.request(clerk, {}, { details: {} }), 'what is asked for'],
  ])('is found: %s', async (_name, build, sentence) => {
    expect(await said(build)).toMatch(new RegExp(`^1: .*${sentence}`));
  });
});
