/** Keys that the log says: one that its checkpoints are signed with, one for each tier, those of head office, and for whom the tiers' keys are wrapped. */
import { createHash } from 'node:crypto';
import { isHash, must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';
import { Fields } from './fields.ts';

const tierNames: ReadonlySet<unknown> = new Set(['operations', 'supervision', 'audit']);
/** What a role may be given. */
const entitled: ReadonlyMap<unknown, readonly unknown[]> = new Map([
  ['clerk', ['operations']],
  ['supervisor', ['operations', 'supervision']],
  ['auditor', ['operations', 'supervision', 'audit']],
]);

export class KeyRules implements Rules {
  /** The log's own key, hex, once an entry says it. */
  publicKey: string | undefined;
  /** Age recipients of the tiers, by tier. */
  readonly recipients = new Map<unknown, unknown>();
  /** SHA-256 (hex) of each wrapped key, by tier, for each member of staff who has one. */
  readonly grants = new Map<unknown, ReadonlyMap<unknown, unknown>>();

  take({ seq, op, fields }: Entry): void {
    if (op !== 'key') return;
    const [purpose, action, recipient] = [fields.get('purpose'), fields.get('action'), fields.get('recipient')];
    const unknownKey = `entry ${seq}: it does not say which key was made`;
    if (purpose === 'log') {
      const publicKey = fields.get('public_key');
      must(action === 'made' && isHash(publicKey), unknownKey);
      must(this.publicKey === undefined, `entry ${seq}: the log has a key already, and no second one is made`);
      this.publicKey = publicKey as string;
      return;
    }
    if (purpose === 'staff') {
      this.#staff({ seq, fields });
      return;
    }
    must(typeof recipient === 'string' && /^age1[02-9ac-hj-np-z]{58}$/.test(recipient), unknownKey);
    if (purpose === 'tier') {
      const tier = fields.get('tier');
      must(action === 'made' && tierNames.has(tier), unknownKey);
      must(!this.recipients.has(tier), `entry ${seq}: the tier has a key already, and no second one is made`);
      this.recipients.set(tier, recipient);
    } else must(purpose === 'head-office' && action === 'taken', unknownKey);
  }

  #staff({ seq, fields }: Pick<Entry, 'seq' | 'fields'>): void {
    const [action, staff, role, grants] = ['action', 'staff', 'role', 'grants'].map((name) => fields.get(name));
    must(typeof staff === 'string', `entry ${seq}: it does not say whose keys these are`);
    if (action === 'revoked') {
      must(this.grants.delete(staff), `entry ${seq}: it takes keys away from somebody who has none`);
      return;
    }
    must(action === 'granted' && Array.isArray(grants) && grants.length > 0, `entry ${seq}: it does not say which keys were given`);
    must(!this.grants.has(staff), `entry ${seq}: it gives keys to somebody who has some`);
    const given = new Map<unknown, unknown>();
    for (const grant of grants as readonly unknown[]) {
      must(grant instanceof Fields && isHash(grant.get('wrapped_sha256')), `entry ${seq}: it does not say which keys were given`);
      const tier: unknown = grant.get('tier');
      must(this.recipients.has(tier) && !given.has(tier), `entry ${seq}: it gives the key of a tier that is none, or gives it twice`);
      must(entitled.get(role)?.includes(tier) === true, `entry ${seq}: it gives a key to somebody whose role may not have it`);
      given.set(tier, grant.get('wrapped_sha256'));
    }
    this.grants.set(staff, given);
  }
}

/** The keys of the tiers as they are stored beside the entries. */
export interface KeyRows {
  readonly tiers: readonly { readonly tier: string; readonly recipient: string }[];
  /** `wrapped`: an age file. */
  readonly grants: readonly { readonly tier: string; readonly staff: string; readonly wrapped: Uint8Array }[];
}

/** Checks that what is stored is what the entries say. Throws Wrong. */
export function matchKeys({ tiers, grants }: KeyRows, { recipients, grants: said }: KeyRules): void {
  for (const { tier, recipient } of tiers)
    must(recipients.get(tier) === recipient, `the key of the tier ${tier} that is stored is not the one that the log says`);
  must(tiers.length === recipients.size, 'the key of a tier is missing that the log says');
  for (const { tier, staff, wrapped } of grants) {
    const hash = createHash('sha256').update(wrapped).digest('hex');
    must(said.get(staff)?.get(tier) === hash, `the key of the tier ${tier} is wrapped for ${staff}, and no entry says so`);
  }
  const count = [...said.values()].reduce((sum, given) => sum + given.size, 0);
  must(grants.length === count, 'a wrapped key is missing that the log says was given to a member of staff');
}
