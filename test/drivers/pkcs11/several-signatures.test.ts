/** Several signatures under one login, on a module that writes down what it is called for and misbehaves on order. */
import { verify, X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { SigningSession, TokenInfo } from '../../../drivers/token.ts';
import { children } from '../../support/children.ts';
import { buildFaultShim, type FaultShim } from '../../support/fault-shim.ts';
import { createSoftHsm, type SoftHsm, type SoftHsmKey } from '../../support/softhsm.ts';
import { onlyToken } from '../../support/token-waiting.ts';

const messages = ['first', 'second', 'third'].map((text) => Buffer.from(text));
const [first = Buffer.alloc(0), second = Buffer.alloc(0), third = Buffer.alloc(0)] = messages;

describe('several signatures under one login', () => {
  let hsm: SoftHsm;
  let shim: FaultShim;
  let source: Pkcs11Source;
  let token: TokenInfo;
  const keys = { plain: '', always: '' };
  const certificates: Record<keyof typeof keys, Uint8Array> = { plain: first, always: first };

  beforeAll(async () => {
    hsm = await createSoftHsm();
    const add = async (name: keyof typeof keys, key: SoftHsmKey): Promise<void> => {
      ({ sha256: keys[name], certificate: certificates[name] } = await hsm.addKey(key));
    };
    await add('plain', { id: '01', type: 'EC:prime256v1', commonName: 'Ada' });
    await add('always', { id: '02', type: 'EC:prime256v1', commonName: 'Ada each time', alwaysAuthenticate: true });
    shim = await buildFaultShim(hsm);
  });
  afterAll(() => hsm.remove());

  beforeEach(async () => {
    await shim.order({});
    const deadlines = { list: 1500, read: 1500, login: 1500, sign: 700, idle: 400, end: 700 };
    source = createTokenSource({ modules: [shim.module], pollMs: 50, settleMs: 200, deadlines });
    token = await onlyToken(source);
    await shim.forget();
  });
  afterEach(() => source.close());

  const open = (key: keyof typeof keys = 'plain', pin = hsm.pin): SigningSession => {
    const order = { tokenId: token.id, certificateSha256: keys[key], scheme: 'ecdsa', hash: 'sha256' } as const;
    return source.openSigning(order, new Secret(Buffer.from(pin)));
  };
  const holds = (message: Buffer, signature: Uint8Array, key: keyof typeof keys = 'plain'): boolean =>
    verify('sha256', message, { key: new X509Certificate(certificates[key]).publicKey, dsaEncoding: 'ieee-p1363' }, signature);
  /** What the token was asked for from the first login on. */
  const asked = async (...names: readonly string[]): Promise<readonly string[]> =>
    (await shim.calls()).filter((name) => names.includes(name));
  const hosts = (): readonly number[] => children('pkcs11/host');
  /** The process that is lent out for the PIN is the one that is there before. */
  const areGone = (lent: readonly number[]): Promise<void> =>
    expect.poll(() => hosts().filter((pid) => lent.includes(pid)), { timeout: 5000 }).toEqual([]);

  it('are made with one login and one session, and each is of its own message', async () => {
    const session = open();
    for (const message of messages) expect(holds(message, await session.sign(message))).toBe(true);
    await session.close();
    const calls = await asked('C_Login', 'C_SignInit', 'C_Sign', 'C_Logout');
    expect(calls).toEqual(['C_Login', 'C_SignInit', 'C_Sign', 'C_SignInit', 'C_Sign', 'C_SignInit', 'C_Sign', 'C_Logout']);
    expect((await source.read(token.id)).keys).toHaveLength(2);
  });

  it('are made one after the other, also when all are asked for at once', async () => {
    const session = open();
    const made = await Promise.all(messages.map((message) => session.sign(message)));
    expect(made.map((signature, at) => holds(messages[at] ?? first, signature))).toEqual([true, true, true]);
    await session.close();
    expect((await asked('C_SignInit', 'C_Sign')).join(' ')).toBe('C_SignInit C_Sign '.repeat(3).trim());
  });

  it('with a key that wants the PIN each time log in for each of them, with the one PIN and nothing in between', async () => {
    const session = open('always');
    for (const message of messages) expect(holds(message, await session.sign(message), 'always')).toBe(true);
    await session.close();
    const calls = await shim.calls();
    const from = calls.flatMap((name, at) => (name === 'C_SignInit' ? [at] : []));
    expect(from.map((at) => calls.slice(at, at + 3))).toEqual(Array(3).fill(['C_SignInit', 'C_Login', 'C_Sign']));
    expect(calls.filter((name) => name === 'C_Login')).toHaveLength(4);
  });

  it.each([
    ['error=48', 'device-error'],
    ['flip', 'device-error'],
    ['hang', 'outcome-unknown'],
    ['crash', 'outcome-unknown'],
  ] as const)('of which the second one fails (%s) leave the first as it is and make no third', async (act, code) => {
    const lent = hosts();
    const session = open();
    expect(holds(first, await session.sign(first))).toBe(true);
    await shim.order({ C_Sign: { nth: 2, act } });
    const rest = await Promise.allSettled([session.sign(second), session.sign(third)]);
    expect(rest).toMatchObject([{ reason: { code } }, { reason: { code: 'cancelled' } }]);
    await expect(session.sign(third)).rejects.toMatchObject({ code: 'cancelled' });
    await session.close();
    expect(await asked('C_Sign')).toHaveLength(2);
    await areGone(lent);
  });

  it('end with a wrong PIN, which is tried once', async () => {
    const session = open('plain', '000000');
    const all = await Promise.allSettled(messages.map((message) => session.sign(message)));
    const code = (one: string): object => ({ reason: { code: one } });
    expect(all).toMatchObject([code('pin-wrong'), code('cancelled'), code('cancelled')]);
    expect(await asked('C_Login', 'C_SignInit')).toEqual(['C_Login']);
  });

  it('end with a login for one of them that fails, which is not tried again', async () => {
    const session = open('always');
    await session.sign(first);
    await shim.order({ C_Login: { nth: 3, act: 'error=160' } });
    await expect(session.sign(second)).rejects.toMatchObject({ code: 'pin-wrong' });
    await expect(session.sign(third)).rejects.toMatchObject({ code: 'cancelled' });
    expect(await asked('C_Login', 'C_Sign')).toEqual(['C_Login', 'C_Login', 'C_Sign', 'C_Login']);
  });

  it('find out before the next one that the token has left, and it is asked for nothing', async () => {
    const session = open();
    await session.sign(first);
    await shim.order({ C_GetSlotList: 'empty' });
    await expect(session.sign(second)).rejects.toMatchObject({ code: 'token-removed' });
    await expect(session.sign(third)).rejects.toMatchObject({ code: 'cancelled' });
    expect(await asked('C_SignInit')).toHaveLength(1);
  });

  it('whose process dies between two of them sign nothing more, and that is a fault of the module', async () => {
    const session = open();
    await session.sign(first);
    for (const pid of hosts()) process.kill(pid, 'SIGKILL');
    await expect(session.sign(second)).rejects.toMatchObject({ code: 'module-crashed' });
    expect(source.modules()[0]?.problem).toContain('SIGKILL');
  });

  it('that nobody ends are ended when nothing was asked for too long, and the token is free again', async () => {
    const session = open();
    await session.sign(first);
    expect(await asked('C_Logout')).toEqual([]);
    const next = open();
    expect(holds(third, await next.sign(third))).toBe(true);
    expect(await asked('C_Sign', 'C_Logout')).toEqual(['C_Sign', 'C_Logout', 'C_Sign']);
    await expect(session.sign(second)).rejects.toMatchObject({
      code: 'cancelled',
      message: expect.stringContaining('too long') as unknown,
    });
    await next.close();
  });

  it('stay open for as long as signatures follow each other, however many they are', async () => {
    const session = open();
    for (let made = 0; made < 4; made++) {
      await session.sign(first);
      await sleep(200);
    }
    expect(await asked('C_Login')).toHaveLength(1);
    await session.close();
  });

  it('take a PIN that is wiped, whether they were made or not', async () => {
    for (const signs of [false, true]) {
      const lent = signs ? hosts() : [];
      const pin = new Secret(Buffer.from(hsm.pin));
      const session = source.openSigning({ tokenId: token.id, certificateSha256: keys.plain, scheme: 'ecdsa', hash: 'sha256' }, pin);
      if (signs) await session.sign(first);
      else await session.close();
      expect(pin.length).toBe(0);
      await session.close();
      await areGone(lent);
    }
  });

  it('are over once they were closed, which waits for the one that is being made', async () => {
    const session = open();
    const making = session.sign(first);
    await Promise.all([session.close(), session.close()]);
    expect(holds(first, await making)).toBe(true);
    await expect(session.sign(second)).rejects.toMatchObject({ code: 'cancelled' });
    expect(await asked('C_Sign', 'C_Logout')).toEqual(['C_Sign', 'C_Logout']);
  });
});
