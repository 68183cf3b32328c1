/** Bundles that went out: each ends once, after it was begun, and their numbers grow. */
import { isHash, must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';
import { Recent } from './recent.ts';

/** How often a bundle may be begun before it is done: each time it was interrupted it is begun again. */
const beginnings = 1000;

export class ExportRules implements Rules {
  /** The last of those that were begun since one was done: their numbers, by entry. */
  readonly #begun = new Recent<unknown, unknown>(beginnings);
  #last = 0;

  take({ seq, op, fields }: Entry): void {
    if (op !== 'export.begin' && op !== 'export.done') return;
    const number = fields.get('number');
    // An export that was interrupted is begun again under its number.
    must(typeof number === 'number' && number > this.#last, `entry ${seq}: the number of the bundle does not follow the one before it`);
    if (op === 'export.begin') {
      const [from, size] = [fields.get('from'), fields.get('size')];
      const within = typeof from === 'number' && typeof size === 'number' && from < size && size <= seq;
      must(within, `entry ${seq}: a bundle was begun of entries that are not there`);
      this.#begun.set(seq, number);
      return;
    }
    must(this.#begun.get(fields.get('begin')) === number, `entry ${seq}: it ends no bundle that was begun and had not ended`);
    must(isHash(fields.get('manifest_sha256')), `entry ${seq}: it does not name the manifest of the bundle`);
    this.#begun.clear();
    this.#last = number;
  }
}
