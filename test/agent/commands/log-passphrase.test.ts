import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { credentialName, passphraseToMake, passphraseToOpen } from '../../../agent/commands/log-passphrase.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'credentials-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (bytes: string) => writeFile(join(folder, credentialName), bytes);
const env = () => ({ CREDENTIALS_DIRECTORY: folder });
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

it('the passphrase is the credential without the line feed at its end', async () => {
  for (const [bytes, meant] of [
    ['a passphrase', 'a passphrase'],
    ['a passphrase\n', 'a passphrase'],
    ['a passphrase\n\n', 'a passphrase\n'],
    [' grüße ', ' grüße '],
  ] as const) {
    await put(bytes);
    expect(text(await passphraseToOpen(env()))).toBe(meant);
    expect(text(await passphraseToMake('--x', env()))).toBe(meant);
  }
});

it('without a credential and without a terminal it says how to give one', async () => {
  for (const given of [{}, { CREDENTIALS_DIRECTORY: '' }, env()]) {
    await expect(passphraseToOpen(given)).rejects.toThrow(`Give it in the credential ${credentialName}`);
    await expect(passphraseToMake('--unwrapped-log-key', given)).rejects.toThrow('say --unwrapped-log-key to do without');
  }
});

it('an empty credential, and one that cannot be read, are refused', async () => {
  for (const bytes of ['', '\n']) {
    await put(bytes);
    await expect(passphraseToOpen(env())).rejects.toThrow('is empty');
  }
  if (process.getuid?.() === 0) return;
  await chmod(join(folder, credentialName), 0);
  await expect(passphraseToOpen(env())).rejects.toThrow('cannot be read (EACCES)');
});
