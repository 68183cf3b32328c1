/**
 * The tables beside the entries of a log that is open: the keys and grants of the tiers, the data keys, the index. Whoever changes what they say
 * enters it in the same commit; only the index, which can be made anew from the rest, may change without an entry.
 */
import type { Appender } from './appender.ts';
import { type Database, DatabaseError } from './database.ts';
import type { LogEntry } from './entry.ts';
import { scrub } from './erasure.ts';
import type { AppendableEvent } from './events.ts';

export class SideTables {
  readonly #database: Database;
  readonly #appender: Appender;

  constructor(database: Database, appender: Appender) {
    this.#database = database;
    this.#appender = appender;
  }

  /**
   * Appends 1 to 256 events and changes the tables, all in one commit or nothing. Throws as `LogStore.appendAll`, and a LogRefusal that the
   * change throws: then nothing was written, and the log goes on.
   */
  append(events: readonly AppendableEvent[], change: (inside: Database) => Promise<void>): Promise<readonly LogEntry[]> {
    return this.#appender.append(events, { change });
  }

  /** Lends the tables in one transaction; nothing is appended meanwhile. Throws what `run` throws, and LogUnavailable when the log has failed. */
  use<T>(run: (inside: Database) => Promise<T>): Promise<T> {
    return this.#orFail(() => this.#database.transaction(run));
  }

  /** Takes what was deleted out of the files; false while somebody else reads the database, and then it is not out yet. Throws LogUnavailable. */
  scrub(): Promise<boolean> {
    return this.#orFail(() => scrub(this.#database));
  }

  async #orFail<T>(run: () => Promise<T>): Promise<T> {
    if (this.#appender.failure !== undefined) throw this.#appender.failure;
    try {
      return await run();
    } catch (cause) {
      if (!(cause instanceof DatabaseError)) throw cause;
      throw this.#appender.fail(`the tables beside the operation log failed: ${cause.message}`, cause);
    }
  }
}
