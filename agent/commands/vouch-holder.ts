/** Who is vouched for at the terminal: the enrolled certificate that was named, or the one enrolled card that is plugged in beside that of the staff. */
import { X509Certificate } from 'node:crypto';
import { toHex } from '../log/entry.ts';
import { StartRefused } from '../refusals.ts';
import type { Desk } from './statement-desk.ts';
import { candidates } from './token-test/candidate.ts';
import { survey } from './tokens/survey.ts';

export interface FoundHolder {
  /** SHA-256, hex. */
  readonly certificateSha256: string;
  /** Pseudonym of the enrolment. */
  readonly subject: string;
  /** SPKI, DER, hex; where their card is plugged in. */
  readonly publicKey?: string;
  /** As their card has it. */
  readonly name?: string;
}

/** Throws StartRefused (exit code 1) where no enrolled certificate, or more than one, can be meant. */
export async function findHolder(desk: Desk, prefix: string | undefined): Promise<FoundHolder> {
  const enrolled = await enrolledIn(desk);
  const here = await onCards(desk);
  if (prefix !== undefined) {
    const [found, second] = [...enrolled.keys()].filter((certificate) => certificate.startsWith(prefix.toLowerCase()));
    if (found === undefined) throw new StartRefused(`No finger was enrolled for a certificate that begins with ${prefix}.`, 1);
    if (second !== undefined) throw new StartRefused(`More than one enrolled certificate begins with ${prefix}; say more of it.`, 1);
    return { certificateSha256: found, subject: enrolled.get(found) ?? '', ...here.get(found) };
  }
  const staff = new Set((desk.config.staff ?? []).map(({ certificateSha256 }) => certificateSha256));
  const [found, second] = [...here.keys()].filter((certificate) => enrolled.has(certificate) && !staff.has(certificate));
  if (found === undefined || second !== undefined)
    throw new StartRefused(
      `${found === undefined ? 'No card' : 'More than one card'} of an enrolled holder is plugged in. Say whom you vouch for: --holder PREFIX.`,
      1,
    );
  return { certificateSha256: found, subject: enrolled.get(found) ?? '', ...here.get(found) };
}

/** Pseudonym of each certificate that a finger was enrolled for; the newest enrolment counts. */
async function enrolledIn({ log }: Desk): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { event } of await log.entries({ op: 'enrol' })) if (event.op === 'enrol') found.set(event.certificate_sha256, event.subject);
  return found;
}

/** The certificates with a key on the cards that are plugged in. */
async function onCards({ around, env }: Desk): Promise<ReadonlyMap<string, Pick<FoundHolder, 'publicKey' | 'name'>>> {
  const { survey: seen, listed } = await survey(around, new Date(), { env });
  return new Map(
    candidates(seen, listed).map(({ key, judged }) => {
      const publicKey = toHex(new X509Certificate(key.certificate).publicKey.export({ type: 'spki', format: 'der' }));
      return [key.certificateSha256, { publicKey, ...(judged.holder === undefined ? {} : { name: judged.holder }) }] as const;
    }),
  );
}
