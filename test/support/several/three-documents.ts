/** Three small documents that no other row has: each its own bytes, so that an output tells which of them it is. */
import { createHash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoryStation } from '../station.ts';
import { pageOf } from './class-documents.ts';

export interface Paper {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** SHA-256, hex. */
  readonly digest: string;
}

let made = 0;

/** Puts them into an inbox in which nothing else lies, and waits until they are what a holder is offered. */
export async function putInThree(story: StoryStation): Promise<readonly Paper[]> {
  const inbox = join(story.data, 'inbox');
  for (const left of await readdir(inbox)) await rm(join(inbox, left), { recursive: true });
  made += 1;
  const papers = ['first', 'second', 'third'].map((word) => paper(`${made}-${word}.pdf`));
  for (const { name, bytes } of papers) await writeFile(join(inbox, name), bytes);
  const offered = (): string => String(story.running.desk.view().documents.map(({ name }) => name));
  const all = String(papers.map(({ name }) => name));
  for (const end = Date.now() + 20_000; offered() !== all; await new Promise((resolve) => setTimeout(resolve, 5)))
    if (Date.now() > end) throw new Error(`the inbox offers ${offered()}`);
  return papers;
}

function paper(name: string): Paper {
  const bytes = pageOf(name);
  return { name, bytes, digest: createHash('sha256').update(bytes).digest('hex') };
}
