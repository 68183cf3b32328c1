/** `countersign request erase`: asks that the personal data of a person are made unreadable. A second person has to agree before anything is erased. */
import { denyAsking, waitsUntil } from '../people/confirmation.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { atDesk, signingHelp, signingOptions } from './statement-desk.ts';
import { enterStatement } from './statement-enter.ts';

const help = `countersign request erase --subject ID [options]

Asks that the personal data of a person are erased, and signs that. Nothing is erased by it: another person has to confirm it first
(countersign confirm), and it lapses when nobody has for 14 days. Clerks and supervisors may ask; supervisors may confirm.

  --subject ID          pseudonym of the person, 32 hexadecimal digits, as the entry "enrol" has it
${signingHelp}`;

export const requestErase = command(
  { name: 'request erase', help, options: { ...signingOptions, subject: { type: 'string' } } },
  async ({ values }, io) => {
    const { subject } = values;
    if (subject === undefined || !/^[0-9a-f]{32}$/.test(subject))
      throw new WrongUsage('Say whose data are to be erased, by 32 small hexadecimal digits: --subject 0123456789abcdef0123456789abcdef.');
    return atDesk(values, async (desk) => {
      const now = new Date();
      const waiting = desk.asked
        .all(now.toISOString())
        .find((one) => one.subject === subject && (one.state.is === 'open' || one.state.is === 'confirmed'));
      if (waiting !== undefined)
        throw new StartRefused(`Entry ${waiting.seq} asks for the same already, and is ${waiting.state.is}. See: countersign requests`, 1);
      // Also of an enrolment that came no further than the PIN of the key.
      const ops = ['enrol', 'reader-pin'] as const;
      const enrolled = (await desk.log.entries({ op: ops })).some(({ event }) => 'subject' in event && event.subject === subject);
      return enterStatement(
        desk,
        {
          draft: { op: 'request', action: 'erase', details: { subject }, until: waitsUntil('erase', now) },
          deny: (person) => denyAsking(person, 'erase'),
          notes: enrolled ? [] : ['No finger was enrolled under this pseudonym. See that it is the right one.'],
        },
        values,
        io,
      );
    });
  },
);
