/** The processes that this one has started, asked of the kernel: what a test may not leave behind. */
import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of our own children, and of theirs, whose command line contains `part`; those that have ended and were not waited for count too. */
export function children(part: string, of = process.pid): readonly number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/u.test(name)) continue;
    const pid = Number(name);
    const parent = parentOf(pid);
    if (parent === undefined) continue;
    if (commandLine(pid).includes(part) && descendsFrom(parent, of)) found.push(pid);
  }
  return found;
}

/** Process ids of everything that runs here and names `part` in its command line, orphans too, without ourselves. */
export function processesNaming(part: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && commandLine(pid).includes(part));
}

function descendsFrom(pid: number, ancestor: number): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parentOf(at)) if (at === ancestor) return true;
  return false;
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name of the program stands in brackets and may hold anything.
  const parent = /^\S+ (\d+)/u.exec(stat.slice(stat.lastIndexOf(')') + 2))?.[1];
  return parent === undefined ? undefined : Number(parent);
}

function commandLine(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

/** A process can end at any moment. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
