/**
 * What the file system says of a file: as long as that stays the same, nobody has written to the file, and it need not be read again. The times are those
 * that no program can set (ctime, inode(7)), beside those that it can.
 */
import type { BigIntStats } from 'node:fs';

/** The coarsest clock of a file system that documents come from is that of FAT: it counts in steps of two seconds. */
const settledMs = 3000;

/**
 * The stamp of an open file whose content is read after this. Undefined when it was touched a moment ago: then it can change once more without a change of
 * its times.
 */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs, mtimeMs, ctimeMs }: BigIntStats, now = Date.now()): string | undefined {
  const touched = Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs);
  return now - touched < settledMs ? undefined : [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
