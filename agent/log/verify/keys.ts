/** Keys that the log says: one that its checkpoints are signed with, one for each tier, and those of head office. */
import { isHash, must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';

const tierNames: ReadonlySet<unknown> = new Set(['operations', 'supervision', 'audit']);

export class KeyRules implements Rules {
  /** The log's own key, hex, once an entry says it. */
  publicKey: string | undefined;
  /** Age recipients of the tiers, by tier. */
  readonly recipients = new Map<unknown, unknown>();

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
    must(typeof recipient === 'string' && /^age1[02-9ac-hj-np-z]{58}$/.test(recipient), unknownKey);
    if (purpose === 'tier') {
      const tier = fields.get('tier');
      must(action === 'made' && tierNames.has(tier), unknownKey);
      must(!this.recipients.has(tier), `entry ${seq}: the tier has a key already, and no second one is made`);
      this.recipients.set(tier, recipient);
    } else must(purpose === 'head-office' && action === 'taken', unknownKey);
  }
}
