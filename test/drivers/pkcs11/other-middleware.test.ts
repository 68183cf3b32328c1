/** Several PKCS#11 modules in one station: OpenSC, ykcs11 and SoftHSM2, all real, two of them on one card. ykcs11 looks at readers of its maker only. */
import { createHash, verify, X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTokenSource, type ModuleConfig, type Pkcs11Source, type TokenSourceOptions } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { SignatureScheme } from '../../../drivers/token.ts';
import type { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { buildFaultShim, type FaultShim } from '../../support/fault-shim.ts';
import { moduleFor } from '../../support/middleware.ts';
import { createSoftHsm, softhsmModule, type SoftHsm } from '../../support/softhsm.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';
import { startTestReader, testCard, type TestReader } from '../../support/virtual-reader.ts';

const message = Buffer.from('what the holder agreed to');
const yubico = 'Yubico YubiKey CCID';

let station: TestReader;
let opensc: ModuleConfig;
let ykcs11: ModuleConfig;
let card: PivCard;
let other: PivCard;
let source: Pkcs11Source;

beforeAll(async () => {
  station = await startTestReader(true, yubico, 'Other Reader');
  opensc = moduleFor('OpenSC', station.reader);
  ykcs11 = moduleFor('YubiKey', station.reader);
  [card, other] = await Promise.all([
    testCard({ keys: { '9a': 'rsa-2048', '9c': 'p-256' } }),
    testCard({
      holder: { commonName: 'Max Other', givenName: 'Max', surname: 'Other', country: 'DE' },
      keys: { '9a': 'p-256', '9c': 'p-256' },
    }),
  ]);
});
afterEach(async () => {
  await source.close();
  for (const reader of [station.reader, ...station.reader.others]) await reader.remove();
});
afterAll(() => station.stop());

const open = (modules: readonly ModuleConfig[], more: Partial<TokenSourceOptions> = {}): Pkcs11Source => {
  source = createTokenSource({ modules, pollMs: 100, ...more });
  return source;
};
const otherReader = () => {
  const [second] = station.reader.others;
  if (second === undefined) throw new Error('there is one reader only');
  return second;
};

/** Signs on the token that is in, and says whether the signature is one of the card's key. */
async function signs(slot: '9a' | '9c', scheme: SignatureScheme, pin = '123456'): Promise<boolean> {
  const { id: tokenId } = await onlyToken(source);
  const certificate = card.certificate(slot);
  const certificateSha256 = createHash('sha256').update(certificate).digest('hex');
  const signature = await source.sign({ tokenId, certificateSha256, scheme, hash: 'sha256', message }, new Secret(Buffer.from(pin)));
  const key = new X509Certificate(certificate).publicKey;
  return verify('sha256', message, scheme === 'ecdsa' ? { key, dsaEncoding: 'ieee-p1363' } : key, signature);
}

describe('the card through ykcs11', () => {
  it('is read and signs with both keys, the one that wants the PIN each time too', async () => {
    await station.reader.insert(card);
    open([ykcs11]);
    const token = await onlyToken(source);
    expect(token).toMatchObject({ slot: `${yubico} 00 00`, manufacturer: expect.stringContaining('Yubico') as unknown });
    const { keys, pin } = await source.read(token.id);
    const wanted = (['9a', '9c'] as const).map((slot) => createHash('sha256').update(card.certificate(slot)).digest('hex'));
    expect(keys.map(({ certificateSha256 }) => certificateSha256)).toEqual(expect.arrayContaining(wanted));
    expect(pin).toMatchObject({ state: 'ok', protectedPath: false });
    expect(await signs('9a', 'rsa-pkcs1')).toBe(true);
    expect(await signs('9c', 'ecdsa')).toBe(true);
    expect(card.pinTriesLeft).toBe(3);
  });

  it('loses one try for one wrong PIN', async () => {
    await station.reader.insert(card);
    open([ykcs11]);
    await expect(signs('9c', 'ecdsa', '999999')).rejects.toMatchObject({ code: 'pin-wrong' });
    expect(card.pinTriesLeft).toBe(2);
    expect(await signs('9c', 'ecdsa')).toBe(true);
    expect(card.pinTriesLeft).toBe(3);
  });

  it('that is out and back between two looks is another token, though ykcs11 tells of no events', async () => {
    await station.reader.insert(card);
    open([ykcs11], { pollMs: 2500 });
    const first = await onlyToken(source);
    await station.reader.remove();
    await station.reader.insert(card);
    await tokensWhere(source, ([token]) => token !== undefined && token.id !== first.id);
    expect(await signs('9a', 'rsa-pkcs1')).toBe(true);
  });
});

describe('two modules on one card', () => {
  it('make one token, of the module that is configured first', async () => {
    open([opensc, ykcs11]);
    const lists: (readonly string[])[] = [];
    source.watch((tokens) => lists.push(tokens.map(({ module }) => module)));
    await station.reader.insert(card);
    expect((await onlyToken(source)).module).toBe('OpenSC');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(lists).toEqual([['OpenSC']]);
    expect(await signs('9c', 'ecdsa')).toBe(true);
    expect(lists).toEqual([['OpenSC']]);
    await source.close();
    open([ykcs11, opensc]);
    expect((await onlyToken(source)).module).toBe('YubiKey');
    expect(await signs('9c', 'ecdsa')).toBe(true);
  });

  it('make two tokens of two cards in two readers', async () => {
    open([opensc, ykcs11]);
    await station.reader.insert(card);
    await otherReader().insert(other);
    const two = await tokensWhere(source, (tokens) => tokens.length === 2);
    expect(two.map(({ slot, module }) => [slot.slice(0, 6), module]).sort()).toEqual([
      ['Other ', 'OpenSC'],
      ['Yubico', 'OpenSC'],
    ]);
    await station.reader.remove();
    expect((await onlyToken(source)).label).toBe('Max Other');
  });
});

describe('three modules of which one misbehaves', () => {
  let hsm: SoftHsm;
  let shim: FaultShim;

  beforeAll(async () => {
    hsm = await createSoftHsm({ label: 'In software' });
    shim = await buildFaultShim(hsm);
  });
  afterAll(() => hsm.remove());

  it.each(['crash', 'hang', 'exit'] as const)('the others go on when it does this: %s', async (action) => {
    await shim.order({ C_GetSlotList: action });
    await station.reader.insert(card);
    open([shim.module, opensc, ykcs11], { deadlines: { list: 1000 }, coolDownMs: 60_000 });
    expect((await onlyToken(source)).module).toBe('OpenSC');
    expect(await signs('9a', 'rsa-pkcs1')).toBe(true);
    await expect.poll(() => source.modules().map(({ state }) => state), { timeout: 15_000 }).toEqual(['bad', 'ready', 'ready']);
    expect(await signs('9c', 'ecdsa')).toBe(true);
    await shim.order({});
    source.reset('shim');
    const both = await tokensWhere(source, (tokens) => tokens.length === 2);
    expect(both.map(({ module }) => module)).toEqual(['shim', 'OpenSC']);
  });

  it('each finds its own token, and all of them are one source', async () => {
    await station.reader.insert(card);
    open([opensc, { name: 'softhsm', path: softhsmModule, env: hsm.env }, ykcs11]);
    const both = await tokensWhere(source, (tokens) => tokens.length === 2);
    expect(both.map(({ module, label }) => [module, label])).toEqual([
      ['OpenSC', 'Erika Muster'],
      ['softhsm', 'In software'],
    ]);
    await expect.poll(() => source.modules().map(({ state }) => state), { timeout: 15_000 }).toEqual(['ready', 'ready', 'ready']);
  });
});
