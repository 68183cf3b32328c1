/** Carries a log of the first layout on in the present one: the tree over its entries is made from their leaves. No entry is touched. */
import type { Database } from './database.ts';
import { addedSinceFirst, layout } from './layout.ts';
import { nodesAsJson } from './schema.ts';
import { appendLeaves, emptyFrontier } from './tree.ts';

/** Leaves that are taken at one time. */
const pageSize = 4096;

/** All of it in one transaction: a crash half-way leaves the log as it was. Nobody else may use the handle meanwhile. Throws DatabaseError. */
export async function upgrade(database: Database): Promise<void> {
  await database.exec('BEGIN IMMEDIATE');
  try {
    await database.exec(addedSinceFirst.join(';\n'));
    let frontier = emptyFrontier;
    for (;;) {
      const rows = await database.all('SELECT leaf FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?', [frontier.size, pageSize]);
      const leaves = rows.map(({ leaf }) => (leaf instanceof Uint8Array ? leaf : new Uint8Array()));
      if (leaves.length === 0) break;
      const grown = appendLeaves(frontier, leaves);
      frontier = grown.frontier;
      await database.all('INSERT INTO node(level, idx, hash) SELECT value ->> 0, value ->> 1, unhex(value ->> 2) FROM json_each(?)', [
        nodesAsJson(grown.nodes),
      ]);
    }
    await database.exec(`PRAGMA user_version=${layout}; COMMIT`);
  } catch (error) {
    await database.exec('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
