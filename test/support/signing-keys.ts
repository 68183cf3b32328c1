/** Real keys and certificates, made anew by openssl, and node:crypto in the place of the token: what it signs with is the same mathematics. */
import { execFileSync } from 'node:child_process';
import { type KeyObject, constants, createPrivateKey, sign as makeSignature } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hash, SignatureScheme } from '../../agent/documents/algorithms.ts';

export type KeyChoice = 'rsa-2048' | 'P-256' | 'P-384' | 'P-521';
/** Keys that nobody should rely on. */
export type WeakKey = 'rsa-1024' | 'P-224';

const keyArguments: Readonly<Record<KeyChoice | WeakKey, readonly string[]>> = {
  'rsa-1024': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  'P-224': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-224', '-pkeyopt', 'ec_param_enc:named_curve'],
  'rsa-2048': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'P-256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:named_curve'],
  'P-384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384', '-pkeyopt', 'ec_param_enc:named_curve'],
  'P-521': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521', '-pkeyopt', 'ec_param_enc:named_curve'],
};

export const endEntity = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,nonRepudiation,digitalSignature'];
export const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];

export interface Issued {
  readonly certificate: Uint8Array;
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly key: KeyObject;
}

/** Signs as the token would: RSA as it is, ECDSA raw r||s. */
export function signWith(key: KeyObject, scheme: SignatureScheme, hash: Hash, message: Uint8Array): Uint8Array {
  switch (scheme) {
    case 'rsa-pkcs1':
      return makeSignature(hash, message, { key, padding: constants.RSA_PKCS1_PADDING });
    case 'rsa-pss':
      return makeSignature(hash, message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
    case 'ecdsa':
      return makeSignature(hash, message, { key, dsaEncoding: 'ieee-p1363' });
  }
}

/** A folder of its own with keys and certificates in it; `end` removes it. */
export class KeyRing {
  readonly folder = mkdtempSync(join(tmpdir(), 'countersign-keys-'));
  #count = 0;

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A certificate by `issuer`, or a self-signed one without; `subject` in openssl's form, UTF-8; `extensions` one per line of its configuration. */
  issue(subject: string, choice: KeyChoice | WeakKey, extensions: readonly string[], issuer?: Issued, days = 365, hash = 'sha256'): Issued {
    this.#count += 1;
    const name = `key-${this.#count}`;
    const keyPath = this.path(`${name}.key`);
    execFileSync('openssl', ['genpkey', ...keyArguments[choice], '-out', keyPath], { stdio: ['ignore', 'pipe', 'pipe'] });
    return this.#certify(name, subject, keyPath, extensions, issuer, days, hash);
  }

  /** Another certificate for a key that has one, by another issuer. */
  certify(subject: string, { keyPath }: Issued, extensions: readonly string[], issuer: Issued, days = 365): Issued {
    this.#count += 1;
    return this.#certify(`key-${this.#count}`, subject, keyPath, extensions, issuer, days, 'sha256');
  }

  #certify(
    name: string,
    subject: string,
    keyPath: string,
    extensions: readonly string[],
    issuer: Issued | undefined,
    days: number,
    hash: string,
  ): Issued {
    const certificatePath = this.path(`${name}.pem`);
    const extensionPath = this.path(`${name}.cnf`);
    const requestPath = this.path(`${name}.csr`);
    writeFileSync(extensionPath, `${extensions.join('\n')}\n`);
    const openssl = (...parts: readonly string[]): Buffer => execFileSync('openssl', parts, { stdio: ['ignore', 'pipe', 'pipe'] });
    openssl('req', '-new', '-utf8', '-key', keyPath, '-subj', subject, '-out', requestPath);
    const signer = issuer === undefined ? ['-signkey', keyPath] : ['-CA', issuer.certificatePath, '-CAkey', issuer.keyPath];
    const serial = ['-set_serial', `0x7f${String(this.#count).padStart(4, '0')}`];
    openssl(
      'x509',
      '-req',
      '-in',
      requestPath,
      ...signer,
      ...serial,
      `-${hash}`,
      '-days',
      String(days),
      '-extfile',
      extensionPath,
      '-out',
      certificatePath,
    );
    const certificate = new Uint8Array(openssl('x509', '-in', certificatePath, '-outform', 'DER'));
    return { certificate, certificatePath, keyPath, key: createPrivateKey(readFileSync(keyPath)) };
  }
}
