/** A process that opens the log in the folder it is told and appends entries with sealed fields until it is ended; it tells each number that was acknowledged. */
import { writeSync } from 'node:fs';
import { appendPersonal } from '../../../agent/log/personal.ts';
import { readSealing } from '../../../agent/log/staff-grants.ts';
import { openStore } from '../../../agent/log/store.ts';
import { numbered, options } from './station-log.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('a folder is needed');

const store = await openStore(directory, options);
const { tiers } = await readSealing(store);
for (let index = 0; ; index += 1) {
  const person = { subject: String(index % 10).repeat(32), fields: { operations: { holder: `Holder ${index}` }, audit: { note: 'seen' } } };
  const [entry] = await appendPersonal(store, tiers, [numbered(index)], person);
  writeSync(1, `${entry?.seq ?? 0}\n`);
}
