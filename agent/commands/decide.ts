/** `countersign confirm` and `countersign reject`: the word of a second person on a late record or a request. */
import { join } from 'node:path';
import type { Asked } from '../log/confirmations.ts';
import type { EventOf } from '../log/events.ts';
import { denyDeciding } from '../people/confirmation.ts';
import { lookAtAttachment } from '../records/attachments.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { sentence } from './log-sentences.ts';
import { atDesk, type Desk, signingHelp, signingOptions } from './statement-desk.ts';
import { enterStatement } from './statement-enter.ts';

const second = `It must be another person than the one who asked, with another card and another key. Supervisors may; auditors may where it is a late
record.`;

const confirmHelp = `countersign confirm N [options]

Confirms a late record or a request, and signs that. ${second} The files that belong to a late record must be
there as they were; look at them first (their names are shown).

  N                     number of the entry that is confirmed; countersign requests shows what waits
${signingHelp}`;

const rejectHelp = `countersign reject N --reason WORD [options]

Rejects a late record or a request, and signs that. ${second}

  N                     number of the entry that is rejected; countersign requests shows what waits
  --reason WORD         why, in one word: letters a to z, digits and "-" (not-so, unclear, no-proof, ...)
${signingHelp}`;

export const confirm = command(
  { name: 'confirm', help: confirmHelp, options: signingOptions, takesWords: true },
  async ({ values, words }, io) => {
    const number = readNumber(words, 'confirm');
    return atDesk(values, async (desk) => {
      const { asked, words: told, attachments } = await waiting(desk, number);
      for (const one of attachments) {
        const state = await lookAtAttachment(desk.paths.attachments, one);
        if (state !== 'there')
          throw new StartRefused(
            `The attachment ${one.sha256} of entry ${number} is ${state}. Nothing was confirmed. See: countersign log verify`,
            1,
          );
      }
      const files = attachments.map(({ sha256 }) => `It comes with: ${join(desk.paths.attachments, sha256)}`);
      const draft = { op: 'confirm', ...placeOf(asked) } as const;
      return enterStatement(
        desk,
        { draft, entry: number, deny: (person) => denyDeciding(person, asked), notes: [told, ...files] },
        values,
        io,
      );
    });
  },
);

export const reject = command(
  { name: 'reject', help: rejectHelp, options: { ...signingOptions, reason: { type: 'string' } }, takesWords: true },
  async ({ values, words }, io) => {
    const number = readNumber(words, 'reject');
    const { reason } = values;
    if (reason === undefined || !/^[a-z][a-z0-9-]{0,63}$/.test(reason))
      throw new WrongUsage('Say why, in one word of small letters, digits and "-": --reason not-so.');
    return atDesk(values, async (desk) => {
      const { asked, words: told } = await waiting(desk, number);
      const draft = { op: 'reject', ...placeOf(asked), reason } as const;
      return enterStatement(desk, { draft, entry: number, deny: (person) => denyDeciding(person, asked), notes: [told] }, values, io);
    });
  },
);

function readNumber([word, more]: readonly string[], name: string): number {
  if (word === undefined || more !== undefined || !/^\d{1,15}$/.test(word))
    throw new WrongUsage(`Name one entry by its number, for example: countersign ${name} 12.`);
  return Number(word);
}

function placeOf({ seq, leaf, operation }: Asked) {
  return { entry: seq, entry_leaf: leaf, ...(operation === undefined ? {} : { operation }) };
}

/** What waits in this entry. Throws StartRefused when nothing does. */
async function waiting(
  desk: Desk,
  seq: number,
): Promise<{ asked: Asked; words: string; attachments: EventOf<'supplement'>['attachments'] }> {
  const asked = desk.asked.of(seq, new Date().toISOString());
  const [entry] = asked === undefined ? [] : await desk.log.entries({ from: seq, to: seq });
  if (asked === undefined || entry === undefined)
    throw new StartRefused(`Entry ${seq} is no late record and no request, or there is none. See: countersign requests --all`, 1);
  if (asked.state.is !== 'open')
    throw new StartRefused(`Entry ${seq} waits for nobody any more: it is ${asked.state.is}. See: countersign requests --all`, 1);
  const { event } = entry;
  return {
    asked,
    words: `Entry ${seq}, by ${asked.actor.id} (${asked.actor.role}): ${sentence(event)}`,
    attachments: event.op === 'supplement' ? event.attachments : [],
  };
}
