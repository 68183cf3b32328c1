/** New files for their owner alone. Nothing is written over what is there. */
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a file, 0600, which the disk has with its name when this returns. Throws I/O errors, `EEXIST` where there is anything of this name. */
export async function writePrivateFile(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const folder = await open(dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
}
