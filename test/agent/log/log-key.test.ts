import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, copyFile, link, lstat, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasLogKey, inspectLogKey, makeLogKey, openLogKey } from '../../../agent/log/log-key.ts';
import { checkSignature } from '../../../agent/log/note-key.ts';

const origin = 'branch-12.example.org/e1';
const words = 'correct horse battery staple';
const passphrase = (): Uint8Array => Uint8Array.from(Buffer.from(words));
const never = (): Promise<Uint8Array> => Promise.reject(new Error('nobody is to be asked'));
const asked =
  (text = words) =>
  () =>
    Promise.resolve(Uint8Array.from(Buffer.from(text)));

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-key-'));
  file = join(folder, 'log-key.pem');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a log key', () => {
  it('is made for its owner alone, wrapped, and opens with its passphrase to the same key; passphrases are wiped', async () => {
    const given = passphrase();
    const made = await makeLogKey(file, origin, given);
    expect(given.every((byte) => byte === 0)).toBe(true);
    const { mode } = await lstat(file);
    expect(mode & 0o7777).toBe(0o600);
    expect(await inspectLogKey(file)).toBe('passphrase');
    const typed = passphrase();
    const opened = await openLogKey(file, origin, () => Promise.resolve(typed));
    expect(typed.every((byte) => byte === 0)).toBe(true);
    expect(opened.wrapping).toBe('passphrase');
    expect(opened.signer.verifier.publicKey).toEqual(made.signer.verifier.publicKey);
    const { signature } = opened.signer.sign('text\n');
    expect(checkSignature(made.signer.verifier, 'text\n', signature)).toEqual({});
    expect(JSON.stringify(opened)).not.toContain((await readFile(file, 'latin1')).slice(60, 90));
  });

  it('is opened by openssl, and the key derivation is scrypt', async () => {
    const made = await makeLogKey(file, origin, passphrase());
    const spki = execFileSync('openssl', ['pkey', '-in', file, '-passin', `pass:${words}`, '-pubout', '-outform', 'DER']);
    expect(spki.subarray(-32)).toEqual(Buffer.from(made.signer.verifier.publicKey));
    const shown = execFileSync('openssl', ['asn1parse', '-in', file], { encoding: 'utf8' });
    expect(shown).toContain(':scrypt');
    expect(shown).toContain('aes-256-cbc');
  });

  it('that openssl wrapped is opened too', async () => {
    await makeLogKey(file, origin, undefined);
    const other = join(folder, 'other.pem');
    execFileSync('openssl', ['pkcs8', '-topk8', '-in', file, '-out', other, '-passout', `pass:${words}`]);
    await chmod(other, 0o600);
    const [one, two] = [await openLogKey(file, origin, never), await openLogKey(other, origin, asked())];
    expect(two.signer.verifier.publicKey).toEqual(one.signer.verifier.publicKey);
  });

  it('may say openly that it is not wrapped, and nobody is asked', async () => {
    const made = await makeLogKey(file, origin, undefined);
    expect(made.wrapping).toBe('none');
    expect(await inspectLogKey(file)).toBe('none');
    const opened = await openLogKey(file, origin, never);
    expect(opened).toMatchObject({ wrapping: 'none' });
    expect(opened.signer.verifier.publicKey).toEqual(made.signer.verifier.publicKey);
  });

  it('is never made over another, nor with a short passphrase', async () => {
    expect(await hasLogKey(file)).toBe(false);
    await expect(makeLogKey(file, origin, Buffer.from('short'))).rejects.toMatchObject({ code: 'weak-passphrase' });
    expect(await hasLogKey(file)).toBe(false);
    await makeLogKey(file, origin, undefined);
    const before = await readFile(file);
    await expect(makeLogKey(file, origin, passphrase())).rejects.toMatchObject({ code: 'exists' });
    expect(await readFile(file)).toEqual(before);
    await expect(makeLogKey(join(folder, 'nowhere', 'key'), origin, undefined)).rejects.toMatchObject({ code: 'unwritable' });
  });
});

describe('a log key is refused, and left as it is,', () => {
  let sound: Buffer | undefined;
  beforeEach(async () => {
    if (sound === undefined) {
      await makeLogKey(file, origin, passphrase());
      sound = await readFile(file);
    } else await writeFile(file, sound, { mode: 0o600 });
  });
  const refusal = (ask = asked()) =>
    openLogKey(file, origin, ask).then(
      () => 'opened',
      (error: unknown) => (error instanceof Error && 'code' in error ? `${String(error.code)}: ${error.message}` : error),
    );

  it('when nothing is wrong it opens (control)', async () => expect(await refusal()).toBe('opened'));

  it('when it is missing', async () => {
    await rm(file);
    expect(await refusal()).toBe(`missing: there is no log key at ${file}`);
    expect(await hasLogKey(file)).toBe(false);
  });

  it.each([0o640, 0o604, 0o660, 0o700, 0o4600])('when its mode is %o', async (mode) => {
    await chmod(file, mode);
    expect(await refusal()).toContain(`has mode ${mode.toString(8).padStart(4, '0')} instead of 0600`);
  });

  it('when it is a link, of either kind, or a folder', async () => {
    const aside = join(folder, 'aside.pem');
    await rename(file, aside);
    await symlink(aside, file);
    expect(await refusal()).toContain('is a link');
    await rm(file);
    await link(aside, file);
    expect(await refusal()).toContain('second name');
    await rm(file);
    await mkdir(file, { mode: 0o600 });
    expect(await refusal()).toContain('is not a file');
    await rm(file, { recursive: true });
    await copyFile(aside, file);
    expect(await refusal()).toBe('opened');
  });

  it('when it is a pipe, without waiting for whoever writes into it', async () => {
    await rm(file);
    execFileSync('mkfifo', ['-m', '600', file]);
    expect(await refusal()).toContain('is not a file');
  });

  it('when it belongs to another user', async () => {
    const self = vi.spyOn(process, 'getuid').mockReturnValue(54_321);
    expect(await refusal()).toContain('belongs to another user');
    self.mockRestore();
    expect(await refusal()).toBe('opened');
  });

  it('when the passphrase is another one', async () => {
    for (const text of ['', `${words} `])
      expect(await refusal(asked(text))).toContain('does not open: the passphrase is not the right one');
  });

  it('when one byte of it is changed, cut off, or it is something else', async () => {
    const text = await readFile(file, 'latin1');
    for (const wrong of ['', 'x', text.slice(0, 120), text.replace('\nMI', '\nMJ'), 'y'.repeat(5000)]) {
      await writeFile(file, wrong);
      expect(await refusal()).toMatch(/^not-opened: /);
    }
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(file, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect(await refusal()).toContain('not an Ed25519 key');
  });
});
