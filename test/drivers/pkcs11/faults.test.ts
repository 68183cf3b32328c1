import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { TokenInfo } from '../../../drivers/token.ts';
import { buildFaultShim, type FaultShim } from '../../support/fault-shim.ts';
import { createSoftHsm, type SoftHsm } from '../../support/softhsm.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';

describe('a vendor module that misbehaves', () => {
  let hsm: SoftHsm;
  let shim: FaultShim;
  let source: Pkcs11Source;
  let token: TokenInfo;
  const keys = { plain: '', always: '' };

  beforeAll(async () => {
    hsm = await createSoftHsm();
    keys.plain = (await hsm.addKey({ id: '01', type: 'rsa:2048', commonName: 'Ada' })).sha256;
    keys.always = (await hsm.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada each time', alwaysAuthenticate: true })).sha256;
    shim = await buildFaultShim(hsm);
  });
  afterAll(() => hsm.remove());

  beforeEach(async () => {
    await shim.order({});
    source = createTokenSource({
      modules: [shim.module],
      pollMs: 50,
      settleMs: 200,
      deadlines: { list: 1500, read: 1500, login: 1500, sign: 700, end: 700 },
      coolDownMs: 1500,
    });
    token = await onlyToken(source);
    await shim.forget();
  });
  afterEach(() => source.close());

  const sign = (key: keyof typeof keys = 'plain'): Promise<Uint8Array> => {
    const request = { tokenId: token.id, certificateSha256: keys[key], hash: 'sha256', message: Buffer.from('agreed') } as const;
    return source.sign({ ...request, scheme: key === 'plain' ? 'rsa-pkcs1' : 'ecdsa' }, new Secret(Buffer.from(hsm.pin)));
  };
  const stillWorks = async (): Promise<void> => {
    await shim.order({});
    await onlyToken(source);
    expect(await sign()).toHaveLength(256);
  };

  it.each(['crash', 'exit', 'hang'] as const)(
    'that %ss while signing leaves an unknown outcome, and the station goes on',
    async (action) => {
      await shim.order({ C_Sign: action });
      await expect(sign()).rejects.toMatchObject({ code: 'outcome-unknown', recover: 'ask-staff' });
      expect((await shim.calls()).filter((name) => name === 'C_Sign')).toHaveLength(1);
      await stillWorks();
    },
  );

  it.each([
    ['crash', 'module-crashed'],
    ['hang', 'module-timeout'],
  ] as const)('that %ss at login has signed nothing', async (action, code) => {
    await shim.order({ C_Login: action });
    await expect(sign()).rejects.toMatchObject({ code });
    expect((await shim.calls()).filter((name) => name === 'C_Login')).toHaveLength(1);
    await stillWorks();
  });

  it('that crashes at login because the token was pulled is a token that was removed', async () => {
    await shim.order({ C_Login: 'crash', C_GetSlotList: 'empty' });
    // The list of slots is empty only for whoever looks after the crash.
    await expect(sign()).rejects.toMatchObject({ code: 'token-removed' });
    await tokensWhere(source, (tokens) => tokens.length === 0);
  });

  it.each([0x5, 0x30, 0x101, 0x80000001])(
    'that returns CKR %i from C_Sign has signed nothing, and no PIN is asked for again',
    async (value) => {
      await shim.order({ C_Sign: `error=${value}` });
      await expect(sign()).rejects.toMatchObject({ code: 'device-error', recover: 'reinsert', origin: { kind: 'ckr', value } });
    },
  );

  it('that says the PIN is wrong is asked only once', async () => {
    await shim.order({ C_Login: 'error=160' });
    await expect(sign()).rejects.toMatchObject({ code: 'pin-wrong' });
    expect((await shim.calls()).filter((name) => name === 'C_Login')).toHaveLength(1);
  });

  it('that is already logged in when it should not be is not trusted', async () => {
    await shim.order({ C_Login: 'error=256' });
    await expect(sign()).rejects.toMatchObject({ code: 'device-error' });
    expect(await shim.calls()).not.toContain('C_Sign');
  });

  it('that signs wrongly is found out before anyone sees the signature', async () => {
    await shim.order({ C_Sign: 'flip' });
    await expect(sign()).rejects.toMatchObject({ code: 'device-error', message: expect.stringContaining('does not confirm') as unknown });
  });

  it('that refuses a mechanism is asked for the next one without a second login', async () => {
    await shim.order({ C_SignInit: 'error=112' });
    await expect(sign()).rejects.toMatchObject({ code: 'mechanism-unsupported' });
    const calls = await shim.calls();
    expect(calls.filter((name) => name === 'C_SignInit')).toHaveLength(2);
    expect(calls.filter((name) => name === 'C_Login')).toHaveLength(1);
  });

  it('that refuses the first mechanism only is signed with by the next one, with one login', async () => {
    await shim.order({ C_SignInit: { nth: 1, act: 'error=112' } });
    expect(await sign()).toHaveLength(256);
    const calls = await shim.calls();
    expect(calls.filter((name) => name === 'C_SignInit' || name === 'C_Login')).toEqual(['C_Login', 'C_SignInit', 'C_SignInit']);
  });

  it.each([
    [160, 'pin-wrong'],
    [80, 'cancelled'],
    [48, 'device-error'],
  ] as const)(
    'that fails at the second login of a key that wants one (CKR %i) says why, has signed nothing and is not asked again',
    async (value, code) => {
      await shim.order({ C_Login: { nth: 2, act: `error=${value}` } });
      await expect(sign('always')).rejects.toMatchObject({ code });
      const calls = await shim.calls();
      expect(calls.filter((name) => name === 'C_Login')).toHaveLength(2);
      expect(calls).not.toContain('C_Sign');
    },
  );

  it('that hangs at the second of two signatures leaves the first one as it is', async () => {
    await shim.order({ C_Sign: { nth: 2, act: 'hang' } });
    expect(await sign()).toHaveLength(256);
    await expect(sign()).rejects.toMatchObject({ code: 'outcome-unknown' });
    await stillWorks();
  });

  it('sees nothing between SignInit, the second login and Sign', async () => {
    expect(await sign('always')).toHaveLength(64);
    const calls = await shim.calls();
    const at = calls.indexOf('C_SignInit');
    expect(calls.slice(at, at + 5)).toEqual(['C_SignInit', 'C_Login', 'C_Sign', 'C_Logout', 'C_CloseSession']);
  });

  it.each(['crash', 'hang'] as const)('that %ss at logout does not take the signature back', async (action) => {
    await shim.order({ C_Logout: action });
    expect(await sign()).toHaveLength(256);
    await stillWorks();
    expect(source.modules()).toMatchObject([{ state: 'ready' }]);
  });

  it.each([
    ['crash', 'module-crashed'],
    ['hang', 'module-timeout'],
  ] as const)('that %ss while certificates are read says so', async (action, code) => {
    await shim.order({ C_FindObjectsInit: action });
    await expect(source.read(token.id)).rejects.toMatchObject({ code });
    await shim.order({});
    expect((await source.read(token.id)).keys).toHaveLength(2);
  });

  it('that keeps crashing is put aside, refuses at once, and gets another chance later', async () => {
    await shim.order({ C_GetTokenInfo: 'crash' });
    await tokensWhere(source, (tokens) => tokens.length === 0);
    expect(source.modules()).toMatchObject([{ state: 'bad', problem: expect.stringContaining('SIGSEGV') as unknown }]);
    await expect(source.read(token.id)).rejects.toMatchObject({ code: 'no-token' });
    await shim.order({});
    await sleep(100);
    expect(source.modules()).toMatchObject([{ state: 'bad' }]);
    source.reset('shim');
    token = await onlyToken(source);
    expect(await sign()).toHaveLength(256);
  });

  it('whose token cannot say who it is keeps that token, and names its fault', async () => {
    await shim.order({ C_GetTokenInfo: 'error=48' });
    // Asked again after two seconds, as a module is that tells no events.
    await expect.poll(async () => (await shim.calls()).includes('C_GetTokenInfo'), { timeout: 5000 }).toBe(true);
    await sleep(100);
    expect(source.tokens()).toContainEqual(token);
    await expect(source.read(token.id)).rejects.toMatchObject({ code: 'device-error', origin: { kind: 'ckr', value: 0x30 } });
    await stillWorks();
  });

  it('whose token leaves and comes back is seen doing both, and it is another token', async () => {
    await shim.order({ C_GetSlotList: 'empty' });
    await tokensWhere(source, (tokens) => tokens.length === 0);
    await shim.order({});
    const again = await onlyToken(source);
    expect(again).toEqual({ ...token, id: again.id });
    expect(again.id).not.toBe(token.id);
    await expect(sign()).rejects.toMatchObject({ code: 'no-token' });
  });
});
