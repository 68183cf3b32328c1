import { constants, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { SignatureScheme, SignRequest, TokenInfo } from '../../../drivers/token.ts';
import { createSoftHsm, softhsmModule, type SoftHsm } from '../../support/softhsm.ts';
import { onlyToken } from '../../support/token-waiting.ts';

const message = Buffer.from('what the holder agreed to');

describe('a token behind a PKCS#11 module', () => {
  let hsm: SoftHsm;
  let source: Pkcs11Source;
  let token: TokenInfo;
  const sha256: Record<'rsa' | 'p256' | 'p521' | 'always', string> = { rsa: '', p256: '', p521: '', always: '' };

  beforeAll(async () => {
    hsm = await createSoftHsm();
    sha256.rsa = (await hsm.addKey({ id: '01', type: 'rsa:2048', commonName: 'Ada RSA' })).sha256;
    sha256.p256 = (await hsm.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada EC' })).sha256;
    sha256.always = (await hsm.addKey({ id: '03', type: 'rsa:2048', commonName: 'Ada each time', alwaysAuthenticate: true })).sha256;
    sha256.p521 = (await hsm.addKey({ id: '04', type: 'EC:secp521r1', commonName: 'Ada large' })).sha256;
    source = createTokenSource({ modules: [{ name: 'softhsm', path: softhsmModule, env: hsm.env }], pollMs: 100, settleMs: 200 });
    token = await onlyToken(source);
  });

  afterAll(async () => {
    await source.close();
    await hsm.remove();
  });

  const request = (key: keyof typeof sha256, scheme: SignatureScheme, more: Partial<SignRequest> = {}): SignRequest => ({
    tokenId: token.id,
    certificateSha256: sha256[key],
    scheme,
    hash: 'sha256',
    message,
    ...more,
  });
  const sign = (wanted: SignRequest, pin = hsm.pin): Promise<Uint8Array> => source.sign(wanted, new Secret(Buffer.from(pin)));

  it('shows who it is, its PIN rules and every certificate with a key', async () => {
    expect(token).toMatchObject({ module: 'softhsm', label: 'Ada Example', manufacturer: 'SoftHSM project' });
    expect(token.id).toMatch(/^[0-9a-f]{64}$/u);
    const contents = await source.read(token.id);
    expect(contents.pin).toEqual({ state: 'ok', minLength: 4, maxLength: 255, protectedPath: false });
    expect(contents.keys.map(({ ckaId, schemes }) => ({ ckaId, schemes })).sort((a, b) => a.ckaId.localeCompare(b.ckaId))).toEqual([
      { ckaId: '01', schemes: ['rsa-pkcs1', 'rsa-pss'] },
      { ckaId: '02', schemes: ['ecdsa'] },
      { ckaId: '03', schemes: ['rsa-pkcs1', 'rsa-pss'] },
      { ckaId: '04', schemes: ['ecdsa'] },
    ]);
    expect(source.modules()).toMatchObject([{ name: 'softhsm', state: 'ready' }]);
  });

  const publicKeyOf = async (certificateSha256: string): Promise<KeyObject> => {
    const key = (await source.read(token.id)).keys.find((one) => one.certificateSha256 === certificateSha256);
    return new X509Certificate(key?.certificate ?? Buffer.alloc(0)).publicKey;
  };

  it.each(['sha256', 'sha384', 'sha512'] as const)('signs with RSA the way every verifier knows (PKCS #1 v1.5, %s)', async (hash) => {
    const signature = await sign(request('rsa', 'rsa-pkcs1', { hash }));
    expect(verify(hash, message, await publicKeyOf(sha256.rsa), signature)).toBe(true);
  });

  it.each(['sha256', 'sha512'] as const)('signs with RSA-PSS and a salt as long as the digest (%s)', async (hash) => {
    const signature = await sign(request('rsa', 'rsa-pss', { hash }));
    const key = { key: await publicKeyOf(sha256.rsa), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: hash === 'sha256' ? 32 : 64 };
    expect(verify(hash, message, key, signature)).toBe(true);
  });

  it.each(['sha256', 'sha512'] as const)('signs with an elliptic curve key and gives raw r and s (P-256, %s)', async (hash) => {
    const signature = await sign(request('p256', 'ecdsa', { hash }));
    expect(signature).toHaveLength(64);
    expect(verify(hash, message, { key: await publicKeyOf(sha256.p256), dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('signs with a P-521 key', async () => {
    const signature = await sign(request('p521', 'ecdsa', { hash: 'sha512' }));
    expect(signature).toHaveLength(132);
    expect(verify('sha512', message, { key: await publicKeyOf(sha256.p521), dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('signs with a key that wants the PIN for every single signature', async () => {
    const signature = await sign(request('always', 'rsa-pkcs1'));
    expect(verify('sha256', message, await publicKeyOf(sha256.always), signature)).toBe(true);
  });

  it('says that a wrong PIN is wrong, and nothing else', async () => {
    await expect(sign(request('rsa', 'rsa-pkcs1'), '000000')).rejects.toMatchObject({
      code: 'pin-wrong',
      recover: 're-enter-pin',
      origin: { kind: 'ckr', value: 160 },
    });
    expect((await source.read(token.id)).pin.state).toBe('low');
    await sign(request('rsa', 'rsa-pkcs1'));
  });

  it.each(['', '12', 'x'.repeat(256)])('refuses a PIN of impossible length before the token sees it (%#)', async (pin) => {
    await expect(sign(request('rsa', 'rsa-pkcs1'), pin)).rejects.toMatchObject({ code: 'pin-length' });
  });

  it('zeroes the PIN whatever happens', async () => {
    for (const wanted of [request('rsa', 'rsa-pkcs1'), request('rsa', 'rsa-pkcs1', { tokenId: '0'.repeat(64) })]) {
      const bytes = Buffer.from(hsm.pin);
      const secret = new Secret(bytes);
      await source.sign(wanted, secret).catch(() => undefined);
      expect([...bytes]).toEqual([0, 0, 0, 0, 0, 0]);
      expect(secret.length).toBe(0);
    }
  });

  it('refuses to sign without a PIN when the token wants one', async () => {
    await expect(source.sign(request('rsa', 'rsa-pkcs1'), undefined)).rejects.toMatchObject({ code: 'pin-length' });
  });

  it('refuses a certificate that is not on the token: it must be another token', async () => {
    const wanted = request('rsa', 'rsa-pkcs1', { certificateSha256: 'ab'.repeat(32) });
    await expect(sign(wanted)).rejects.toMatchObject({ code: 'token-changed' });
  });

  it('refuses a scheme that does not fit the key', async () => {
    await expect(sign(request('p256', 'rsa-pkcs1'))).rejects.toMatchObject({ code: 'mechanism-unsupported' });
  });

  it('knows no token by a made-up name', async () => {
    await expect(source.read('0'.repeat(64))).rejects.toMatchObject({ code: 'no-token' });
  });

  it('refuses to sign with a certificate whose private key is not on the token', async () => {
    const other = await createSoftHsm({ label: 'Someone else' });
    try {
      const foreign = await other.addKey({ id: '07', type: 'rsa:2048', commonName: 'Foreign' });
      // Under the ID of a key that is there: only the public key tells them apart.
      await hsm.addCertificate('01', foreign.certificate);
      await expect(sign(request('rsa', 'rsa-pkcs1', { certificateSha256: foreign.sha256 }))).rejects.toMatchObject({
        code: 'no-usable-key',
      });
      // The right certificate under the same ID still signs.
      await sign(request('rsa', 'rsa-pkcs1'));
    } finally {
      await other.remove();
    }
  });

  it('uses one process for one PIN', async () => {
    await source.read(token.id);
    const before = source.modules()[0]?.pid;
    await sign(request('p256', 'ecdsa'));
    await source.read(token.id);
    const after = source.modules()[0]?.pid;
    expect(before).toBeDefined();
    expect(after).toBeDefined();
    expect(after).not.toBe(before);
    expect(source.tokens()).toEqual([token]);
  });
});

describe('a path that is no PKCS#11 module', () => {
  it('is put aside and says so, and the other modules go on', async () => {
    const hsm = await createSoftHsm();
    const source = createTokenSource({
      modules: [
        { name: 'no such file', path: '/nonexistent/module.so' },
        { name: 'not a module', path: '/lib/x86_64-linux-gnu/libm.so.6' },
        { name: 'softhsm', path: softhsmModule, env: hsm.env },
      ],
      pollMs: 50,
    });
    try {
      await onlyToken(source);
      await expect.poll(() => source.modules().map(({ state }) => state), { timeout: 10_000 }).toEqual(['bad', 'bad', 'ready']);
      expect(source.modules()[0]?.problem).toContain('cannot open shared object file');
      expect(source.modules()[1]?.problem).toContain('C_GetFunctionList');
    } finally {
      await source.close();
      await hsm.remove();
    }
  });

  it('cannot share its name with another one', () => {
    const twice = { name: 'a', path: softhsmModule };
    expect(() => createTokenSource({ modules: [twice, twice] })).toThrow('same name');
  });
});
