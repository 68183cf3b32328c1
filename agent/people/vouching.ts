/** Who may vouch for whom, and for how long. Pure. Nobody vouches for themselves, by whatever card. */
import type { Role } from '../log/catalogue.ts';
import type { Denial, Person } from './confirmation.ts';
import { keyName } from './vouches.ts';

const mayVouch: readonly Role[] = ['clerk', 'supervisor'];

/** Minutes that a vouch counts: how long by itself, and at most and at least. */
export const vouchMinutes = { usual: 30, least: 5, most: 1440 } as const;

/** Who is vouched for. */
export interface Vouchee {
  /** SHA-256, hex. */
  readonly certificateSha256: string;
  /** SPKI, DER, hex; undefined as long as their card is not here. */
  readonly publicKey?: string | undefined;
  /** Pseudonyms of the members of staff whose certificate or key that is. */
  readonly staff: ReadonlySet<string>;
}

/** Why this person may not vouch for that one; undefined when they may. */
export function denyVouching(person: Person, holder: Vouchee): Denial | undefined {
  const sameKey = holder.publicKey !== undefined && keyName(holder.publicKey) === keyName(person.publicKey);
  if (holder.staff.has(person.id) || holder.certificateSha256 === person.certificateSha256 || sameKey) return 'own-person';
  return mayVouch.includes(person.role) ? undefined : 'role';
}

/** Until when what is said at `from` counts: RFC 3339. */
export function vouchUntil(from: Date, minutes: number): string {
  return new Date(from.getTime() + minutes * 60_000).toISOString();
}
