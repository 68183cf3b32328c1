/**
 * The folder of a station on a medium: files that are made exclusively under their last name and that the disk has when a call returns. No rename:
 * on FAT a rename behind an fsync can leave a file of 0 bytes when the drive is pulled. Links are never followed, nor written through.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { drivesFolder } from './names.ts';
import { ExportRefused } from './refusal.ts';

/** Room that is left over on the medium for its own tables, bytes. */
const spare = 1024 * 1024;

export class Medium {
  /** The folder that the bundle goes into. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Finds or makes the folder of a station below `path`, which must be there. Throws ExportRefused `unwritable`. */
  static async open(path: string, station: string): Promise<Medium> {
    await mustBeFolder(path, `there is no folder ${path}`);
    const all = join(path, drivesFolder);
    const folder = join(all, station);
    for (const [parent, made] of [
      [path, all],
      [all, folder],
    ] as const) {
      try {
        await mkdir(made, { mode: 0o700 });
        await syncFolder(parent);
      } catch (cause) {
        if (codeOf(cause) !== 'EEXIST') throw new ExportRefused('unwritable', `${made} cannot be made (${codeOf(cause)})`, cause);
      }
      await mustBeFolder(made, `${made} is gone again`);
    }
    return new Medium(folder);
  }

  /** Names of all files. Throws ExportRefused `unwritable`. */
  async names(): Promise<readonly string[]> {
    return readdir(this.folder).catch((cause: unknown) => {
      throw new ExportRefused('unwritable', `${this.folder} cannot be read (${codeOf(cause)})`, cause);
    });
  }

  /** Size and SHA-256 (hex) of a file; undefined when there is none of this name or it cannot be read. */
  async look(name: string): Promise<{ readonly size: number; readonly sha256: string } | undefined> {
    let file: FileHandle;
    try {
      file = await open(join(this.folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
    try {
      const hash = createHash('sha256');
      const piece = Buffer.alloc(256 * 1024);
      let size = 0;
      for (;;) {
        const { bytesRead } = await file.read(piece, 0, piece.byteLength, size);
        if (bytesRead === 0) return { size, sha256: hash.digest('hex') };
        hash.update(piece.subarray(0, bytesRead));
        size += bytesRead;
      }
    } catch {
      return undefined;
    } finally {
      await file.close();
    }
  }

  /** Takes away what no manifest names. Throws ExportRefused `unwritable`. */
  async remove(name: string): Promise<void> {
    await rm(join(this.folder, name), { force: true }).catch((cause: unknown) => {
      throw new ExportRefused('unwritable', `${join(this.folder, name)} is in the way and cannot be taken away (${codeOf(cause)})`, cause);
    });
  }

  /** Throws ExportRefused `no-space` when the medium has no room for so many bytes more. */
  async mustHaveRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder).catch((cause: unknown) => {
      throw new ExportRefused('unwritable', `${this.folder} cannot be read (${codeOf(cause)})`, cause);
    });
    const free = bavail * bsize;
    if (free >= bytes + spare) return;
    const mib = (count: number) => Math.ceil(count / 2 ** 20);
    throw new ExportRefused('no-space', `the next part needs ${mib(bytes + spare)} MiB, and ${Math.floor(free / 2 ** 20)} MiB are free`);
  }

  /** Makes a file that was not there and returns when the disk has it. Throws ExportRefused, and what `pieces` throws. */
  async write(name: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<{ size: number; sha256: string }> {
    const path = join(this.folder, name);
    const hash = createHash('sha256');
    let size = 0;
    const file = await this.#do(path, () => open(path, 'wx', 0o600));
    try {
      for await (const piece of pieces) {
        // One write may take less than it was given, without an error.
        for (let at = 0; at < piece.byteLength;) {
          const from = at;
          const { bytesWritten } = await this.#do(path, () => file.write(piece, from));
          if (bytesWritten === 0) throw new ExportRefused('unwritable', `${path} takes no more bytes`);
          at += bytesWritten;
        }
        hash.update(piece);
        size += piece.byteLength;
      }
      await this.#do(path, () => file.sync());
    } finally {
      await file.close();
    }
    await this.#do(this.folder, () => syncFolder(this.folder));
    return { size, sha256: hash.digest('hex') };
  }

  async #do<T>(path: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      const code = codeOf(cause);
      if (code === 'ENOSPC') throw new ExportRefused('no-space', `the medium is full`, cause);
      throw new ExportRefused('unwritable', `${path} cannot be written (${code})`, cause);
    }
  }
}

async function mustBeFolder(path: string, missing: string): Promise<void> {
  const found = await lstat(path).catch((cause: unknown) => {
    throw new ExportRefused('unwritable', codeOf(cause) === 'ENOENT' ? missing : `${path} cannot be read (${codeOf(cause)})`, cause);
  });
  if (found.isSymbolicLink()) throw new ExportRefused('unwritable', `${path} is a link to another place, and links are not followed`);
  if (!found.isDirectory()) throw new ExportRefused('unwritable', `${path} is not a folder`);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
