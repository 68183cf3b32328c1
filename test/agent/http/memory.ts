/** Looks for bytes in the writable memory of another process, the way a core dump would show them (Linux, proc(5)). */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const step = 1 << 24;

/** Number of places in which `needle` stands in the memory of process `pid`. */
export function countInMemory(pid: number, needle: Uint8Array): number {
  const places = new Set<number>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const buffer = Buffer.alloc(step + needle.length);
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
      const range = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
      if (range === null) continue;
      const end = Number.parseInt(range[2] ?? '', 16);
      for (let start = Number.parseInt(range[1] ?? '', 16); start < end; start += step) {
        const read = readQuietly(memory, buffer, Math.min(buffer.length, end - start), start);
        for (let at = buffer.indexOf(needle); at >= 0 && at + needle.length <= read; at = buffer.indexOf(needle, at + 1))
          places.add(start + at);
      }
    }
  } finally {
    closeSync(memory);
  }
  return places.size;
}

/** Memory may go away between the list and the reading. */
function readQuietly(memory: number, buffer: Buffer, length: number, start: number): number {
  try {
    return readSync(memory, buffer, 0, length, start);
  } catch {
    return 0;
  }
}
