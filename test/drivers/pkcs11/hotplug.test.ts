/** Tokens that come and go: a real pcscd, OpenSC, and the virtual PIV card, which is put in and taken out as a hand would. */
import { createHash, verify, X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTokenSource, type Pkcs11Source, type TokenSourceOptions } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { TokenInfo } from '../../../drivers/token.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { children } from '../../support/children.ts';
import { moduleFor } from '../../support/middleware.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';
import { startTestReader, testCard, type TestReader } from '../../support/virtual-reader.ts';

const message = Buffer.from('what the holder agreed to');

describe('a card that is put in and taken out', () => {
  let station: TestReader;
  let card: PivCard;
  let source: Pkcs11Source;

  beforeAll(async () => {
    station = await startTestReader();
    card = await testCard({ keys: { '9a': 'p-256', '9c': 'p-256' } });
  });
  afterEach(async () => {
    await source.close();
    await station.reader.remove();
  });
  afterAll(() => station.stop());

  const open = (more: Partial<TokenSourceOptions> = {}): Pkcs11Source => {
    source = createTokenSource({ modules: [moduleFor('OpenSC', station.reader)], pollMs: 100, ...more });
    return source;
  };
  const sign = async ({ id: tokenId }: TokenInfo): Promise<boolean> => {
    const certificate = card.certificate('9c');
    const certificateSha256 = createHash('sha256').update(certificate).digest('hex');
    const request = { tokenId, certificateSha256, scheme: 'ecdsa', hash: 'sha256', message } as const;
    const signature = await source.sign(request, new Secret(Buffer.from('123456')));
    return verify('sha256', message, { key: new X509Certificate(certificate).publicKey, dsaEncoding: 'ieee-p1363' }, signature);
  };
  /** Everything that the listeners were told from now on. */
  const told = (): (readonly string[])[] => {
    const lists: (readonly string[])[] = [];
    source.watch((tokens) => lists.push(tokens.map(({ id }) => id)));
    return lists;
  };

  it('is seen when it was in before anybody looked', async () => {
    await station.reader.insert(card);
    open();
    const token = await onlyToken(source);
    expect(token).toMatchObject({ slot: 'Virtual PCD 00 00', label: 'Erika Muster' });
    expect(await sign(token)).toBe(true);
  });

  it('is another token when it was out and back between two looks', async () => {
    await station.reader.insert(card);
    open({ pollMs: 2500 });
    const first = await onlyToken(source);
    const lists = told();
    await station.reader.remove();
    await station.reader.insert(card);
    const [second] = await tokensWhere(source, ([token]) => token !== undefined && token.id !== first.id);
    expect(second).toEqual({ ...first, id: second?.id });
    expect(lists.at(-1)).toEqual([second?.id]);
    await expect(sign(first)).rejects.toMatchObject({ code: 'no-token' });
    expect(await sign(await onlyToken(source))).toBe(true);
  });

  it('that was out and back is not signed with under its old name, also before anybody has looked again', async () => {
    await station.reader.insert(card);
    open({ pollMs: 60_000 });
    const first = await onlyToken(source);
    await station.reader.remove();
    await station.reader.insert(card);
    expect(source.tokens()).toEqual([first]);
    await expect(sign(first)).rejects.toMatchObject({ code: 'token-removed' });
    expect(card.pinTriesLeft).toBe(3);
    const second = await onlyToken(source);
    expect(second.id).not.toBe(first.id);
    expect(await sign(second)).toBe(true);
  });

  it('and stays in is one token over many signatures, though each PIN ends a process and the next one sees it for the first time', async () => {
    await station.reader.insert(card);
    open();
    const token = await onlyToken(source);
    const lists = told();
    for (let times = 0; times < 4; times += 1) {
      expect(await sign(token)).toBe(true);
      await source.read(token.id);
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(lists).toEqual([]);
    expect(await onlyToken(source)).toEqual(token);
  });

  it('fifty times is seen fifty times, signs afterwards, and leaves one process', async () => {
    open({ pollMs: 50 });
    const ids = new Set<string>();
    const begin = performance.now();
    for (let round = 0; round < 50; round += 1) {
      await station.reader.insert(card);
      ids.add((await onlyToken(source)).id);
      await station.reader.remove();
      await tokensWhere(source, (tokens) => tokens.length === 0);
    }
    expect(performance.now() - begin).toBeLessThan(55_000);
    expect(ids.size).toBe(50);
    const pid = source.modules()[0]?.pid;
    await station.reader.insert(card);
    expect(await sign(await onlyToken(source))).toBe(true);
    await expect.poll(() => children('pkcs11/host'), { timeout: 5000 }).not.toContain(pid);
    await expect.poll(() => children('pkcs11/host').length, { timeout: 5000 }).toBe(1);
    await source.close();
    expect(children('pkcs11/host')).toEqual([]);
  });
});
