/** `countersign requests`: what waits for a second person, and what became of what did, also while the agent runs. It reads and changes nothing. */
import { type Asked, Confirmations, confirmationOps } from '../log/confirmations.ts';
import { readEntry } from '../log/entry.ts';
import { readLog } from '../log/readable.ts';
import { findRows } from '../log/schema.ts';
import { command } from './arguments.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';

const help = `countersign requests [--data DIR] [--all] [--json]

Shows the late records and requests that wait for a second person, and the requests that were confirmed and not carried out yet.

  --data DIR  data folder of the station (default ./station)
  --all       also those that were confirmed, rejected, carried out, or have lapsed because nobody decided in time
  --json      one JSON object per line
  --help

Exit codes: 0 shown, also when nothing waits, 2 cannot be read.
`;

/** Exit code 0, or 2 when the call is wrong or the log cannot be read. */
export const requests = command(
  {
    name: 'requests',
    help,
    options: {
      data: { type: 'string', default: './station' },
      all: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values: { data, all, json } }, io) =>
    refuseUnreadable(io, async () => {
      const asked = await readLog(data, async ({ database }) => {
        const found = new Confirmations();
        const everything = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER, newestFirst: false };
        for (const row of await findRows(database, { ...everything, ops: confirmationOps })) found.take(readEntry(row));
        return found.all(new Date().toISOString());
      });
      const shown = asked.filter((one) => all || waits(one));
      for (const one of shown) io.out(json ? JSON.stringify(forProgram(one)) : line(one));
      if (shown.length === 0 && !json) io.out(all ? 'Nothing was asked for in this log.' : 'Nothing waits for a second person.');
      return 0;
    }),
);

function waits({ act, state }: Asked): boolean {
  return state.is === 'open' || (act === 'erase' && state.is === 'confirmed');
}

function line({ seq, at, act, actor, until, operation, subject, state }: Asked): string {
  const what = act === 'supplement' ? 'late record' : `erase ${subject ?? ''}`;
  const visit = operation === undefined ? '' : `  (operation ${operation})`;
  return `${String(seq).padStart(6)}  ${at.replace('T', ' ')}  ${what}, by ${actor.id} (${actor.role}): ${stateWords(state, until)}${visit}`;
}

function stateWords(state: Asked['state'], until: string): string {
  switch (state.is) {
    case 'open':
      return `open until ${until}`;
    case 'confirmed':
      return `confirmed by entry ${state.confirm}`;
    case 'rejected':
      return `rejected by entry ${state.reject} (${state.reason})`;
    case 'used':
      return `confirmed by entry ${state.confirm}, carried out in entry ${state.erases.join(', ')}`;
    case 'lapsed':
      return `lapsed: nobody decided until ${until}`;
  }
}

function forProgram({ seq, leaf, at, act, actor, certificateSha256, operation, until, subject, state: { is, ...more } }: Asked): object {
  const optional = { ...(operation === undefined ? {} : { operation }), ...(subject === undefined ? {} : { subject }) };
  return { entry: seq, leaf, at, act, actor, certificate_sha256: certificateSha256, ...optional, until, state: is, ...more };
}
