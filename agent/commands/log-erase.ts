/** `countersign log erase`: makes the sealed data of a person unreadable for ever, as two persons agreed. Their entries and every proof stay. */
import { join } from 'node:path';
import { type StationPaths, stationPaths } from '../config.ts';
import { erasePerson } from '../log/erasing.ts';
import { type KeptOfPerson, keptOfPerson } from '../records/kept-of-person.ts';
import { command, WrongUsage } from './arguments.ts';
import { withLog } from './staff-session.ts';
import { stillThere } from './still-there.ts';

const help = `countersign log erase --subject ID --request N --confirm M [--data DIR]

Makes the personal data of one person unreadable for ever: the keys that they are sealed under are deleted, and the words by which
they were found; what was sealed is blanked. Their entries stay as they are, and every hash, receipt and checkpoint still holds.
Two persons with two certificates must have agreed to it: one asked, in entry N, and the other confirmed that, in entry M. Each
request is carried out once. The agent must not run.

Documents of the record stay, in the clear: what the person signed and its originals, and files that belong to late records of their
visits. They are listed; each is for the house to keep or to remove by hand. Of a file that an entry names and that was removed,
log verify says from then on that it is missing.

What a copy elsewhere has (a bundle that was exported, a backup of the disk) is not touched.

  --subject ID  pseudonym of the person, 32 hex digits; countersign log search shows it
  --request N   number of the entry that asks for it
  --confirm M   number of the entry that confirms that
  --data DIR    folder of the station (default: ./station)
  --help

Exit codes: 0 erased, 1 refused, or not out of the files yet (the sentence says why), 2 cannot be read or written.`;

/** Exit code 0, 1 when the answer is no, 2 when the call is wrong or the log cannot be read or written. */
export const logErase = command(
  {
    name: 'log erase',
    help,
    options: {
      data: { type: 'string', default: './station' },
      subject: { type: 'string' },
      request: { type: 'string' },
      confirm: { type: 'string' },
    },
  },
  async ({ values: { data, subject, request, confirm } }, io) => {
    if (subject === undefined || !/^[0-9a-f]{32}$/.test(subject))
      throw new WrongUsage('--subject takes the pseudonym of a person, 32 hex digits.');
    const order = { subject, request: parseNumber('--request', request), confirm: parseNumber('--confirm', confirm) };
    return withLog(data, 'only one program writes a log', async (log) => {
      const { entry, keys, entries, isOut } = await erasePerson(log, order);
      io.out(`Erased: entry ${entry} of the log. ${keys} data keys are gone, and with them what was sealed in ${entries.length} entries.`);
      for (const line of stays(await keptOfPerson(log, subject), stationPaths(data))) io.out(line);
      if (isOut) return 0;
      io.err(stillThere);
      return 1;
    });
  },
);

function stays({ attachments, signed }: KeptOfPerson, paths: StationPaths): readonly string[] {
  const lines = attachments.map(
    ({ entry, sha256 }) => `Not erased: ${join(paths.attachments, sha256)}, which late record ${entry} names. It lies there in the clear.`,
  );
  if (signed.length === 0) return lines;
  const where = `${paths.originals} and wherever signed documents were taken to`;
  return [...lines, `Not erased: what the person signed in operation ${signed.join(', ')}. It lies in the clear in ${where}.`];
}

function parseNumber(option: string, text: string | undefined): number {
  if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text);
  throw new WrongUsage(`${option} takes the number of an entry.`);
}
