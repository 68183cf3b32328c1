/** `countersign log search`: finds entries by words in their sealed fields, for whoever may read these. */
import { searchAndUnseal } from '../log/unsealing.ts';
import { command, WrongUsage } from './arguments.ts';
import { entryLine } from './log-sentences.ts';
import { readingJson, readingLines, whyAlone } from './log-unsealed.ts';
import { parseStaff, staffCredential } from './staff-key.ts';
import { withStaff } from './staff-session.ts';

const help = `countersign log search WORD... --staff ID [--identity FILE] [--limit N] [--data DIR] [--json]

Finds the entries in whose sealed fields all the words stand: names of holders, titles of documents. Case, accents and the order of the
words do not count. Newest first. The agent must not run: who searched and what was found is an entry of the log; the words are not.

  --data DIR       folder of the station (default: ./station)
  --staff ID       who searches, by their pseudonym; only what their role may read is searched
  --identity FILE  the age identity that opens their keys; otherwise it is their passphrase, which is the systemd credential
                   ${staffCredential('ID')}, or is asked at the terminal
  --limit N        at most so many entries (default 100)
  --json           one JSON object per line
  --help

Exit codes: 0 found, 1 nothing found, or refused, 2 cannot be read.`;

/** Exit code 0, 1 when nothing is found or the answer is no, 2 when the call is wrong or the log cannot be read. */
export const logSearch = command(
  {
    name: 'log search',
    help,
    options: {
      data: { type: 'string', default: './station' },
      staff: { type: 'string' },
      identity: { type: 'string' },
      limit: { type: 'string', default: '100' },
      json: { type: 'boolean', default: false },
    },
    takesWords: true,
  },
  async ({ values: { data, staff, identity: file, limit, json }, words }, io) => {
    if (words.length === 0)
      throw new WrongUsage('Say what to look for, for example: countersign log search lovelace --staff supervisor-1.');
    if (staff === undefined) throw new WrongUsage('--staff says who searches.');
    if (!/^[1-9]\d{0,3}$/.test(limit)) throw new WrongUsage(`--limit takes a whole number from 1 to 9999, and "${limit}" is none.`);
    const id = parseStaff(staff);
    return withStaff(data, { id, file, why: whyAlone }, async ({ log, person, tiers }) => {
      const { found, refused } = await searchAndUnseal({ log, person, tiers }, words.join(' '), Number(limit));
      for (const one of found) for (const text of json ? [readingJson(one)] : [entryLine(one.entry), ...readingLines(one)]) io.out(text);
      if (refused > 0) io.err(`Sealed fields of ${refused} entries do not open and were not searched; countersign log verify says more.`);
      if (found.length === 0 && !json) io.err('Nothing was found.');
      return found.length === 0 ? 1 : 0;
    });
  },
);
