/** What the log says of its anchor: it begins once, and whoever renewed it left what was found. The file itself is no part of the log. */
import { isHash, must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';

const actions: ReadonlySet<unknown> = new Set(['begun', 'renewed', 'mended', 'failed']);

export class AnchorRules implements Rules {
  #hasBegun = false;

  take({ seq, op, fields, actor }: Entry): void {
    if (op !== 'anchor') return;
    const [action, found, size] = [fields.get('action'), fields.get('found'), fields.get('size')];
    must(actions.has(action), `entry ${seq}: it does not say what became of the anchor`);
    must(action !== 'begun' || !this.#hasBegun, `entry ${seq}: the log has an anchor already, and it begins only once`);
    must(action === 'begun' || action === 'renewed' || this.#hasBegun, `entry ${seq}: the log has no anchor yet`);
    this.#hasBegun = true;
    const isRenewal = action === 'renewed';
    must(isRenewal === (found !== undefined), `entry ${seq}: it does not say what was found when the anchor was renewed`);
    if (!isRenewal) return;
    must(actor.get('role') !== 'station', `entry ${seq}: the station renewed its anchor by itself`);
    must((size === undefined) === !isHash(fields.get('leaf')), `entry ${seq}: it does not say what the anchor said`);
    // The entry of the start stands between this one and the log that was found.
    const wasLonger = typeof size === 'number' && size > seq - 1;
    must((found === 'behind') === wasLonger, `entry ${seq}: what was found does not fit what the anchor said`);
  }
}
