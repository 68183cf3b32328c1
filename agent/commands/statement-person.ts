/** Who stands at the terminal: the member of staff whose card is plugged in, with a certificate that holds today. */
import { X509Certificate } from 'node:crypto';
import type { ProblemCode } from '../contract/problems.ts';
import { judgeCertificate } from '../documents/trust.ts';
import type { Actor } from '../log/catalogue.ts';
import { toHex } from '../log/entry.ts';
import type { EventOf } from '../log/events.ts';
import type { Person } from '../people/confirmation.ts';
import { StartRefused } from '../refusals.ts';
import { WrongUsage } from './arguments.ts';
import type { CommandIo } from './io.ts';
import { problemSentence } from './tell.ts';
import { choose } from './choose-candidate.ts';
import { type Candidate, candidates, meant } from './token-test/candidate.ts';
import { survey } from './tokens/survey.ts';
import type { Desk } from './statement-desk.ts';

/** A statement that may not be made: the sentence for the person, and what the log says of it. */
export class StatementDenied extends Error {
  override readonly name = 'StatementDenied';
  readonly refused: Pick<EventOf<'statement-refused'>, 'reason' | 'certificate_sha256' | 'problem' | 'actor'>;

  constructor(sentence: string, refused: StatementDenied['refused'], cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.refused = refused;
  }
}

/** Whoever holds a card that is on no list. */
const somebody: Actor = { id: 'terminal', role: 'clerk' };

export interface PersonAtDesk {
  readonly person: Person;
  readonly actor: Actor;
  readonly candidate: Candidate;
}

/** Throws StatementDenied for a card that is nobody's here or does not hold, and StartRefused when there is none or nobody can judge it. */
export async function personAtDesk(desk: Desk, prefix: string | undefined, io: CommandIo): Promise<PersonAtDesk> {
  if (prefix !== undefined && !/^[0-9a-f]{4,64}$/i.test(prefix))
    throw new WrongUsage(`--certificate takes the first 4 to 64 hexadecimal digits of a certificate's SHA-256, and not "${prefix}".`);
  const { around, config, env } = desk;
  const staff = config.staff ?? [];
  const { survey: seen, listed } = await survey(around, new Date(), { env });
  const all = candidates(seen, listed);
  const onList = all.filter(({ key }) => staff.some(({ certificateSha256 }) => certificateSha256 === key.certificateSha256));
  const possible = prefix === undefined && onList.length > 0 ? onList : meant(all, seen, prefix);
  const candidate = await choose(possible, 'Which certificate is yours', io);
  const { certificateSha256, certificate } = candidate.key;
  const member = staff.find((one) => one.certificateSha256 === certificateSha256);
  if (member === undefined)
    throw new StatementDenied(
      `The certificate ${certificateSha256} (${candidate.judged.holder ?? 'unknown holder'}) belongs to nobody on the staff of this station. ` +
        `An administrator can add it to "staff" in station.json: { "id": "...", "role": "clerk", "certificateSha256": "${certificateSha256}" }.`,
      { actor: somebody, reason: 'not-staff', certificate_sha256: certificateSha256 },
    );
  const actor: Actor = { id: member.id, role: member.role };
  if (around.trust === undefined) throw new StartRefused(`Nobody can judge this card. ${around.notJudged.join(' ')}`);
  const judged = judgeCertificate(certificate, around.trust, new Date());
  if (!judged.ok)
    throw new StatementDenied(`${problemSentence(judged.problem)} Nothing is entered with it.`, {
      actor,
      reason: 'certificate',
      certificate_sha256: certificateSha256,
      problem: judged.problem satisfies ProblemCode,
    });
  const publicKey = toHex(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }));
  return { person: { id: member.id, role: member.role, certificateSha256, publicKey }, actor, candidate };
}
