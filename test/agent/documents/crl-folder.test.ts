import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCertificate } from '../../../agent/documents/certificate.ts';
import type { RevocationPolicy } from '../../../agent/documents/crl.ts';
import { RevocationFolder } from '../../../agent/documents/crl-folder.ts';
import { judgeCertificate, makeTrust, type Trust } from '../../../agent/documents/trust.ts';
import { type ListRequest, revocationList, serialOf } from '../../support/revocation-lists.ts';
import { type Issued, KeyRing, authority, endEntity } from '../../support/signing-keys.ts';

const ring = new KeyRing();
const keyId = 'subjectKeyIdentifier=hash';
/** When the certificates were there: an issuer makes no list before its own certificate begins. */
let now: Date;
const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
let root: Issued;
let link: Issued;
let noLists: Issued;
let ada: Issued;
let trust: Trust;

beforeAll(() => {
  root = ring.issue('/CN=Test Root', 'P-256', [...authority, keyId]);
  link = ring.issue('/CN=Test Issuer', 'rsa-2048', [...authority, keyId], root);
  noLists = ring.issue('/CN=Never Revokes', 'P-256', ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign', keyId], root);
  ada = ring.issue('/CN=Ada', 'P-256', endEntity, link);
  trust = makeTrust([root, link, noLists].map(({ certificate }) => certificate));
  now = new Date();
});
afterAll(() => ring.end());

let folder: string;
let lists: RevocationFolder;
beforeEach(() => {
  folder = join(ring.folder, 'crl');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  lists = watching({ stale: 'warn' });
});

const watching = (policy: RevocationPolicy): RevocationFolder => new RevocationFolder(folder, trust, policy);
/** Puts a list into the folder. */
function put(name: string, issuer: Issued, request: ListRequest = {}): void {
  const { der } = revocationList(ring, issuer, { number: 1, from: now, until: hours(24), ...request });
  writeFileSync(join(folder, name), der);
}
async function judge(at: Date = hours(1), used: RevocationFolder = lists) {
  const judged = judgeCertificate(ada.certificate, await used.trust(now), at);
  return judged.ok ? judged.standings.map(({ kind }) => kind).join(' ') : judged.problem;
}
const unused = (): string =>
  lists
    .unused()
    .map(({ name, sentence }) => `${name}: ${sentence}`)
    .join('\n');
const revoked = (issued: Issued, reason?: string) => [
  { serial: serialOf(issued), at: hours(-2), ...(reason === undefined ? {} : { reason }) },
];

describe('a certificate', () => {
  test('counts without any list, and that nobody could ask is known', async () => {
    expect(await judge()).toBe('no-list no-list');
    rmSync(folder, { recursive: true });
    expect(await judge()).toBe('no-list no-list');
    expect(unused()).toBe('');
  });

  test('that is not on the lists of its issuers is good', async () => {
    put('issuer.crl', link, { revoked: [{ serial: '99' }] });
    expect(await judge()).toBe('good no-list');
    put('root.crl', root);
    expect(await judge()).toBe('good good');
  });

  test('that is on the list is revoked: on hold too, whatever the reason, however old the list is', async () => {
    for (const [number, reason] of ([undefined, 'keyCompromise', 'certificateHold', 'superseded'] as const).entries()) {
      put('issuer.crl', link, { number: number + 1, revoked: revoked(ada, reason) });
      expect(await judge()).toBe('certificate-revoked');
    }
    expect(await judge(hours(24 * 200))).toBe('certificate-revoked');
  });

  test('that was taken off the list is good again', async () => {
    put('issuer.crl', link, { number: 1, revoked: revoked(ada, 'certificateHold') });
    expect(await judge()).toBe('certificate-revoked');
    put('issuer.crl', link, { number: 2 });
    expect(await judge()).toBe('good no-list');
    put('issuer.crl', link, { number: 3, revoked: revoked(ada, 'removeFromCRL') });
    expect(await judge()).toBe('good no-list');
  });

  test('is revoked with an issuer above it, unless another way leads around that issuer', async () => {
    put('root.crl', root, { revoked: revoked(link, 'CACompromise') });
    expect(await judge()).toBe('certificate-revoked');
    const other = ring.issue('/CN=Other Root', 'P-256', authority);
    const crossed = ring.certify('/CN=Test Issuer', link, authority, other);
    const both = makeTrust([root, link, other, crossed].map(({ certificate }) => certificate));
    const used = new RevocationFolder(folder, both, { stale: 'warn' });
    expect(await judge(hours(1), used)).toBe('no-list no-list');
  });

  test('counts with a stale list where the policy warns, and does not where it refuses', async () => {
    put('issuer.crl', link, { until: hours(2) });
    put('root.crl', root);
    const strict = watching({ stale: 'refuse' });
    const young = watching({ stale: 'refuse', maxAgeDays: 1 });
    expect([await judge(hours(1)), await judge(hours(1), strict)]).toEqual(['good good', 'good good']);
    expect([await judge(hours(3)), await judge(hours(3), strict)]).toEqual(['stale good', 'revocation-unknown']);
    put('issuer.crl', link, { number: 2, until: hours(24 * 60) });
    put('root.crl', root, { number: 2, until: hours(24 * 60) });
    expect([await judge(hours(23), young), await judge(hours(25), young), await judge(hours(25), strict)]).toEqual([
      'good good',
      'revocation-unknown',
      'good good',
    ]);
    rmSync(join(folder, 'root.crl'));
    expect(await judge(hours(1), watching({ stale: 'refuse' }))).toBe('revocation-unknown');
  });
});

test('a list that was made after a certificate had ended tells by naming it, and not by being silent', async () => {
  const ended = ring.issue('/CN=Ended', 'P-256', endEntity, link, 0);
  const at = readCertificate(ended.certificate).validTo;
  await sleep(2000 - (Date.now() - at.getTime()));
  const judged = async () => judgeCertificate(ended.certificate, await lists.trust(new Date()), at);
  put('issuer.crl', link, { from: new Date() });
  expect(await judged()).toMatchObject({ ok: true, standings: [{ kind: 'no-list' }, { kind: 'no-list' }] });
  expect(lists.inUse(now)).toHaveLength(1);
  put('issuer.crl', link, { number: 2, from: new Date(), revoked: revoked(ended) });
  expect(await judged()).toMatchObject({ ok: false, problem: 'certificate-revoked' });
});

describe('the folder of revocation lists', () => {
  test('takes no list of an issuer that leads to no root', async () => {
    put('issuer.crl', link);
    const orphan = new RevocationFolder(folder, makeTrust([link.certificate]), { stale: 'warn' });
    await orphan.look(now);
    expect(orphan.inUse(now)).toEqual([]);
    expect(orphan.unused()).toMatchObject([
      { name: 'issuer.crl', sentence: expect.stringMatching(/may not sign revocation lists/) as string },
    ]);
  });

  test('takes DER and PEM under any name, and of one issuer the list with the highest number', async () => {
    put('b.crl', link, { number: 7, revoked: revoked(ada) });
    put('a', link, { number: 6, until: hours(48) });
    copyFileSync(revocationList(ring, root, { number: 3, from: now }).path, join(folder, 'root.pem'));
    expect(await judge()).toBe('certificate-revoked');
    expect(lists.inUse(now).map(({ list }) => [list.issuerName, list.number])).toEqual([
      ['Test Issuer', 7n],
      ['Test Root', 3n],
    ]);
    expect(lists.view(hours(100))).toEqual({ revocationLists: { oldest: expect.any(String) as string, stale: true } });
  });

  test('never goes back: not to a lower number, not to no number, not when the newer file is taken away', async () => {
    put('new.crl', link, { number: 300, revoked: revoked(ada) });
    expect(await judge()).toBe('certificate-revoked');
    rmSync(join(folder, 'new.crl'));
    put('old.crl', link, { number: 299, until: hours(48) });
    put('none.crl', link, { number: undefined, until: hours(72) });
    expect(await judge()).toBe('certificate-revoked');
    expect(unused()).toMatch(/^none\.crl: .*newer one of Test Issuer\.\nold\.crl: .*newer one of Test Issuer\.$/);
    put('newer.crl', link, { number: 301 });
    expect(await judge()).toBe('good no-list');
  });

  test('names what it does not use, in one sentence each, and goes on with the rest', async () => {
    put('good.crl', link);
    put('future.crl', root, { from: hours(0.2), until: hours(9) });
    put('delta.crl', link, { number: 9, extensions: ['2.5.29.27=critical,DER:020101'] });
    put('may-not.crl', noLists);
    put('weak.crl', link, { number: 9, digest: 'sha1' });
    const stranger = ring.issue('/CN=Stranger', 'P-256', [...authority, keyId]);
    put('stranger.crl', stranger);
    put('impostor.crl', ring.issue('/CN=Test Issuer', 'P-256', [...authority, keyId]), { number: 9, revoked: revoked(ada) });
    writeFileSync(join(folder, 'letter.txt'), 'Dear colleague');
    writeFileSync(join(folder, 'empty.crl'), '');
    writeFileSync(join(folder, '.hidden'), 'of an editor');
    mkdirSync(join(folder, 'old'));
    expect(await judge()).toBe('good no-list');
    expect(lists.unused().map(({ name, sentence }) => [name, sentence])).toEqual([
      ['delta.crl', expect.stringMatching(/only what changed since another list\.$/)],
      ['empty.crl', 'This file is not a revocation list.'],
      ['future.crl', expect.stringMatching(/made in the future .*is the clock right\?$/)],
      ['impostor.crl', expect.stringMatching(/signature that is not one by Test Issuer\.$/)],
      ['letter.txt', 'This file is not a revocation list.'],
      ['may-not.crl', expect.stringMatching(/Never Revokes that may not sign revocation lists\.$/)],
      ['stranger.crl', expect.stringMatching(/issued by Stranger, which is not in the trust folder\.$/)],
      ['weak.crl', expect.stringMatching(/signed in a way that is not accepted\.$/)],
    ]);
  });

  test('allows for clocks that differ by minutes', async () => {
    put('soon.crl', link, { from: hours(4 / 60), until: hours(9) });
    expect(await judge()).toBe('good no-list');
  });

  test('reads a file again when it was written anew, and a list whose bytes are changed does not count', async () => {
    put('issuer.crl', link, { number: 1 });
    expect(await judge()).toBe('good no-list');
    const { der } = revocationList(ring, link, { number: 2, from: now, until: hours(24), revoked: revoked(ada) });
    for (let at = 60; at < der.length; at += 41) {
      const changed = Uint8Array.from(der);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(join(folder, 'issuer.crl'), changed);
      expect(await judge(), `byte ${at}`).toBe('good no-list');
      expect(lists.unused(), `byte ${at}`).toHaveLength(1);
    }
    writeFileSync(join(folder, 'issuer.crl'), der);
    expect(await judge()).toBe('certificate-revoked');
  });
});
