/**
 * The one file that imports sqlite3. A handle runs one statement at a time (asynchronous transactions on one handle interleave otherwise),
 * and a commit is one statement, or one transaction with which nothing interleaves. It never creates a database where one is opened, and never runs with settings that lose a commit.
 */
import { stat } from 'node:fs/promises';
import sqlite3 from 'sqlite3';
import { LogRefusal } from './errors.ts';

export type Value = string | number | Uint8Array;
export type Row = Readonly<Record<string, unknown>>;

/** SQLite refused a statement. `code` is its result code by name, for example `SQLITE_FULL`. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code: string;

  constructor(cause: Error) {
    super(cause.message, { cause });
    this.code = 'code' in cause && typeof cause.code === 'string' ? cause.code : 'SQLITE_ERROR';
  }
}

/** One SQLite handle with a queue: statements run in the order in which they were asked for, one at a time. */
export class Database {
  readonly #handle: sqlite3.Database;
  readonly #statements: Map<string, sqlite3.Statement>;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(handle: sqlite3.Database, statements = new Map<string, sqlite3.Statement>()) {
    this.#handle = handle;
    this.#statements = statements;
  }

  /** Runs one statement and returns its rows; it is prepared once and kept. Throws DatabaseError. */
  all(sql: string, parameters: readonly Value[] = []): Promise<readonly Row[]> {
    return this.#next(async () => {
      const statement = this.#statements.get(sql) ?? (await this.#prepare(sql));
      return new Promise<readonly Row[]>((resolve) => {
        statement.all<Row>([...parameters], (error, rows) => {
          if (error === null) resolve(rows);
          else resolve(this.#forget(sql, statement).then(() => Promise.reject(new DatabaseError(error))));
        });
      });
    });
  }

  /** Runs statements without parameters, several if need be. Throws DatabaseError. */
  exec(sql: string): Promise<void> {
    return this.#next(() => settle((done) => this.#handle.exec(sql, done)));
  }

  /**
   * One commit of many statements: what others ask for waits until it is over. Where `run` throws, nothing of it is kept, and the error is
   * thrown on; after a DatabaseError nobody knows what the disk has. What `run` is given must not be used any more when it has returned.
   */
  transaction<T>(run: (inside: Database) => Promise<T>): Promise<T> {
    return this.#next(async () => {
      const inside = new Database(this.#handle, this.#statements);
      await inside.exec('BEGIN IMMEDIATE');
      try {
        const result = await run(inside);
        await inside.exec('COMMIT');
        return result;
      } catch (error) {
        await inside.exec('ROLLBACK').catch((failed: unknown) => {
          // After some of its errors SQLite itself has ended the transaction. After any other one that stays open would swallow what follows.
          if (!(error instanceof DatabaseError)) throw failed;
        });
        throw error;
      }
    });
  }

  /** Waits for what was asked before, then closes the handle. */
  close(): Promise<void> {
    return this.#next(async () => {
      for (const statement of this.#statements.values()) await settle((done) => statement.finalize(done));
      this.#statements.clear();
      await settle((done) => {
        this.#handle.close(done);
      });
    });
  }

  #next<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** A statement that failed may hold its transaction open, and then nothing that follows is committed: it is let go before anything else runs. */
  async #forget(sql: string, statement: sqlite3.Statement): Promise<void> {
    this.#statements.delete(sql);
    // Finalising says the statement's own failure again.
    await settle((done) => statement.finalize(done)).catch(() => undefined);
  }

  async #prepare(sql: string): Promise<sqlite3.Statement> {
    const statement = await new Promise<sqlite3.Statement>((resolve, reject) => {
      const prepared: sqlite3.Statement = this.#handle.prepare(sql, (error: Error | null) => {
        if (error === null) resolve(prepared);
        else reject(new DatabaseError(error));
      });
    });
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Waits for a callback of sqlite3. */
function settle(start: (done: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === undefined || error === null) resolve();
      else reject(new DatabaseError(error));
    });
  });
}

/** How long a statement waits for a lock of another process, milliseconds. */
const busyTimeoutMs = 5000;
/** Oldest SQLite that has what is used here: STRICT tables (3.37), the `->>` operator (3.38), `unhex` (3.41). */
const oldestSqlite = [3, 41, 0] as const;

/** What must hold on every open (LOG.md; faults.md, findings 1 to 3): what is set, and what must be read back. */
const settings = {
  busy_timeout: { set: String(busyTimeoutMs), readBack: busyTimeoutMs },
  trusted_schema: { set: 'OFF', readBack: 0 },
  journal_mode: { set: 'WAL', readBack: 'wal' },
  synchronous: { set: 'FULL', readBack: 2 },
  recursive_triggers: { set: 'ON', readBack: 1 },
  foreign_keys: { set: 'ON', readBack: 1 },
  secure_delete: { set: 'ON', readBack: 1 },
} as const;
type Setting = keyof typeof settings;
/** A reader may not change the file, so what concerns writing is neither set nor asked of it. */
const readerSettings: readonly Setting[] = ['busy_timeout', 'trusted_schema'];

/**
 * Opens a database for its one writer. Throws LogRefusal `missing`, `unreadable`, or `settings` when SQLite does not take a setting.
 * `create` is for a file that was made empty just before.
 */
export async function openForWriting(file: string, options: { readonly create?: boolean } = {}): Promise<Database> {
  if (options.create !== true) await mustHoldSomething(file);
  return open(file, sqlite3.OPEN_READWRITE, Object.keys(settings) as Setting[]);
}

/** Opens a database for reading beside its writer, or without one. Throws LogRefusal `missing` or `unreadable`. */
export async function openForReading(file: string): Promise<Database> {
  await mustHoldSomething(file);
  return open(file, sqlite3.OPEN_READONLY, readerSettings);
}

/** Only looks at the size: opening and closing the file here would drop the locks that SQLite holds on it in this process (POSIX locks). */
async function mustHoldSomething(file: string): Promise<void> {
  let size: number;
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new LogRefusal('unreadable', `${file} is not a file`);
    size = found.size;
  } catch (cause) {
    if (cause instanceof LogRefusal) throw cause;
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new LogRefusal(missing ? 'missing' : 'unreadable', missing ? `there is no operation log at ${file}` : `${file} cannot be read`, {
      cause,
    });
  }
  if (size === 0) throw new LogRefusal('unreadable', `the operation log at ${file} is an empty file`);
}

async function open(file: string, mode: number, wanted: readonly Setting[]): Promise<Database> {
  try {
    const database = await connect(file, mode);
    try {
      await checkVersion(database);
      for (const setting of wanted) await apply(database, setting);
    } catch (error) {
      await database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
}

function connect(file: string, mode: number): Promise<Database> {
  return new Promise((resolve, reject) => {
    const handle: sqlite3.Database = new sqlite3.Database(file, mode, (error) => {
      if (error === null) resolve(new Database(handle));
      else reject(new DatabaseError(error));
    });
  });
}

async function checkVersion(database: Database): Promise<void> {
  const [row] = await database.all('SELECT sqlite_version() AS version');
  const version = String(row?.['version']);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major !== oldestSqlite[0] || minor < oldestSqlite[1])
    throw new LogRefusal('settings', `SQLite ${version} is not ${oldestSqlite.join('.')} or later`);
}

async function apply(database: Database, setting: Setting): Promise<void> {
  const { set, readBack } = settings[setting];
  await database.all(`PRAGMA ${setting}=${set}`);
  const [row] = await database.all(`PRAGMA ${setting}`);
  const value = row === undefined ? undefined : Object.values(row)[0];
  if (value !== readBack) throw new LogRefusal('settings', `SQLite runs with ${setting}=${String(value)} instead of ${set}`);
}

/** Says in words why a file could not be opened or read as a log. */
export function unreadable(file: string, error: DatabaseError): LogRefusal {
  const why: Readonly<Record<string, string>> = {
    SQLITE_NOTADB: 'is not a database',
    SQLITE_CORRUPT: 'is damaged',
    SQLITE_CANTOPEN: 'cannot be opened',
    SQLITE_PERM: 'may not be read',
    SQLITE_READONLY: 'may not be written',
    SQLITE_FULL: 'cannot be written, because its disk is full',
    SQLITE_BUSY: 'is locked by another process',
  };
  return new LogRefusal('unreadable', `the operation log at ${file} ${why[error.code] ?? 'cannot be read'}`, { cause: error });
}

/** The right to write, held by one process at a time; it ends with the process, however that ends. */
export interface Ownership {
  release(): Promise<void>;
}

/**
 * Takes the right to write: an exclusive transaction on an empty database beside the log, which stays open and writes nothing. The log
 * itself stays readable for others, which `locking_mode=EXCLUSIVE` would prevent. `file` must exist. Throws LogRefusal `in-use`.
 */
export async function takeOwnership(file: string): Promise<Ownership> {
  const database = await connect(file, sqlite3.OPEN_READWRITE).catch((error: unknown) => {
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  });
  try {
    // SQLite opens a file that it may not write for reading, and an exclusive transaction on that excludes nobody: the change, which is never committed, is refused then.
    await database.exec('BEGIN EXCLUSIVE; PRAGMA user_version=1');
  } catch (error) {
    await database.close();
    if (error instanceof DatabaseError && error.code === 'SQLITE_BUSY')
      throw new LogRefusal('in-use', `another agent is using the operation log (${file} is locked)`, { cause: error });
    throw error instanceof DatabaseError ? unreadable(file, error) : error;
  }
  return { release: () => database.close() };
}
