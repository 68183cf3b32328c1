/**
 * Counts what a process does with bytes: reads from files, writes to them, gives to other processes, hashes, and how often it waits for the disk. Loaded with
 * `--import` before anything else; `?into=FILE` names the file to which a process appends its counts when it ends, so that those of an examining process are
 * known too. Such counts are the same on every machine, however busy it is.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';

export const kinds = ['read', 'piped', 'written', 'hashed', 'files synced', 'folders synced'] as const;
export type Counts = Record<(typeof kinds)[number], number>;

const none = (): Counts => ({ read: 0, piped: 0, written: 0, hashed: 0, 'files synced': 0, 'folders synced': 0 });

/** What this process has done until now. */
const counts = none();

const into = new URL(import.meta.url).searchParams.get('into') ?? '';

/** What this process and all that have ended meanwhile have done. */
export function countsSoFar(): Counts {
  const lines = existsSync(into) ? readFileSync(into, 'utf8').split('\n').slice(0, -1) : [];
  const sum = none();
  for (const one of [counts, ...lines.map((line) => JSON.parse(line) as Counts)]) for (const kind of kinds) sum[kind] += one[kind];
  return sum;
}

type Method = (this: unknown, ...given: unknown[]) => unknown;

/** Has `seen` told of every call of a method that all objects of this kind share; what it gives is the answer then. */
function watch(example: object, name: string, seen: (self: unknown, given: readonly unknown[], answer: unknown) => unknown): void {
  let shared = Object.getPrototypeOf(example) as Record<string, Method>;
  while (!Object.hasOwn(shared, name)) shared = Object.getPrototypeOf(shared) as Record<string, Method>;
  const original = shared[name];
  if (original === undefined) throw new Error(`there is no ${name} to count`);
  shared[name] = function (...given) {
    const answer = original.apply(this, given);
    return seen(this, given, answer) ?? answer;
  };
}

function lengthOf(bytes: unknown): number {
  return bytes instanceof Uint8Array ? bytes.length : 0;
}

async function transferred(kind: 'read' | 'written', answer: unknown): Promise<unknown> {
  const { bytesRead = 0, bytesWritten = 0 } = (await answer) as { readonly bytesRead?: number; readonly bytesWritten?: number };
  counts[kind] += bytesRead + bytesWritten;
  return answer;
}

const file = await open('/dev/null');
watch(file, 'read', (_self, _given, answer) => transferred('read', answer));
watch(file, 'write', (_self, _given, answer) => transferred('written', answer));
watch(file, 'sync', (self, _given, answer) =>
  (self as FileHandle).stat().then((found) => {
    counts[found.isDirectory() ? 'folders synced' : 'files synced'] += 1;
    return answer;
  }),
);
await file.close();
watch(createHash('sha256'), 'update', (_self, [bytes]) => {
  counts.hashed += lengthOf(bytes);
});
watch(new Socket(), 'write', (_self, [bytes]) => {
  counts.piped += lengthOf(bytes);
});

process.on('exit', () => appendFileSync(into, `${JSON.stringify(counts)}\n`));
