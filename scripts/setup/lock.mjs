/**
 * One set-up at a time: a file that names the process that works. A lock whose process is gone is taken over. The start time of the process
 * is kept beside its number, because numbers come round again.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const longestWaitMs = 30 * 60_000;

/** When a process started, in clock ticks since boot (proc(5), field 22 of stat), or undefined when it is gone (a zombie is gone). */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Runs `work` while this process holds the lock at `path`. `onWait` is told the pid of the holder, once per holder. */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${process.pid} ${startOf(process.pid) ?? '?'}\n`;
  const candidate = `${path}.${process.pid}`;
  const deadline = Date.now() + longestWaitMs;
  let told;
  writeFileSync(candidate, mine);
  try {
    while (!taken(candidate, path)) {
      const holder = read(path);
      if (holder === undefined) continue;
      const [pid, start] = holder.trim().split(' ');
      if (startOf(pid) !== start) {
        takeAway(path, holder, `${candidate}.stale`);
        continue;
      }
      if (told !== pid) onWait(pid);
      told = pid;
      if (Date.now() > deadline) throw new Error(`process ${pid} has held ${path} for too long; end it, or delete that file`);
      await wait(200);
    }
  } finally {
    rmSync(candidate, { force: true });
  }
  try {
    return await work();
  } finally {
    if (read(path) === mine) rmSync(path, { force: true });
  }
}

/** A link is made with its content in one step, so nobody ever reads an empty lock. */
function taken(candidate, path) {
  try {
    linkSync(candidate, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a stale lock aside. Where another process was quicker and the lock is already a new one, it is put back. */
function takeAway(path, stale, aside) {
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside) !== stale) taken(aside, path);
  rmSync(aside, { force: true });
}
