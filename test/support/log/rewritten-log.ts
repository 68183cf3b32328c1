/** What somebody who holds the disk of the log does to it: cuts its end off, or chains it again with other content. Whatever the log checks of itself still holds. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type Database, openForWriting } from '../../../agent/log/database.ts';
import { MemoryTree } from './plain-tree.ts';

type Body = Record<string, unknown> & { fields: Record<string, unknown> };

/** Deletes the last entries, with the nodes and checkpoints that stand on them. */
export async function cutOff(file: string, entries: number): Promise<void> {
  await withoutTriggers(file, async (database) => {
    const [row] = await database.all('SELECT max(seq) + 1 AS size FROM entry');
    const left = Number(row?.['size']) - entries;
    await database.exec(
      `DELETE FROM entry WHERE seq >= ${left}; DELETE FROM node WHERE (idx + 1) << level > ${left}; DELETE FROM checkpoint WHERE size > ${left}`,
    );
  });
}

/** Changes the body of one entry, and gives every entry from there on the hashes that follow from it. */
export async function rechain(file: string, from: number, change: (body: Body) => void): Promise<void> {
  await withoutTriggers(file, async (database) => {
    const rows = await database.all('SELECT seq, body, leaf FROM entry ORDER BY seq');
    const leaves: Uint8Array[] = [];
    for (const row of rows) {
      const seq = Number(row['seq']);
      const prev = leaves.at(-1) ?? Buffer.alloc(32);
      let bytes = Buffer.from(row['body'] as Uint8Array);
      if (seq >= from) {
        const body = JSON.parse(bytes.toString()) as Body;
        if (seq === from) change(body);
        bytes = Buffer.from(canonicalize({ ...body, prev: Buffer.from(prev).toString('hex') }) ?? '');
      }
      const leaf = createHash('sha256').update(Uint8Array.of(0)).update(bytes).digest();
      leaves.push(leaf);
      await database.all('UPDATE entry SET body = ?, leaf = ?, prev = ? WHERE seq = ?', [bytes, leaf, prev, seq]);
    }
    await database.exec('DELETE FROM node; DELETE FROM checkpoint');
    for (const { level, index, hash } of new MemoryTree(leaves).rows)
      await database.all('INSERT INTO node(level, idx, hash) VALUES (?, ?, ?)', [level, index, hash]);
  });
}

/** The triggers are there again afterwards, word for word: an agent does not start on a log without them. */
async function withoutTriggers(file: string, change: (database: Database) => Promise<void>): Promise<void> {
  const database = await openForWriting(file);
  try {
    const triggers = await database.all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND sql NOT LIKE '%INSTEAD OF%'");
    for (const { name } of triggers) await database.exec(`DROP TRIGGER ${String(name)}`);
    await change(database);
    for (const { sql } of triggers) await database.exec(String(sql));
  } finally {
    await database.close();
  }
}
