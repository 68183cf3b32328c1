/** Carries a log of an earlier layout on in the present one: where there is no tree over its entries, it is made from their leaves. No entry is touched. */
import type { Database } from './database.ts';
import { addedAfter, layout } from './layout.ts';
import { nodesAsJson } from './schema.ts';
import { appendLeaves, emptyFrontier } from './tree.ts';

/** Leaves that are taken at one time. */
const pageSize = 4096;

/** The first layout that has a tree. */
const treeSince = 2;

/** All of it in one transaction: a crash half-way leaves the log as it was. Throws DatabaseError. */
export function upgrade(database: Database, from: number): Promise<void> {
  return database.transaction(async (inside) => {
    for (let found = from; found < layout; found += 1) {
      await inside.exec(addedAfter(found).join(';\n'));
      if (found + 1 === treeSince) await growTree(inside);
    }
    await inside.exec(`PRAGMA user_version=${layout}`);
  });
}

async function growTree(database: Database): Promise<void> {
  let frontier = emptyFrontier;
  for (;;) {
    const rows = await database.all('SELECT leaf FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?', [frontier.size, pageSize]);
    const leaves = rows.map(({ leaf }) => (leaf instanceof Uint8Array ? leaf : new Uint8Array()));
    if (leaves.length === 0) return;
    const grown = appendLeaves(frontier, leaves);
    frontier = grown.frontier;
    await database.all('INSERT INTO node(level, idx, hash) SELECT value ->> 0, value ->> 1, unhex(value ->> 2) FROM json_each(?)', [
      nodesAsJson(grown.nodes),
    ]);
  }
}
