/** What a command says where a log cannot be read. */
import { isUnreadable } from '../log/entry.ts';
import { LogRefusal } from '../log/errors.ts';
import type { CommandIo } from './io.ts';

/** Says why a log cannot be read, and gives exit code 2. */
export async function refuseUnreadable(io: CommandIo, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LogRefusal) && !isUnreadable(error)) throw error;
    io.err(`The log cannot be read: ${error instanceof Error ? error.message : ''}.`);
    return 2;
  }
}
