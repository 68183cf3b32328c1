/** How the commands for timestamps refuse: one sentence, with the file that it is about in front. */
import { basename } from 'node:path';
import { TimestampRefused } from '../documents/timestamp-answer.ts';
import { StartRefused } from '../refusals.ts';

/** Does something with what was read from a file. Throws StartRefused, exit code 1, in the place of TimestampRefused. */
export function aboutFile<T>(file: string, bytes: Uint8Array, use: (bytes: Uint8Array) => T): T {
  try {
    return use(bytes);
  } catch (problem) {
    if (problem instanceof TimestampRefused) throw new StartRefused(`${basename(file)}: ${problem.message}`, 1, problem);
    throw problem;
  }
}
