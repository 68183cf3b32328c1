/**
 * The tables of the log as SQL, each word as `sqlite_schema` keeps it, and the triggers that keep what was written from being changed. Triggers stop bugs,
 * not attackers: what stops those is the chain of hashes, and checkpoints kept elsewhere. Those of sealed personal data are in `vault-schema.ts`.
 */
import { bodyLimit } from './record.ts';
import { vaultObjects } from './vault-schema.ts';

/** "CSLG": marks the file as an operation log. */
export const applicationId = 0x43534c47;

/** The first layout: entries alone. A log of that time is carried on in the present one. */
const entries = [
  `CREATE TABLE entry(
  seq INTEGER PRIMARY KEY,
  body BLOB NOT NULL CHECK (length(body) BETWEEN 2 AND ${bodyLimit}),
  leaf BLOB NOT NULL CHECK (length(leaf) = 32),
  prev BLOB NOT NULL CHECK (length(prev) = 32)
) STRICT`,
  `CREATE TRIGGER entry_follows BEFORE INSERT ON entry
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM entry)
  OR NEW.prev IS NOT coalesce((SELECT leaf FROM entry ORDER BY seq DESC LIMIT 1), zeroblob(32))
BEGIN SELECT RAISE(ABORT, 'an entry must follow the last one'); END`,
  `CREATE TRIGGER entry_unchanged BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END`,
  `CREATE TRIGGER entry_kept BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END`,
  `CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER meta_new BEFORE INSERT ON meta WHEN EXISTS (SELECT 1 FROM meta WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'a fact of the log is never changed'); END`,
  `CREATE TRIGGER meta_unchanged BEFORE UPDATE ON meta
BEGIN SELECT RAISE(ABORT, 'a fact of the log is never changed'); END`,
  `CREATE TRIGGER meta_kept BEFORE DELETE ON meta
BEGIN SELECT RAISE(ABORT, 'a fact of the log is never deleted'); END`,
] as const;

/** The complete nodes of the tree over the entries (level 1 and above: level 0 is the leaves), and the checkpoints that were signed. */
const tree = [
  `CREATE TABLE node(
  level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 52),
  idx INTEGER NOT NULL CHECK (idx >= 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER node_new BEFORE INSERT ON node WHEN EXISTS (SELECT 1 FROM node WHERE level = NEW.level AND idx = NEW.idx)
BEGIN SELECT RAISE(ABORT, 'a node is never changed'); END`,
  `CREATE TRIGGER node_unchanged BEFORE UPDATE ON node
BEGIN SELECT RAISE(ABORT, 'a node is never changed'); END`,
  `CREATE TRIGGER node_kept BEFORE DELETE ON node
BEGIN SELECT RAISE(ABORT, 'a node is never deleted'); END`,
  `CREATE TABLE checkpoint(
  size INTEGER PRIMARY KEY CHECK (size > 0),
  note BLOB NOT NULL CHECK (length(note) BETWEEN 1 AND 16384)
) STRICT`,
  `CREATE TRIGGER checkpoint_grows BEFORE INSERT ON checkpoint
WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint) OR NEW.size > (SELECT coalesce(max(seq) + 1, 0) FROM entry)
BEGIN SELECT RAISE(ABORT, 'a checkpoint is of a larger tree than the one before'); END`,
  `CREATE TRIGGER checkpoint_unchanged BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END`,
  `CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'a checkpoint is never deleted'); END`,
  // An entry and the nodes that it completes go in by one statement, and so in one commit: `nodes` is JSON, [[level, idx, hex], ...].
  `CREATE VIEW appended(seq, body, leaf, prev, nodes) AS SELECT seq, body, leaf, prev, '[]' FROM entry`,
  `CREATE TRIGGER appended_whole INSTEAD OF INSERT ON appended
BEGIN
  INSERT INTO entry(seq, body, leaf, prev) VALUES (NEW.seq, NEW.body, NEW.leaf, NEW.prev);
  INSERT INTO node(level, idx, hash) SELECT value ->> 0, value ->> 1, unhex(value ->> 2) FROM json_each(NEW.nodes);
END`,
] as const;

/** What each layout has beside what the one before it has, from the first on. */
const added: readonly (readonly string[])[] = [entries, tree, vaultObjects];

/** The layout that is written. */
export const layout = added.length;

/** What is there in each layout that is read. */
export const objectsOf: ReadonlyMap<number, readonly string[]> = new Map(
  added.map((_, index): [number, readonly string[]] => [index + 1, added.slice(0, index + 1).flat()]),
);

/** What makes a log of this layout one of the next, but for what is in the tables. */
export function addedAfter(found: number): readonly string[] {
  return added[found] ?? [];
}
