/** Which keys of a token its holder may sign with, rule by rule, on certificates that openssl made. */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SigningKey } from '../../../drivers/token.ts';
import { RevocationFolder } from '../../../agent/documents/crl-folder.ts';
import { makeTrust, type Trust } from '../../../agent/documents/trust.ts';
import { Enrolments } from '../../../agent/people/enrolment.ts';
import { judgeKeys } from '../../../agent/signing/keys.ts';
import { revocationList, serialOf } from '../../support/revocation-lists.ts';
import { type Issued, KeyRing, authority } from '../../support/signing-keys.ts';

const ring = new KeyRing();
/** When the issuers were there: they make no list before. */
let start: Date;
const days = (count: number): Date => new Date(start.getTime() + count * 86_400_000);
const leaf = 'basicConstraints=critical,CA:FALSE';
const will = [leaf, 'keyUsage=critical,nonRepudiation'];
const both = [leaf, 'keyUsage=critical,nonRepudiation,digitalSignature'];
const signs = [leaf, 'keyUsage=critical,digitalSignature'];

let root: Issued;
let link: Issued;
let trust: Trust;
let soon: Date;
beforeAll(() => {
  root = ring.issue('/CN=Test Root', 'P-256', [...authority, 'subjectKeyIdentifier=hash'], undefined, 3650);
  link = ring.issue('/CN=Test Issuer', 'P-256', [...authority, 'subjectKeyIdentifier=hash'], root, 3650);
  trust = makeTrust([root.certificate, link.certificate]);
  start = new Date();
  // By then every certificate that a test issues is valid.
  soon = days(0.01);
});
afterAll(() => ring.end());

const issue = (name: string, extensions: readonly string[], issuer: Issued = link, validDays = 365): Issued =>
  ring.issue(`/CN=${name}`, 'P-256', extensions, issuer, validDays);

function onCard({ certificate }: Issued, schemes: SigningKey['schemes'] = ['ecdsa']): SigningKey {
  return { certificate, certificateSha256: createHash('sha256').update(certificate).digest('hex'), ckaId: '01', label: '', schemes };
}

/** Everybody is enrolled, unless somebody says otherwise. */
function enrolled(keys: readonly SigningKey[]): Enrolments {
  const enrolments = new Enrolments();
  for (const { certificateSha256 } of keys) {
    const entry = { subject: 'ab'.repeat(16), certificate_sha256: certificateSha256, credential_id: '01', public_key: '02' };
    enrolments.take({ op: 'enrol', ...entry });
  }
  return enrolments;
}

/** Names of the holders of the keys that are left, or the problem. */
function chosen(certificates: readonly (Issued | SigningKey)[], used = trust, at = soon, who?: Enrolments): readonly string[] | string {
  const keys = certificates.map((one) => ('keyPath' in one ? onCard(one) : one));
  const judged = judgeKeys(keys, used, who ?? enrolled(keys), at);
  return 'keys' in judged ? judged.keys.map(({ holder }) => holder.name) : judged.problem;
}

describe('of the keys on a card', () => {
  test('one that is made for declarations of will is taken, and those that also or only sign are left alone', () => {
    expect(chosen([issue('Signs', signs), issue('Will', will)])).toEqual(['Will']);
    expect(chosen([issue('Both', both), issue('Will', will), issue('Signs', signs)])).toEqual(['Will', 'Both']);
    expect(chosen([issue('Signs', signs)])).toEqual(['Signs']);
  });

  test('one that only encrypts, only logs in, states no use or belongs to an issuer is refused', () => {
    expect(chosen([issue('Encrypts', [leaf, 'keyUsage=keyEncipherment'])])).toBe('certificate-unusable');
    expect(chosen([issue('Logs in', [...signs, 'extendedKeyUsage=clientAuth,msSmartcardLogin'])])).toBe('certificate-unusable');
    expect(chosen([issue('Logs in', [...will, 'extendedKeyUsage=clientAuth'])])).toBe('certificate-unusable');
    expect(chosen([issue('States nothing', [leaf])])).toBe('certificate-unusable');
    expect(chosen([issue('Issuer', ['basicConstraints=critical,CA:TRUE', 'keyUsage=nonRepudiation,keyCertSign'])])).toBe(
      'certificate-unusable',
    );
    expect(chosen([issue('Documents', [...will, 'extendedKeyUsage=1.3.6.1.5.5.7.3.36'])])).toEqual(['Documents']);
    expect(chosen([issue('Mail', [...will, 'extendedKeyUsage=emailProtection,clientAuth'])])).toEqual(['Mail']);
    expect(chosen([])).toBe('no-usable-key');
  });

  test('one counts only while its certificate is valid, and from 30 days before its end its holder is told', () => {
    const card = issue('Ada', will, link, 100);
    expect(chosen([card], trust, days(-1))).toBe('certificate-not-yet-valid');
    expect(chosen([card], trust, days(101))).toBe('certificate-expired');
    const told = (at: Date): unknown => {
      const judged = judgeKeys([onCard(card)], trust, enrolled([onCard(card)]), at);
      return 'keys' in judged ? judged.keys[0]?.holder.expiresSoon : judged.problem;
    };
    expect([told(soon), told(days(69)), told(days(71)), told(days(99))]).toEqual([undefined, undefined, true, true]);
  });

  test('one counts when its issuers are known: the card holds only the leaf, the station brings the links and writes them into the signature', () => {
    const card = onCard(issue('Ada', will));
    const judged = judgeKeys([card], trust, enrolled([card]), soon);
    if (!('keys' in judged)) throw new Error(judged.problem);
    expect(judged.keys[0]?.chain.map((der) => createHash('sha256').update(der).digest('hex'))).toEqual([
      card.certificateSha256,
      createHash('sha256').update(link.certificate).digest('hex'),
    ]);
    expect(chosen([card], makeTrust([root.certificate]))).toBe('certificate-untrusted');
    expect(chosen([card], makeTrust([link.certificate]))).toBe('certificate-untrusted');
  });

  test('one that can be used in no way that is known, or whose holder has no enrolled finger, says so', () => {
    expect(chosen([onCard(issue('Ada', will), [])])).toBe('mechanism-unsupported');
    expect(chosen([issue('Ada', will)], trust, soon, new Enrolments())).toBe('not-enrolled');
  });

  test('several that are left are all kept for the holder to choose from, whatever their order on the card', () => {
    const [first, second] = [issue('Ada privately', will), issue('Ada for her company', will)];
    expect(chosen([first, second])).toEqual(['Ada privately', 'Ada for her company']);
    expect(chosen([second, first])).toEqual(['Ada for her company', 'Ada privately']);
    expect(chosen([first, issue('Expired', will, link, 0), second], trust, days(1))).toHaveLength(2);
  });
});

describe('a revoked certificate', () => {
  let used: Trust;
  let lost: Issued;
  let good: Issued;
  beforeAll(async () => {
    [lost, good] = [issue('Lost', will), issue('Good', will)];
    const folder = ring.path('crl');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const list = { number: 7, from: start, until: days(1), revoked: [{ serial: serialOf(lost), at: days(-1), reason: 'keyCompromise' }] };
    writeFileSync(`${folder}/issuer.crl`, revocationList(ring, link, list).der);
    used = await new RevocationFolder(folder, trust, { stale: 'warn' }).trust(start);
  });

  test('is refused, and told before everything else that is wrong with the card', () => {
    expect(chosen([lost], used)).toBe('certificate-revoked');
    const [expired, foreign] = [issue('Expired', will, link, 0), issue('Foreign', will, issue('Stranger', authority))];
    expect(chosen([expired, foreign, lost], used, days(1))).toBe('certificate-revoked');
    expect(chosen([good, lost], used, soon, new Enrolments())).toBe('certificate-revoked');
  });

  test('does not keep another key of the card from being used', () => {
    expect(chosen([lost, good], used)).toEqual(['Good']);
  });

  test('and one that is not: both name the list that was asked', () => {
    for (const card of [lost, good]) {
      const { lists } = judgeKeys([onCard(card)], used, enrolled([onCard(card)]), soon);
      expect(lists).toEqual([expect.objectContaining({ number: '7', this_update: `${start.toISOString().slice(0, 19)}.000Z` })]);
      expect(lists[0]).not.toHaveProperty('stale');
    }
    expect(judgeKeys([onCard(good)], used, enrolled([]), days(2)).lists).toMatchObject([{ stale: true }]);
    expect(judgeKeys([onCard(good)], trust, enrolled([]), soon).lists).toEqual([]);
  });
});
