/** `countersign log staff`: who may read what is sealed in the log. Each key that is given or taken away is an entry. */
import { LogRefusal } from '../log/errors.ts';
import { readLog } from '../log/readable.ts';
import { giveTiers, grantStaff, makeSealing, readSealing, revokeStaff, type SealingFacts, staffRoles } from '../log/staff-grants.ts';
import { StartRefused } from '../refusals.ts';
import { command, WrongUsage } from './arguments.ts';
import { firstStaff, firstStaffHelp, firstStaffOptions, tellFirstStaff } from './first-staff.ts';
import type { CommandIo } from './io.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';
import { parseStaff, staffCredential, staffRecipient } from './staff-key.ts';
import { withLog, withStaff } from './staff-session.ts';
import { stillThere } from './still-there.ts';

const help = `countersign log staff [--data DIR]
countersign log staff add ID --role ROLE --by ID [--identity FILE] [--recipient AGE1] [--data DIR]
countersign log staff remove ID --by ID [--identity FILE] [--data DIR]
countersign log staff make [options] [--data DIR]

Lists who may read what is sealed in the log: names of holders, titles of documents. With "add", somebody who may read gives somebody
else the keys that their role may have; with "remove", takes them away. Supervisors and auditors do that. "make" makes the keys of a
station that was made before names were sealed. The agent must not run, but for the list.

  --data DIR            folder of the station (default: ./station)
  --role ROLE           add: ${staffRoles.join(', ')}
  --by ID               add, remove: who does it, by their pseudonym
  --identity FILE       add, remove: the age identity that opens their keys; otherwise it is their passphrase
  --recipient AGE1      add: wrap the new keys to an age recipient; otherwise to a passphrase
                        A passphrase is the systemd credential ${staffCredential('ID')}, or is asked at the terminal
with "make":
${firstStaffHelp}
  --help

Exit codes: 0 listed or done, 1 refused (the sentence says why), 2 cannot be read or written.`;

/** Exit code 0, 1 when it is refused, 2 when the call is wrong or the log cannot be read or written. */
export const logStaff = command(
  {
    name: 'log staff',
    help,
    options: {
      data: { type: 'string', default: './station' },
      role: { type: 'string' },
      by: { type: 'string' },
      identity: { type: 'string' },
      recipient: { type: 'string' },
      ...firstStaffOptions,
    },
    takesWords: true,
  },
  async ({ values, words: [verb, name, ...more] }, io) => {
    const { data, role, by, identity: file, recipient } = values;
    const { supervisor, auditor, 'supervisor-recipient': toSupervisor, 'auditor-recipient': toAuditor, 'nobody-reads': nobody } = values;
    const first = nobody || [supervisor, auditor, toSupervisor, toAuditor].some((value) => value !== undefined);
    const ofOne = [role, by, file, recipient].some((value) => value !== undefined);
    if (more.length > 0) throw new WrongUsage(`countersign log staff takes no word "${more[0] ?? ''}".`);
    switch (verb) {
      case undefined:
      case 'make':
        if (name !== undefined) throw new WrongUsage(`countersign log staff make takes no word "${name}".`);
        if (ofOne) throw new WrongUsage('--role, --by, --identity and --recipient go with add and remove.');
        if (verb === 'make') return make(data, values, io);
        if (first) throw new WrongUsage('The first members of staff are named with: countersign log staff make.');
        return list(data, io);
      case 'add':
      case 'remove': {
        if (first) throw new WrongUsage('The first members of staff are named with: countersign log staff make.');
        if (name === undefined || by === undefined)
          throw new WrongUsage(`countersign log staff ${verb} needs a pseudonym, and --by with that of who does it.`);
        const granter = { id: parseStaff(by), file };
        if (verb === 'add') return add(data, granter, { id: parseStaff(name), role, recipient }, io);
        if (role !== undefined || recipient !== undefined) throw new WrongUsage('--role and --recipient go with add.');
        return remove(data, granter, parseStaff(name), io);
      }
      default:
        throw new WrongUsage(`countersign log staff takes the words add, remove and make, and not "${verb}".`);
    }
  },
);

interface By {
  readonly id: string;
  readonly file: string | undefined;
}
const why = 'each key that is given or taken away is an entry of the log';

function list(data: string, io: CommandIo): Promise<number> {
  return refuseUnreadable(io, async () => {
    const { tiers, staff } = await readLog(data, ({ facts }) => Promise.resolve(facts.sealing));
    if (tiers.length === 0) {
      io.out(`Nothing is sealed in this log yet. Make the keys for it with: countersign log staff make --data ${data}`);
      return 0;
    }
    if (staff.length === 0) io.out('Nobody can read what is sealed in this log, and nobody ever can: the keys were given to no one.');
    for (const one of staff) {
      const how = one.publicKey === undefined ? 'opened by a passphrase' : `wrapped to ${one.publicKey}`;
      io.out(`${one.id}  ${one.role}  reads ${one.tiers.join(', ')}  ${how}`);
    }
    return 0;
  });
}

function make(data: string, values: Parameters<typeof firstStaff>[0], io: CommandIo): Promise<number> {
  return withLog(data, why, async (log) => {
    const mustHaveNone = ({ tiers }: SealingFacts): void => {
      if (tiers.length > 0) throw new LogRefusal('not-allowed', 'the keys are made already, and are not made twice');
    };
    mustHaveNone(await readSealing(log));
    const staff = await firstStaff(values);
    try {
      await giveTiers(log.tables, await makeSealing(staff.key));
    } finally {
      staff.wipe();
    }
    io.out(`From now on names of holders and titles of documents are sealed. ${tellFirstStaff(staff.key)}`);
    return 0;
  });
}

async function add(
  data: string,
  { id: by, file }: By,
  { id, role: text, recipient }: { readonly id: string; readonly role: string | undefined; readonly recipient: string | undefined },
  io: CommandIo,
): Promise<number> {
  const role = staffRoles.find((one) => one === text);
  if (role === undefined) throw new WrongUsage(`countersign log staff add needs --role: ${staffRoles.join(', ')}.`);
  return withStaff(data, { id: by, file, why }, async ({ log, facts, person, tiers: open }) => {
    const lent = await staffRecipient(id, recipient, '--recipient');
    try {
      await grantStaff({ tables: log.tables, facts }, { ...person, open }, { id, role, ...lent.key });
    } finally {
      lent.wipe();
    }
    io.out(`${id} has the keys of a ${role} now.`);
    return 0;
  });
}

function remove(data: string, { id: by, file }: By, id: string, io: CommandIo): Promise<number> {
  return withStaff(data, { id: by, file, why }, async ({ log, facts, person, tiers: open }) => {
    const isOut = await revokeStaff({ tables: log.tables, facts }, { ...person, open }, id);
    io.out(`${id} has no keys any more.`);
    if (!isOut) throw new StartRefused(stillThere, 1);
    return 0;
  });
}
