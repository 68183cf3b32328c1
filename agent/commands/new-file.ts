/** Output files of commands: made anew, whole or not at all, and never over another one. */
import { dirname, extname } from 'node:path';
import { writeNew } from '../documents/durable.ts';
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';

/** The name of the file with another ending; what stands before the ending stays: "a.pdf" and "-x.pdf" give "a-x.pdf". */
export function besides(file: string, ending: string): string {
  return `${file.slice(0, file.length - extname(file).length)}${ending}`;
}

/** Writes a new file and returns when the disk has it. Throws StartRefused when the name is taken or the folder cannot be written. */
export async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  await writeNew(path, bytes).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') throw new StartRefused(`${path} is there already, and nothing is written over it.`, 2, error);
    if (code === 'ENOENT') throw new StartRefused(`There is no folder ${dirname(path)}.`, 2, error);
    throw new StartRefused(`${path} cannot be written${typeof code === 'string' ? ` (${code})` : ''}.`, 2, error);
  });
}

/** Gives out a text: into a new file, which is named, or to the output as it is. Throws StartRefused. */
export async function giveOut(text: Uint8Array, file: string | undefined, io: CommandIo): Promise<void> {
  if (file === undefined) {
    io.out(Buffer.from(text).toString('utf8'));
    return;
  }
  await writeOutput(file, text);
  io.out(`Written: ${file}`);
}
