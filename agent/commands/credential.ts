/** Secrets that systemd hands over: `LoadCredential=NAME:...` or `LoadCredentialEncrypted=` in the unit (systemd.exec(5)). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartRefused } from '../refusals.ts';

/**
 * The bytes of a credential, which the caller wipes; undefined where there is none of this name. One line feed at the end of the file is not part
 * of it. Throws StartRefused when it cannot be read or is empty.
 */
export async function readCredential(name: string, env: NodeJS.ProcessEnv = process.env): Promise<Uint8Array | undefined> {
  const { CREDENTIALS_DIRECTORY: folder } = env;
  if (folder === undefined || folder === '') return undefined;
  const file = join(folder, name);
  const bytes = await readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'ENOENT') return undefined;
    throw new StartRefused(`The credential ${file} cannot be read (${code}).`, 2, cause);
  });
  if (bytes === undefined) return undefined;
  const length = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  if (length === 0) throw new StartRefused(`The credential ${file} is empty.`);
  const owned = Uint8Array.from(bytes.subarray(0, length));
  bytes.fill(0);
  return owned;
}
