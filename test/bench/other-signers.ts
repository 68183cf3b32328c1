/** Signers of others, as a person would call them: one process for each document, and a key in a file or a store of their own. */
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface OtherSigner {
  readonly name: string;
  sign(document: string): Promise<unknown>;
}

/** `openssl cms -sign` (a detached signature beside the document) and `pdfsig` with NSS (into the PDF), with one RSA-2048 key in `folder`. */
export async function otherSigners(folder: string): Promise<readonly OtherSigner[]> {
  const at = (name: string): string => join(folder, name);
  const store = at('nss');
  await mkdir(store);
  const [key, certificate, out] = [at('other.key'), at('other.pem'), at('other.out')];
  const subject = ['-subj', '/CN=Other signer', '-days', '10'];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject]);
  await run('openssl', ['pkcs12', '-export', '-inkey', key, '-in', certificate, '-name', 'ada', '-passout', 'pass:x', '-out', at('p12')]);
  await run('certutil', ['-N', '-d', `sql:${store}`, '--empty-password']);
  await run('pk12util', ['-i', at('p12'), '-d', `sql:${store}`, '-W', 'x']);
  const cms = ['cms', '-sign', '-binary', '-cades', '-md', 'sha256', '-outform', 'DER', '-signer', certificate, '-inkey', key, '-out', out];
  return [
    { name: 'openssl cms -sign', sign: (document) => run('openssl', [...cms, '-in', document]) },
    {
      name: 'pdfsig -add-signature (NSS)',
      sign: async (document) => {
        await rm(out, { force: true });
        await run('pdfsig', ['-nssdir', store, '-add-signature', '-nick', 'ada', document, out], { env: { ...process.env, HOME: folder } });
      },
    },
  ];
}
