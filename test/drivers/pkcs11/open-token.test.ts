/** A token that was read stays open for the signature that may follow, and for no longer than it is the one that was read. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import type { TokenInfo } from '../../../drivers/token.ts';
import { buildFaultShim, type FaultShim } from '../../support/fault-shim.ts';
import { createSoftHsm, softhsmModule, type SoftHsm } from '../../support/softhsm.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';

describe('a token that was read', () => {
  let hsm: SoftHsm;
  let shim: FaultShim;
  let source: Pkcs11Source;
  let token: TokenInfo;
  let certificate: { readonly certificate: Buffer; readonly sha256: string };

  beforeAll(async () => {
    hsm = await createSoftHsm();
    certificate = await hsm.addKey({ id: '01', type: 'EC:prime256v1', commonName: 'Ada' });
    shim = await buildFaultShim(hsm);
  });
  afterAll(() => hsm.remove());
  beforeEach(async () => {
    await shim.order({});
    source = createTokenSource({ modules: [shim.module], pollMs: 50, settleMs: 200 });
    token = await onlyToken(source);
    await shim.forget();
    await source.read(token.id);
  });
  afterEach(() => source.close());

  const sign = (tokenId: string): Promise<Uint8Array> => {
    const request = {
      tokenId,
      certificateSha256: certificate.sha256,
      scheme: 'ecdsa',
      hash: 'sha256',
      message: Buffer.from('agreed'),
    } as const;
    return source.sign(request, new Secret(Buffer.from(hsm.pin)));
  };
  const sessions = async (): Promise<readonly string[]> =>
    (await shim.calls()).filter((name) => ['C_OpenSession', 'C_Login', 'C_CloseSession'].includes(name));

  it('is signed on in the session in which its certificate was read', async () => {
    expect(await sign(token.id)).toHaveLength(64);
    expect((await sessions()).slice(0, 2)).toEqual(['C_OpenSession', 'C_Login']);
  });

  it('is read anew when it is read again', async () => {
    await source.read(token.id);
    await sign(token.id);
    expect((await sessions()).slice(0, 4)).toEqual(['C_OpenSession', 'C_CloseSession', 'C_OpenSession', 'C_Login']);
  });

  it('is closed when it leaves, and the one that comes is opened for itself', async () => {
    await shim.order({ C_GetSlotList: 'empty' });
    await tokensWhere(source, (tokens) => tokens.length === 0);
    await shim.order({});
    expect(await sign((await onlyToken(source)).id)).toHaveLength(64);
    expect((await sessions()).slice(0, 4)).toEqual(['C_OpenSession', 'C_CloseSession', 'C_OpenSession', 'C_Login']);
  });

  it('whose certificate another program has taken off since is given no PIN', async () => {
    const env = { ...process.env, ...hsm.env };
    const tool = ['--module', softhsmModule, '--login', '--pin', hsm.pin, '--delete-object', '--type', 'cert', '--id', '01'];
    await promisify(execFile)('pkcs11-tool', tool, { env });
    try {
      await expect(sign(token.id)).rejects.toMatchObject({ code: 'token-changed' });
      expect(await sessions()).not.toContain('C_Login');
    } finally {
      await hsm.addCertificate('01', certificate.certificate);
    }
    await source.read(token.id);
    expect(await sign(token.id)).toHaveLength(64);
  });
});
