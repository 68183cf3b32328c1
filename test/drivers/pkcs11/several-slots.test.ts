/** A card with a PIN for logging in and one for signatures, which its module shows as two slots of one reader. */
import { execFile } from 'node:child_process';
import { createHash, verify, X509Certificate } from 'node:crypto';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { preferredKeys } from '../../../drivers/pkcs11/key-choice.ts';
import { createTokenSource, type Pkcs11Source } from '../../../drivers/pkcs11/source.ts';
import { Secret } from '../../../drivers/secret.ts';
import { createSoftHsm, softhsmModule, type SoftHsm } from '../../support/softhsm.ts';
import { onlyToken, tokensWhere } from '../../support/token-waiting.ts';

const pins = { login: '135790', signatures: '24680135' };
const certificates: Record<keyof typeof pins, Uint8Array> = { login: Buffer.alloc(0), signatures: Buffer.alloc(0) };
const message = Buffer.from('what the holder agreed to');
let hsm: SoftHsm;
let path: string;

beforeAll(async () => {
  hsm = await createSoftHsm({ label: 'Ada (PIN)', pin: pins.login });
  const extensions = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=clientAuth'];
  certificates.login = (await hsm.addKey({ id: '01', type: 'EC:prime256v1', commonName: 'Ada', extensions })).certificate;
  const other = await createSoftHsm({ label: 'Ada (signatures)', pin: pins.signatures });
  certificates.signatures = (await other.addKey({ id: '02', type: 'EC:prime256v1', commonName: 'Ada' })).certificate;
  await cp(join(other.folder, 'tokens'), join(hsm.folder, 'tokens'), { recursive: true });
  await other.remove();
  path = join(hsm.folder, 'libtwopins.so');
  const source = fileURLToPath(new URL('../../support/two-pins-shim.c', import.meta.url));
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', path, source, '-ldl']);
});
afterAll(() => hsm.remove());

const open = (more: Readonly<Record<string, string>>, reader = 'One Reader 00 00'): Pkcs11Source => {
  const env = { ...hsm.env, SHIM_REAL: softhsmModule, ...(reader === '' ? {} : { SHIM_READER: reader }), ...more };
  return createTokenSource({ modules: [{ name: 'shim', path, env }], pollMs: 100 });
};
const sha256 = (key: keyof typeof pins): string => createHash('sha256').update(certificates[key]).digest('hex');

it('is one token, whose signature key is found and signs with its own PIN', async () => {
  const source = open({ SHIM_SERIAL: '4711' });
  try {
    // The card is whole at the first look: nobody is ever asked to take one of two out.
    const counts: number[] = [];
    source.watch((tokens) => counts.push(tokens.length));
    const token = await onlyToken(source);
    expect(token).toMatchObject({ slot: 'One Reader 00 00', serial: '4711' });
    const { keys, pin } = await source.read(token.id);
    expect(keys.map(({ certificateSha256 }) => certificateSha256).sort()).toEqual([sha256('login'), sha256('signatures')].sort());
    expect(preferredKeys(keys).map(({ certificateSha256 }) => certificateSha256)).toEqual([sha256('signatures')]);
    expect(pin).toMatchObject({ state: 'ok', protectedPath: false });

    const sign = (key: keyof typeof pins, typed: string): Promise<Uint8Array> =>
      source.sign(
        { tokenId: token.id, certificateSha256: sha256(key), scheme: 'ecdsa', hash: 'sha256', message },
        new Secret(Buffer.from(typed)),
      );
    for (const key of ['signatures', 'login'] as const) {
      const publicKey = new X509Certificate(certificates[key]).publicKey;
      const signature = await sign(key, pins[key]);
      expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    }
    // Each PIN opens its own key alone, and the slot that is asked is the one that judges it.
    await expect(sign('signatures', pins.login)).rejects.toMatchObject({ code: 'pin-wrong' });
    expect((await source.read(token.id)).pin).toMatchObject({ state: 'low' });
    expect(await sign('signatures', pins.signatures)).toHaveLength(64);
    expect(source.tokens()).toEqual([token]);
    expect(new Set(counts)).toEqual(new Set([1]));
  } finally {
    await source.close();
  }
});

it.each([
  ['other serial numbers', {}],
  ['no serial number, and no pcscd that knows the reader', { SHIM_SERIAL: '0000000000000000' }],
])('two tokens with one name and %s stay two', async (_, more) => {
  const source = open(more);
  try {
    await tokensWhere(source, (tokens) => tokens.length === 2);
  } finally {
    await source.close();
  }
});

it.each([
  ['a slot only while a token is plugged in lacks no reader once that was seen', 'USB token', true],
  ['a slot that was seen empty lacks its reader when that has gone', '', false],
] as const)('a module that has %s', async (_, reader, ready) => {
  const unplugged = join(hsm.folder, 'unplugged');
  await writeFile(unplugged, '');
  const source = open({ SHIM_SERIAL: '4711', SHIM_UNPLUGGED: unplugged }, reader);
  try {
    await expect.poll(() => source.modules()[0]?.state, { timeout: 10_000 }).toBe('ready');
    // Nothing was ever seen through it: that is what a forgotten reader looks like.
    expect(source.ready()).toBe(false);
    await rm(unplugged);
    await tokensWhere(source, (tokens) => tokens.length > 0);
    expect(source.ready()).toBe(true);
    await writeFile(unplugged, '');
    await tokensWhere(source, (tokens) => tokens.length === 0);
    expect([source.slots(), source.ready()]).toEqual([[], ready]);
  } finally {
    await source.close();
    await rm(unplugged, { force: true });
  }
});
