import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeUsage, preferredKeys } from '../../../drivers/pkcs11/key-choice.ts';
import type { SigningKey } from '../../../drivers/token.ts';

const run = promisify(execFile);
const leaf = 'basicConstraints=critical,CA:FALSE';

describe('which certificates may sign a document', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usage-'));
    await writeFile(join(folder, 'config'), '[req]\ndistinguished_name=dn\n[dn]\n');
    await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', join(folder, 'key')]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  let number = 0;
  const certificate = async (...extensions: readonly string[]): Promise<Uint8Array> => {
    const out = join(folder, `${number++}.der`);
    const added = extensions.flatMap((extension) => ['-addext', extension]);
    const request = ['req', '-x509', '-new', '-key', join(folder, 'key'), '-subj', '/CN=Ada', '-config', join(folder, 'config')];
    await run('openssl', [...request, ...added, '-outform', 'DER', '-out', out]);
    return readFile(out);
  };

  it.each([
    ['nonRepudiation', [leaf, 'keyUsage=critical,nonRepudiation'], 1],
    ['nonRepudiation and digitalSignature', [leaf, 'keyUsage=critical,nonRepudiation,digitalSignature'], 1],
    ['digitalSignature', [leaf, 'keyUsage=critical,digitalSignature'], 2],
    ['digitalSignature for documents', [leaf, 'keyUsage=digitalSignature', 'extendedKeyUsage=1.3.6.1.5.5.7.3.36'], 2],
    ['nonRepudiation for mail and logging in', [leaf, 'keyUsage=nonRepudiation', 'extendedKeyUsage=emailProtection,clientAuth'], 1],
    ['nonRepudiation for anything', [leaf, 'keyUsage=nonRepudiation', 'extendedKeyUsage=anyExtendedKeyUsage'], 1],
    ['a key usage beyond the first octet', [leaf, 'keyUsage=nonRepudiation,decipherOnly,keyAgreement'], 1],
    ['no basicConstraints at all', ['keyUsage=nonRepudiation'], 1],
  ] as const)('%s can sign', async (_name, extensions, preference) => {
    expect(judgeUsage(await certificate(...extensions))).toEqual({ usable: true, preference });
  });

  it.each([
    ['an issuer', ['basicConstraints=critical,CA:TRUE', 'keyUsage=nonRepudiation,keyCertSign'], /issuer/u],
    ['encipherment only', [leaf, 'keyUsage=keyEncipherment,dataEncipherment'], /not meant for signatures/u],
    ['key agreement and the ninth bit only', [leaf, 'keyUsage=keyAgreement,decipherOnly'], /not meant for signatures/u],
    ['time stamping only', [leaf, 'keyUsage=nonRepudiation', 'extendedKeyUsage=timeStamping'], /logging in/u],
    ['no key usage', [leaf], /states no key usage/u],
    ['logging in only', [leaf, 'keyUsage=digitalSignature', 'extendedKeyUsage=clientAuth,1.3.6.1.4.1.311.20.2.2'], /logging in/u],
    ['logging in only, however it is marked', [leaf, 'keyUsage=nonRepudiation', 'extendedKeyUsage=clientAuth'], /logging in/u],
  ] as const)('%s cannot sign', async (_name, extensions, why) => {
    expect(judgeUsage(await certificate(...extensions))).toEqual({ usable: false, why: expect.stringMatching(why) as unknown });
  });

  it('what is no certificate cannot sign, cut off at any byte', async () => {
    const whole = await certificate(leaf, 'keyUsage=nonRepudiation');
    for (let length = 0; length < whole.length; length += 7) {
      expect(judgeUsage(whole.subarray(0, length)), `${length} bytes`).toMatchObject({ usable: false });
    }
  });

  const keyOf = async (...extensions: readonly string[]): Promise<SigningKey> => {
    const der = await certificate(...extensions);
    const certificateSha256 = createHash('sha256').update(der).digest('hex');
    return { certificate: der, certificateSha256, ckaId: '01', label: '', schemes: ['ecdsa'] };
  };

  it('a key for declarations of will goes before all others, and one that is for nothing else before that', async () => {
    const only = await keyOf(leaf, 'keyUsage=nonRepudiation');
    const shared = await keyOf(leaf, 'keyUsage=nonRepudiation,digitalSignature');
    const second = await keyOf(leaf, 'keyUsage=digitalSignature');
    const never = await keyOf(leaf, 'keyUsage=keyEncipherment');
    expect(preferredKeys([second, shared, never, only])).toEqual([only, shared]);
    expect(preferredKeys([never, second])).toEqual([second]);
    expect(preferredKeys([never])).toEqual([]);
  });
});
