/**
 * The first members of staff who can read what a station seals: one supervisor and one auditor, given when the keys of the tiers are made. These keys
 * are forgotten right after that, so whoever is not given one then can only be given it by one of these.
 */
import type { NewStaff } from '../log/staff-grants.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';
import { somebodyIsThere } from './keyboard.ts';
import { type Lent, parseStaff, staffCredential, staffRecipient } from './staff-key.ts';

/** Options of every command that makes the keys of the tiers. */
export const firstStaffOptions = {
  supervisor: { type: 'string' },
  auditor: { type: 'string' },
  'supervisor-recipient': { type: 'string' },
  'auditor-recipient': { type: 'string' },
  'nobody-reads': { type: 'boolean', default: false },
} as const;

export const firstStaffHelp = `  --supervisor ID       pseudonym of the first supervisor (default supervisor-1)
  --auditor ID          pseudonym of the first auditor (default auditor-1)
  --supervisor-recipient AGE1, --auditor-recipient AGE1
                        wrap their keys to an age recipient; otherwise to a passphrase, which is the systemd credential
                        ${staffCredential('ID')}, or is asked at the terminal
  --nobody-reads        give the keys to nobody: what is sealed can then never be read, by anyone`;

interface Values {
  readonly supervisor?: string | undefined;
  readonly auditor?: string | undefined;
  readonly 'supervisor-recipient'?: string | undefined;
  readonly 'auditor-recipient'?: string | undefined;
  readonly 'nobody-reads': boolean;
}

/** Asks for what is missing; none with --nobody-reads. Throws WrongUsage and StartRefused. */
export async function firstStaff(values: Values): Promise<Lent<readonly NewStaff[]>> {
  const { supervisor, auditor, 'supervisor-recipient': toSupervisor, 'auditor-recipient': toAuditor } = values;
  const asked = [supervisor, auditor, toSupervisor, toAuditor].some((value) => value !== undefined);
  if (values['nobody-reads']) {
    if (asked) throw new WrongUsage('--nobody-reads gives the keys to nobody, and a supervisor or an auditor is named besides.');
    return { key: [], wipe: () => undefined };
  }
  const wanted = [
    { id: parseStaff(supervisor ?? 'supervisor-1'), role: 'supervisor', text: toSupervisor, option: '--supervisor-recipient' },
    { id: parseStaff(auditor ?? 'auditor-1'), role: 'auditor', text: toAuditor, option: '--auditor-recipient' },
  ] as const;
  if (wanted[0].id === wanted[1].id)
    throw new WrongUsage('The first supervisor and the first auditor are two persons, with two pseudonyms.');
  if (toSupervisor !== undefined && toSupervisor === toAuditor)
    throw new WrongUsage('The first supervisor and the first auditor are two persons, with two keys.');
  const lent: Lent<NewStaff>[] = [];
  const wipe = () => {
    for (const one of lent) one.wipe();
  };
  try {
    for (const { id, role, text, option } of wanted) {
      const { key, wipe: forget } = await staffRecipient(id, text, option);
      lent.push({ key: { id, role, ...key }, wipe: forget });
    }
    return { key: lent.map(({ key }) => key), wipe };
  } catch (error) {
    wipe();
    if (error instanceof StartRefused && !(error instanceof WrongUsage) && !somebodyIsThere())
      throw new StartRefused(
        `${error.message} With --nobody-reads the keys go to nobody, and nobody can ever read what is sealed.`,
        error.exitCode,
        error,
      );
    throw error;
  }
}

/** What a person is told who made the keys. */
export function tellFirstStaff(staff: readonly NewStaff[]): string {
  if (staff.length === 0)
    return 'What this station seals (names of holders, titles of documents) can never be read, by anyone: nobody was given the keys.';
  return `What this station seals can be read by ${staff.map(({ id, role }) => `${id} (${role})`).join(' and ')}, and by whom they let: countersign log staff`;
}
