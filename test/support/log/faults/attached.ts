/** A disk that goes bad under a process that already runs: strace is put on it, and every call of a kind on the files of a log fails until it is taken off. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failing } from './strace.ts';

export class BadDisk {
  readonly #strace: ChildProcess;
  readonly #folder: string;

  private constructor(strace: ChildProcess, folder: string) {
    this.#strace = strace;
    this.#folder = folder;
  }

  /** From when this resolves on, the calls fail with EIO; `files` are names in the folder of the log, all of it where they are left out. */
  static async under(pid: number, calls: readonly string[], directory: string, files?: readonly string[]): Promise<BadDisk> {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-bad-disk-'));
    const [command = '', ...words] = failing(calls, directory, join(folder, 'record'), files);
    const strace = spawn(command, [...words, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      strace.once('exit', () => reject(new Error(`strace was not put on process ${pid}: ${said}`)));
      // It is read to its end: strace says more when it lets go.
      strace.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('attached')) resolve();
      });
    });
    return new BadDisk(strace, folder);
  }

  /** How many calls have failed. */
  async failures(): Promise<number> {
    const record = await readFile(join(this.#folder, 'record'), 'utf8').catch(() => '');
    return record.split('(INJECTED)').length - 1;
  }

  /** The disk is good again. */
  async mend(): Promise<void> {
    const ended = this.#strace.exitCode === null && this.#strace.signalCode === null ? once(this.#strace, 'exit') : undefined;
    this.#strace.kill('SIGTERM');
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
