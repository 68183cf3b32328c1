/**
 * Whether the file systems that a log and what belongs to it lie on have room for more. A log that meets a full disk fails in the middle of an operation; so nothing
 * new is begun while room is short, and what was begun is finished in what is left.
 */
import { statfs } from 'node:fs/promises';

/** Least free space of a file system: in millions of bytes, and of a hundred parts of it. Both must be there. */
export interface FreeLimits {
  readonly megabytes: number;
  readonly percent: number;
}

/** What the operating system says of a file system (statfs(2)). */
export interface FileSystemNumbers {
  /** Bytes of a block. */
  readonly bsize: number;
  /** Blocks of the file system. */
  readonly blocks: number;
  /** Blocks that somebody who is not root may still take. */
  readonly bavail: number;
}

export interface Space {
  readonly freeMegabytes: number;
  readonly freePercent: number;
  /** Less is free than must be. */
  readonly isShort: boolean;
}

/** Judges the numbers of one file system. */
export function judgeSpace({ bsize, blocks, bavail }: FileSystemNumbers, { megabytes, percent }: FreeLimits): Space {
  const free = bavail * bsize;
  // Without a rounding that could make 9.99 into 10.
  const isShort = free < megabytes * 1_000_000 || bavail * 100 < percent * blocks;
  return { freeMegabytes: Math.floor(free / 1_000_000), freePercent: blocks === 0 ? 0 : Math.floor((bavail * 100) / blocks), isShort };
}

/** A folder whose file system has too little room. */
export interface ShortSpace extends Space {
  readonly folder: string;
}

/** The first of these folders that lies where room is short; undefined when all have enough. A folder that cannot be asked has none. */
export async function shortSpace(folders: readonly string[], limits: FreeLimits): Promise<ShortSpace | undefined> {
  for (const folder of folders) {
    const numbers = await statfs(folder).catch(() => ({ bsize: 0, blocks: 0, bavail: 0 }));
    const space = judgeSpace(numbers, limits);
    if (space.isShort) return { folder, ...space };
  }
  return undefined;
}

/** For a person: what is free where, and what must be. */
export function shortSentence({ folder, freeMegabytes, freePercent }: ShortSpace, { megabytes, percent }: FreeLimits): string {
  return `Only ${freeMegabytes} MB (${freePercent} %) are free where ${folder} lies, and ${megabytes} MB and ${percent} % must be. Nothing new is begun until there is room.`;
}
