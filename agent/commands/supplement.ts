/** `countersign supplement`: a late record of what happened outside the log, signed by its author, with supporting documents. It counts when a second person has confirmed it. */
import { basename } from 'node:path';
import { operationSchema } from '../log/catalogue.ts';
import type { LogStore } from '../log/store.ts';
import { denyAsking, waitsUntil } from '../people/confirmation.ts';
import {
  AttachmentRefused,
  attachmentLimit,
  attachmentsLimit,
  dropAttachments,
  keepAttachments,
  openAttachments,
  takeAttachment,
  type TakenAttachment,
} from '../records/attachments.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { atDesk, signingHelp, signingOptions } from './statement-desk.ts';
import { enterStatement } from './statement-enter.ts';
import { readOccurred } from './statement-occurred.ts';

const help = `countersign supplement --kind KIND --occurred FROM[/TO] [--about N | --operation ID] [--attach FILE ...] [options]

Enters a late record: something that happened and did not go into the log when it did. Its author signs it with their own token. It counts when
another person has confirmed it (countersign confirm), and lapses when nobody has for 90 days. Clerks, supervisors, auditors and
administrators may write one; supervisors and auditors may confirm it.

No free text goes into the log, where it could never be erased: what is to be told stands in a file that is attached, and the log
has its SHA-256. The files are copied into "attachments" in the data folder.

  --kind KIND           what kind of record it is, one word: letters a to z, digits and "-" (power-cut, paper-form, ...)
  --occurred FROM[/TO]  when it happened: a day (2026-01-31) or a time (2026-01-31T14:30Z), or two of them
  --about N             number of the entry that it adds to
  --operation ID        the operation that it adds to
  --attach FILE         a supporting document, ${attachmentLimit / 1_000_000} MB at most; may be given up to ${attachmentsLimit} times
${signingHelp}`;

export const supplement = command(
  {
    name: 'supplement',
    help,
    options: {
      ...signingOptions,
      kind: { type: 'string' },
      occurred: { type: 'string' },
      about: { type: 'string' },
      operation: { type: 'string' },
      attach: { type: 'string', multiple: true, default: [] as string[] },
    },
  },
  async ({ values }, io) => {
    const { kind, occurred, about, operation, attach } = values;
    if (kind === undefined || !/^[a-z][a-z0-9-]{0,63}$/.test(kind))
      throw new WrongUsage('Say what kind of record it is, in one word of small letters, digits and "-": --kind power-cut.');
    if (occurred === undefined) throw new WrongUsage('Say when it happened: --occurred 2026-01-31.');
    const when = readOccurred(occurred, new Date());
    if (about !== undefined && operation !== undefined) throw new WrongUsage('Say --about or --operation, and not both.');
    if (attach.length > attachmentsLimit) throw new WrongUsage(`At most ${attachmentsLimit} files belong to one record.`);
    return atDesk(values, async (desk) => {
      const place = await placeOf(desk.log, about, operation);
      const folder = desk.paths.attachments;
      const taken: TakenAttachment[] = [];
      try {
        await openAttachments(folder);
        for (const file of attach) taken.push(await take(folder, file));
        const attachments = taken.map(({ sha256, size }) => ({ sha256, size }));
        if (new Set(attachments.map(({ sha256 }) => sha256)).size < attachments.length)
          throw new StartRefused('The same file was named twice.', 1);
        const until = waitsUntil('supplement', new Date());
        return await enterStatement(
          desk,
          {
            draft: { op: 'supplement', kind, ...place, occurred: when, attachments, until },
            deny: (person) => denyAsking(person, 'supplement'),
            notes: taken.map(({ sha256, size }, index) => `Attached: ${basename(attach[index] ?? '')}, ${size} bytes, SHA-256 ${sha256}`),
            beforeEntry: () => keepAttachments(folder, taken),
          },
          values,
          io,
        );
      } finally {
        await dropAttachments(taken);
      }
    });
  },
);

async function take(folder: string, file: string): Promise<TakenAttachment> {
  return takeAttachment(folder, file).catch((error: unknown) => {
    if (error instanceof AttachmentRefused) throw new StartRefused(`${file} ${error.message}. Nothing was entered.`, 1, error);
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw new StartRefused(`${file} cannot be copied into ${folder} (${code}). Nothing was entered.`, 2, error);
  });
}

/** An entry brings its operation along, so that whoever looks at that sees the record. */
async function placeOf(log: LogStore, about: string | undefined, operation: string | undefined) {
  if (about !== undefined) {
    const seq = /^\d{1,15}$/.test(about) ? Number(about) : Number.NaN;
    if (Number.isNaN(seq)) throw new WrongUsage(`--about takes the number of an entry, and "${about}" is none.`);
    const [entry] = seq < log.size ? await log.entries({ from: seq, to: seq }) : [];
    if (entry === undefined) throw new StartRefused(`There is no entry ${seq} in this log.`, 1);
    return { about: seq, ...(entry.event.operation === undefined ? {} : { operation: entry.event.operation }) };
  }
  if (operation === undefined) return {};
  if (!operationSchema.safeParse(operation).success || (await log.entries({ operation, limit: 1 })).length === 0)
    throw new StartRefused(`There is no operation ${JSON.stringify(operation)} in this log.`, 1);
  return { operation };
}
