/**
 * A SoftHSM2 of one test's own: private token folder, a token with a PIN, real keys, and certificates from a small CA made by openssl.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, createPublicKey } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const softhsmModule = '/usr/lib/softhsm/libsofthsm2.so';

export interface SoftHsmKey {
  /** CKA_ID, hex. */
  readonly id: string;
  readonly type: 'rsa:2048' | 'rsa:3072' | 'EC:prime256v1' | 'EC:secp384r1' | 'EC:secp521r1';
  readonly commonName: string;
  /** Lines of an OpenSSL extension section. Default: a key for declarations of will. */
  readonly extensions?: readonly string[];
  /** CKA_ALWAYS_AUTHENTICATE. */
  readonly alwaysAuthenticate?: boolean;
  /** False: no certificate is written. */
  readonly certificate?: boolean;
}

export interface SoftHsm {
  readonly folder: string;
  /** What a process needs to see this token. */
  readonly env: Readonly<Record<string, string>>;
  readonly pin: string;
  /** PEM of the issuer. */
  readonly issuer: string;
  /** Makes a key pair and, unless told not to, its certificate. Returns the certificate (DER) and its SHA-256. */
  addKey(key: SoftHsmKey): Promise<{ readonly certificate: Buffer; readonly sha256: string }>;
  /** Puts a certificate (DER) on the token under a CKA_ID. */
  addCertificate(id: string, der: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

export const willExtensions: readonly string[] = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,nonRepudiation'];

/** Makes a token. The CA and the token folder lie in a private folder that `remove` deletes. */
export async function createSoftHsm({ label = 'Ada Example', pin = '648219' } = {}): Promise<SoftHsm> {
  const folder = await mkdtemp(join(tmpdir(), 'softhsm-'));
  const at = (name: string): string => join(folder, name);
  await mkdir(at('tokens'));
  await writeFile(at('softhsm2.conf'), `directories.tokendir = ${at('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const env = { SOFTHSM2_CONF: at('softhsm2.conf') };
  const tool = async (file: string, ...args: string[]): Promise<void> => {
    await run(file, args, { env: { ...process.env, ...env }, cwd: folder });
  };
  const pkcs11Tool = (...args: string[]): Promise<void> =>
    tool('pkcs11-tool', '--module', softhsmModule, '--token-label', label, '--login', '--pin', pin, ...args);

  await tool('softhsm2-util', '--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', pin);
  const caArgs = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem'];
  await tool('openssl', 'req', ...caArgs, '-subj', '/O=Example Trust/CN=Example Issuing CA', '-days', '3650');

  const addCertificate = async (id: string, der: Uint8Array): Promise<void> => {
    const file = at(`import-${createHash('sha256').update(der).digest('hex').slice(0, 8)}.der`);
    await writeFile(file, der);
    await pkcs11Tool('--write-object', file, '--type', 'cert', '--id', id, '--label', `certificate ${id}`);
  };

  return {
    folder,
    env,
    pin,
    issuer: await readFile(at('ca.pem'), 'utf8'),
    addCertificate,
    async addKey(key) {
      const always = key.alwaysAuthenticate === true ? ['--always-auth'] : [];
      await pkcs11Tool('--keypairgen', '--key-type', key.type, '--id', key.id, '--label', key.commonName, '--usage-sign', ...always);
      const spki = at(`${key.id}.spki`);
      // The tool cannot export every curve, so the certificate's key is taken from a request signed on the token itself where it can.
      await pkcs11Tool('--read-object', '--type', 'pubkey', '--id', key.id, '--output-file', spki);
      const pem = createPublicKey({ key: await readFile(spki), format: 'der', type: 'spki' }).export({ format: 'pem', type: 'spki' });
      await writeFile(at(`${key.id}.pub`), pem);
      await writeFile(at(`${key.id}.ext`), (key.extensions ?? willExtensions).join('\n'));
      const subject = ['-force_pubkey', `${key.id}.pub`, '-subj', `/C=XX/O=Example/CN=${key.commonName}`];
      const issuer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '365', '-extfile', `${key.id}.ext`];
      await tool('openssl', 'x509', '-new', ...subject, ...issuer, '-outform', 'DER', '-out', `${key.id}.der`);
      const certificate = await readFile(at(`${key.id}.der`));
      if (key.certificate !== false) await addCertificate(key.id, certificate);
      return { certificate, sha256: createHash('sha256').update(certificate).digest('hex') };
    },
    async remove() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}
