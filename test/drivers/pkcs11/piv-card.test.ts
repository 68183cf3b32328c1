import { createHash, verify, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { judgeUsage, preferredKeys } from '../../../drivers/pkcs11/key-choice.ts';
import { installedPath, knownModules } from '../../../drivers/pkcs11/known-modules.ts';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import { instruction } from '../../../drivers/virtual/apdu.ts';
import { startCardReader, type CardReader } from '../../../drivers/virtual/card-reader.ts';
import { createDemoCa } from '../../../drivers/virtual/demo-ca.ts';
import { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const message = Buffer.from('what the holder agreed to');
const holder = { commonName: 'Ada Example', givenName: 'Ada', surname: 'Example', country: 'XX' };

describe('a PIV card in a reader, through OpenSC', () => {
  const issuer = createDemoCa('Example Issuing CA');
  let directory: string;
  let reader: CardReader;
  let source: Pkcs11Source;
  let card: PivCard;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'piv-'));
    reader = await startCardReader({ directory });
    const opensc = knownModules.find(({ name }) => name === 'OpenSC');
    const path = opensc === undefined ? undefined : installedPath(opensc);
    if (path === undefined) throw new Error('OpenSC is not installed');
    source = createTokenSource({
      modules: [{ name: 'opensc', path, env: { PCSCLITE_CSOCK_NAME: reader.socket } }],
      pollMs: 100,
    });
  });
  afterAll(async () => {
    await source.close();
    await reader.stop();
    await rm(directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    await reader.remove();
    await tokensWhere(source, (tokens) => tokens.length === 0);
    card = await PivCard.create({ holder, issuer, keys: { '9a': 'p-256', '9c': 'rsa-2048' } });
    await reader.insert(card);
    await onlyToken(source);
  });

  const sign = async (slot: '9a' | '9c', pin = '123456'): Promise<Uint8Array> => {
    const { id: tokenId } = await onlyToken(source);
    const certificateSha256 = sha256(card.certificate(slot));
    const scheme = slot === '9a' ? 'ecdsa' : 'rsa-pkcs1';
    return source.sign({ tokenId, certificateSha256, scheme, hash: 'sha256', message }, new Secret(Buffer.from(pin)));
  };

  it('offers the key that is made for declarations of will, and not the one for logging in', async () => {
    const contents = await source.read((await onlyToken(source)).id);
    expect(contents.keys).toHaveLength(2);
    expect(contents.pin).toMatchObject({ state: 'ok', protectedPath: false });
    expect(preferredKeys(contents.keys).map(({ certificate }) => Buffer.from(certificate))).toEqual([Buffer.from(card.certificate('9c'))]);
    expect(judgeUsage(card.certificate('9a'))).toEqual({ usable: false, why: 'its key is meant for logging in only' });
  });

  it('signs with the key that wants the PIN each time (9C)', async () => {
    const signature = await sign('9c');
    expect(verify('sha256', message, new X509Certificate(card.certificate('9c')).publicKey, signature)).toBe(true);
    expect(card.pinTriesLeft).toBe(3);
  });

  it('signs with an elliptic curve key (9A)', async () => {
    const signature = await sign('9a');
    const key = new X509Certificate(card.certificate('9a')).publicKey;
    expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('loses exactly one try for one wrong PIN, tells the last one, and is locked after it', async () => {
    await expect(sign('9c', '000000')).rejects.toMatchObject({ code: 'pin-wrong' });
    expect(card.pinTriesLeft).toBe(2);
    await expect(sign('9c', '000000')).rejects.toMatchObject({ code: 'pin-wrong', triesLeft: 1 });
    expect(card.pinTriesLeft).toBe(1);
    expect((await source.read((await onlyToken(source)).id)).pin).toMatchObject({ state: 'last-try', triesLeft: 1 });
    await expect(sign('9c', '000000')).rejects.toMatchObject({ code: 'pin-locked', triesLeft: 0 });
    await expect(sign('9c')).rejects.toMatchObject({ code: 'pin-locked' });
    expect(card.pinTriesLeft).toBe(0);
  });

  it('pulled while it signs leaves an unknown outcome, and it signs again when it is back', async () => {
    card.faults.pullAt(instruction.generalAuthenticate);
    await expect(sign('9c')).rejects.toMatchObject({ code: 'outcome-unknown' });
    await tokensWhere(source, (tokens) => tokens.length === 0);
    await reader.remove();
    await reader.insert(card);
    expect(await sign('9c')).toHaveLength(256);
  });

  // The first VERIFY only asks how many tries are left, the second is the login, the third the one that 9C wants before it signs.
  it.each([1, 2, 3])('pulled at the %i. command about the PIN was removed', async (nth) => {
    let pulledAt = Infinity;
    const stop = reader.watch(() => (pulledAt = Math.min(pulledAt, performance.now())));
    card.faults.pullAt(instruction.verify, nth);
    const ended = expect(sign('9c')).rejects.toMatchObject({ code: 'token-removed' });
    // OpenSC hangs at the first one: that the card is out is seen all the same, and nobody waits for the ten seconds of a login.
    await tokensWhere(source, (tokens) => tokens.length === 0);
    expect(performance.now() - pulledAt).toBeLessThan(2500);
    await ended;
    expect(performance.now() - pulledAt).toBeLessThan(6000);
    expect(card.pinTriesLeft).toBe(3);
    stop();
  });

  it('exchanged between reading and signing is never signed with, and the other one loses no try', async () => {
    const { id } = await onlyToken(source);
    await source.read(id);
    const wanted = {
      tokenId: id,
      certificateSha256: sha256(card.certificate('9c')),
      scheme: 'rsa-pkcs1',
      hash: 'sha256',
      message,
    } as const;
    const other = await PivCard.create({ holder, issuer, keys: { '9a': 'p-256', '9c': 'rsa-2048' } });
    await reader.remove();
    await reader.insert(other);
    await expect(source.sign(wanted, new Secret(Buffer.from('000000')))).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:no-token|token-removed)$/u) as unknown,
    });
    expect([card.pinTriesLeft, other.pinTriesLeft]).toEqual([3, 3]);
  });

  it('exchanged while it is logged in to ends the signature, and the other one is not asked for anything', async () => {
    const other = await PivCard.create({ holder, issuer, keys: { '9a': 'p-256', '9c': 'rsa-2048' } });
    const [asked, met] = [vi.spyOn(other.faults, 'meet'), vi.spyOn(card.faults, 'meet')];
    card.faults.delay(1000, instruction.verify);
    const ended = expect(sign('9c')).rejects.toMatchObject({ code: expect.stringMatching(/^token-(?:removed|changed)$/u) as unknown });
    const verifies = (): number => met.mock.calls.filter(([ins]) => ins === instruction.verify).length;
    await expect.poll(verifies, { timeout: 10_000, interval: 5 }).toBe(2);
    await reader.remove();
    await reader.insert(other);
    await ended;
    expect([card.pinTriesLeft, other.pinTriesLeft]).toEqual([3, 3]);
    const authenticated = asked.mock.calls.filter(([ins]) => ins === instruction.generalAuthenticate);
    expect(authenticated).toEqual([]);
  });

  it('exchanged for another one is another token, also when nobody saw the reader empty', async () => {
    const first = await onlyToken(source);
    const path = knownModules.flatMap((known) => (known.name === 'OpenSC' ? (installedPath(known) ?? []) : []))[0] ?? '';
    const slow = createTokenSource({ modules: [{ name: 'opensc', path, env: { PCSCLITE_CSOCK_NAME: reader.socket } }], pollMs: 4000 });
    try {
      const seenBySlow = await onlyToken(slow);
      expect(seenBySlow).toEqual({ ...first, id: seenBySlow.id });
      await reader.remove();
      const other = await PivCard.create({ holder, issuer, keys: { '9c': 'p-256' } });
      await reader.insert(other);
      for (const [one, { id }] of [
        [source, first],
        [slow, seenBySlow],
      ] as const) {
        const [second] = await tokensWhere(one, (tokens) => tokens.length === 1 && tokens[0]?.id !== id);
        expect(second?.slot).toBe(first.slot);
        await expect(one.read(id)).rejects.toMatchObject({ code: 'no-token' });
      }
    } finally {
      await slow.close();
    }
  });
});
