/**
 * Who may ask for what, and who may be the second person: one table and two rules over it. Pure. It must never let anybody decide on what they asked for,
 * by whatever card. What was decided stands in the log and is checked there by the second implementation, which has a table of its own
 * (`agent/log/verify/confirmations.ts`): who may is part of what the log means, and the two change together.
 */
import type { Role } from '../log/catalogue.ts';
import type { Asked } from '../log/confirmations.ts';

/** What needs a second person. */
export type Act = Asked['act'];

interface Rule {
  readonly asks: readonly Role[];
  readonly decides: readonly Role[];
  /** Days until it lapses when nobody decides. */
  readonly days: number;
}

/** Nobody may do everything: an administrator decides nothing, an auditor asks for no erasure. */
export const acts: Readonly<Record<Act, Rule>> = {
  supplement: { asks: ['clerk', 'supervisor', 'auditor', 'administrator'], decides: ['supervisor', 'auditor'], days: 90 },
  erase: { asks: ['clerk', 'supervisor'], decides: ['supervisor'], days: 14 },
};

/** A member of staff and the card in their hand. */
export interface Person {
  readonly id: string;
  readonly role: Role;
  /** SHA-256, hex. */
  readonly certificateSha256: string;
  /** SPKI, DER, hex. */
  readonly publicKey: string;
}

/** `own-entry`: they asked for it themselves, or with this card or its key somebody did. `own-person`: it is about themselves. */
export type Denial = 'role' | 'own-entry' | 'own-person' | 'confirmed' | 'rejected' | 'used' | 'lapsed';

/** Why this person may not ask for this; undefined when they may. */
export function denyAsking({ role }: Pick<Person, 'role'>, act: Act): Denial | undefined {
  return acts[act].asks.includes(role) ? undefined : 'role';
}

/** Why this person may not confirm or reject what was asked for; undefined when they may. */
export function denyDeciding(person: Person, asked: Asked): Denial | undefined {
  const own = person.id === asked.actor.id || person.certificateSha256 === asked.certificateSha256 || person.publicKey === asked.publicKey;
  if (own) return 'own-entry';
  if (!acts[asked.act].decides.includes(person.role)) return 'role';
  return asked.state.is === 'open' ? undefined : asked.state.is;
}

/** Until when what is asked for at `from` waits: RFC 3339. */
export function waitsUntil(act: Act, from: Date): string {
  return new Date(from.getTime() + acts[act].days * 86_400_000).toISOString();
}
