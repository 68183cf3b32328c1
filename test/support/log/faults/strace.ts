/** Runs a process under strace: with errors put in the place of system calls on the files of a log, or with every change to them written down. */
import { join } from 'node:path';

/** Everything in the folder of a log that a process opens, and the folder. */
const namesInFolder: readonly string[] = [
  '',
  'log.sqlite',
  'log.sqlite-wal',
  'log.sqlite-shm',
  'log.sqlite-journal',
  'log.lock',
  'log.lock-journal',
];

/** One thread does all that SQLite asks of the system, and so a count of calls (strace keeps one for each thread) means the same each time. */
export const oneThread = { UV_THREADPOOL_SIZE: '1' };

export interface Fault {
  readonly call: string;
  readonly error: 'EIO' | 'ENOSPC';
  /** Which call on a file of the log that is, from 1. */
  readonly at: number;
  /** All calls after it fail too. */
  readonly forEver?: boolean;
}

/** The command that puts a fault in: nothing but calls on files of this log is counted, and so nothing before the log is opened. */
export function injecting({ call, error, at, forEver }: Fault, directory: string, record: string): readonly string[] {
  const paths = namesInFolder.flatMap((name) => ['-P', join(directory, name)]);
  const when = `${at}${forEver === true ? '+' : ''}`;
  return ['strace', '-f', '-qq', '-o', record, ...paths, '-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${when}`];
}

/** The command that lets every call of these kinds on files of this log fail with EIO; for a process that already runs, whose number is added. */
export function failing(calls: readonly string[], directory: string, record: string, files = namesInFolder): readonly string[] {
  const paths = files.flatMap((name) => ['-P', join(directory, name)]);
  const kinds = calls.join(',');
  return ['strace', '-f', '-o', record, ...paths, '-e', `trace=${kinds}`, '-e', `inject=${kinds}:error=EIO`];
}

/** Every call that changes a file or a folder, or waits until the disk has it. */
const changing =
  'open,openat,openat2,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,sync,syncfs,fsync,fdatasync,sync_file_range,' +
  'rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,rmdir,sendfile,copy_file_range,splice';

/** The command that writes down every such call of a process with all that it wrote, as hex; `disk-trace.ts` reads that. */
export function recording(record: string): readonly string[] {
  return ['strace', '-f', '-qq', '-y', '-xx', '-s', '1000000', '--seccomp-bpf', '-e', `trace=${changing}`, '-o', record];
}
