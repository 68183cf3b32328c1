/**
 * Keys of the three tiers. The station knows each tier's recipient and seals to it, so that it writes what it cannot read. The identity
 * that opens a tier exists only wrapped for each entitled member of staff, and in memory while such a person is logged in.
 */
import {
  AgeRefusal,
  type Identity,
  makeIdentity,
  parseRecipient,
  type Recipient,
  recipientOf,
  unwrapWith,
  wrapFor,
  x25519Identity,
  x25519Recipient,
} from './age-keys.ts';
import type { Role } from './catalogue.ts';
import { type Tier, tiers } from './sealed-field.ts';
import { keyLength } from './sealing.ts';

/** What each role may read. An administrator keeps the machine and reads nothing about persons; a holder has the receipt. */
const entitled: Readonly<Record<Role, readonly Tier[]>> = {
  clerk: ['operations'],
  supervisor: ['operations', 'supervision'],
  auditor: ['operations', 'supervision', 'audit'],
  administrator: [],
  holder: [],
  station: [],
};

/** The tiers that a role may read, lowest first. */
export function tiersOf(role: Role): readonly Tier[] {
  return entitled[role];
}

/** A tier as the station keeps it in the clear: whom to seal to (`age1...`). */
export interface TierRecipient {
  readonly tier: Tier;
  readonly recipient: string;
}

/** A tier's identity, wrapped for one member of staff (an age file). */
export interface TierGrant {
  readonly tier: Tier;
  /** Pseudonym of the member of staff. */
  readonly staff: string;
  readonly wrapped: Uint8Array;
}

/** A member of staff and what opens the grants that are wrapped for them: their token, their key or their passphrase. */
export interface StaffKey {
  readonly staff: string;
  readonly role: Role;
  readonly identity: Identity;
}

/** Someone asks for what their role may not read, or a tier that is not unlocked. */
export class TierLocked extends Error {
  override readonly name = 'TierLocked';
  readonly tier: Tier;

  constructor(tier: Tier) {
    super(`the tier ${tier} is not open to this person`);
    this.tier = tier;
  }
}

/** Identities of the tiers that one person opened. `wipe` at the end of their session; afterwards nothing opens. */
export class OpenTiers {
  readonly #identities: Map<Tier, Uint8Array>;

  /** Takes the bytes over: it wipes them. */
  constructor(identities: ReadonlyMap<Tier, Uint8Array>) {
    this.#identities = new Map(identities);
  }

  /** Which tiers are open, lowest first. */
  get tiers(): readonly Tier[] {
    return tiers.filter((tier) => this.#identities.has(tier));
  }

  /** Opens a key that was wrapped to a tier; the caller wipes it. Throws TierLocked, and AgeRefusal for what is not wrapped to this tier. */
  async unwrapKey(tier: Tier, wrapped: Uint8Array): Promise<Uint8Array> {
    const key = await unwrapWith(x25519Identity(this.#identity(tier)), wrapped);
    if (key.byteLength === keyLength) return key;
    key.fill(0);
    throw new AgeRefusal('what is wrapped is no key of this log');
  }

  /** Wraps an open tier for one more member of staff. Throws TierLocked when it is not open, or their role may not read it. */
  async grant(tier: Tier, to: { readonly staff: string; readonly role: Role }, recipient: Recipient): Promise<TierGrant> {
    if (!tiersOf(to.role).includes(tier)) throw new TierLocked(tier);
    return { tier, staff: to.staff, wrapped: await wrapFor([recipient], this.#identity(tier)) };
  }

  /** Overwrites every identity with zeros. */
  wipe(): void {
    for (const identity of this.#identities.values()) identity.fill(0);
    this.#identities.clear();
  }

  #identity(tier: Tier): Uint8Array {
    const identity = this.#identities.get(tier);
    if (identity === undefined) throw new TierLocked(tier);
    return identity;
  }
}

/** Makes the keys of all tiers for a new log: the recipients to keep, and the identities, open until they were granted and wiped. */
export function makeTiers(): { readonly recipients: readonly TierRecipient[]; readonly open: OpenTiers } {
  const made = tiers.map((tier) => ({ tier, identity: makeIdentity() }));
  return {
    recipients: made.map(({ tier, identity }) => ({ tier, recipient: recipientOf(identity) })),
    open: new OpenTiers(new Map(made.map(({ tier, identity }) => [tier, identity]))),
  };
}

/**
 * Opens the tiers that a member of staff is entitled to: grants of others, and of tiers above their role, are passed over. A grant counts
 * only when what is in it belongs to the recipient that the station seals to, because anybody can wrap something for a person. Throws
 * AgeRefusal when a grant of theirs does not open (another passphrase, another key, a changed file) or holds something else.
 */
export async function unlockTiers(key: StaffKey, grants: readonly TierGrant[], recipients: readonly TierRecipient[]): Promise<OpenTiers> {
  const identities = new Map<Tier, Uint8Array>();
  const open = () => new OpenTiers(identities);
  try {
    for (const { tier, staff, wrapped } of grants) {
      if (staff !== key.staff || !tiersOf(key.role).includes(tier)) continue;
      const identity = await unwrapWith(key.identity, wrapped);
      identities.get(tier)?.fill(0);
      identities.set(tier, identity);
      const expected = recipients.find((one) => one.tier === tier)?.recipient;
      if (identity.byteLength !== keyLength || recipientOf(identity) !== expected)
        throw new AgeRefusal(`what is wrapped for this person is not the key of the tier ${tier}`);
    }
    return open();
  } catch (error) {
    open().wipe();
    throw error;
  }
}

/** Wraps a key to the recipient of a tier. Throws AgeRefusal for what is no recipient. */
export function wrapToTier({ recipient }: TierRecipient, key: Uint8Array): Promise<Uint8Array> {
  parseRecipient(recipient);
  return wrapFor([x25519Recipient(recipient)], key);
}
