/** Reads what strace wrote down of a process: what it did to the files of one folder, and what it said, in the order in which that can have reached the disk. */
import { basename, dirname } from 'node:path';

/** One step. Names are those of files in the folder. */
export type Step =
  | { readonly kind: 'made'; readonly name: string }
  | { readonly kind: 'removed'; readonly name: string }
  | { readonly kind: 'renamed'; readonly name: string; readonly to: string }
  | { readonly kind: 'written'; readonly name: string; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'sized'; readonly name: string; readonly size: number }
  | { readonly kind: 'synced'; readonly name: string }
  | { readonly kind: 'folder-synced' }
  | { readonly kind: 'said'; readonly lines: readonly string[] };

interface Call {
  readonly name: string;
  /** Paths of descriptors stand in <>; strings are decoded. */
  readonly given: readonly string[];
  readonly result: string;
}

const begun = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/;
const resumed = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/;
const whole = /^\d+ +(\w+)\((.*)\) += (-?\d+|\?)/;

/** The steps of a process of which one thread alone writes files. Throws on a call on the folder that it does not know, so that none is passed over. */
export function stepsOf(record: string, folder: string): readonly Step[] {
  const waiting = new Map<string, { readonly line: string; readonly told: boolean }>();
  const steps: Step[] = [];
  for (const line of record.split('\n')) {
    const [, pid = '', name = '', given = ''] = begun.exec(line) ?? [];
    if (pid !== '') {
      // What is written may be on the disk from now on; what is waited for has been reached only at the end of the call.
      const told = name === 'write' || name === 'pwrite64';
      waiting.set(pid, { line: `${pid} ${name}(${given}`, told });
      if (told) steps.push(...stepOf({ name, given: wordsOf(given), result: 'under way' }, folder));
      continue;
    }
    const [, again = '', , rest = ''] = resumed.exec(line) ?? [];
    const before = waiting.get(again);
    if (before?.told === true) continue;
    const [, call = '', words = '', result = ''] = whole.exec(before === undefined ? line : before.line + rest) ?? [];
    if (call !== '' && result !== '?' && !result.startsWith('-'))
      steps.push(...stepOf({ name: call, given: wordsOf(words), result }, folder));
  }
  return steps;
}

/** The words of a call, split at commas; strings and paths are hex, so no comma stands in them. */
function wordsOf(text: string): readonly string[] {
  const plain = (hex: string) => Buffer.from(hex.replaceAll('\\x', ''), 'hex').toString('latin1');
  return text.split(', ').map((word) => {
    if (word.endsWith('...')) throw new Error('strace has cut a string');
    return word.replace(/"((?:\\x[0-9a-f]{2})*)"|<((?:\\x[0-9a-f]{2})+)>/g, (_, string?: string, path?: string) =>
      path === undefined ? plain(string ?? '') : `<${plain(path)}>`,
    );
  });
}

function stepOf({ name: call, given, result }: Call, folder: string): readonly Step[] {
  const [first = '', second = '', third = '', fourth = ''] = given;
  // A file that was removed has nobody's name any more, and the index of a WAL is made anew from it at every start.
  const path = first.endsWith('(deleted)') ? undefined : /<(.*)>/.exec(first)?.[1];
  const inFolder = (one: string | undefined): one is string => one !== undefined && dirname(one) === folder && !one.endsWith('-shm');
  const short = (wanted: number): void => {
    if (result !== 'under way' && Number(result) !== wanted) throw new Error(`${call} wrote ${result} of ${wanted} bytes`);
  };
  if (call === 'write' && first.startsWith('1<')) return [{ kind: 'said', lines: second.split('\n').filter((line) => line !== '') }];
  if (call === 'fsync' || call === 'fdatasync') {
    if (path === folder) return [{ kind: 'folder-synced' }];
    return inFolder(path) ? [{ kind: 'synced', name: basename(path) }] : [];
  }
  if (call === 'openat') {
    if (!inFolder(second) || !third.includes('O_CREAT')) return [];
    if (third.includes('O_TRUNC') && !third.includes('O_EXCL')) throw new Error('a file that is emptied as it is opened');
    return [{ kind: 'made', name: basename(second) }];
  }
  if (call === 'pwrite64') {
    if (!inFolder(path)) return [];
    const bytes = Buffer.from(second, 'latin1');
    short(bytes.length);
    return [{ kind: 'written', name: basename(path), at: Number(fourth), bytes }];
  }
  if (call === 'ftruncate') return inFolder(path) ? [{ kind: 'sized', name: basename(path), size: Number(second) }] : [];
  if (call === 'unlink') return inFolder(first) ? [{ kind: 'removed', name: basename(first) }] : [];
  if (call === 'rename') return inFolder(first) ? [{ kind: 'renamed', name: basename(first), to: basename(second) }] : [];
  if (call !== 'pwrite64' && given.some((word) => word.includes(`${folder}/`) && !word.includes('-shm')))
    throw new Error(`${call} on a file of the folder`);
  return [];
}
