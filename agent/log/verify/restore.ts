/** A log that carries on another one after a loss: it says so right behind its first entry, in a later epoch of the same station, under another key. */
import { isHash, map, must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';

/** The log of the epoch before, as the newest bundle had it. */
export interface Predecessor {
  readonly origin: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** SHA-256 of the manifest of that bundle, hex. */
  readonly manifest: string;
  /** The key of that log, hex. */
  readonly key: string;
}

const shape = /^([a-z0-9][a-z0-9.-]{0,99})\/e([1-9]\d{0,8})$/;

export class RestoreRules implements Rules {
  predecessor: Predecessor | undefined;

  take({ seq, op, origin, fields }: Entry): void {
    const [, station, epoch] = shape.exec(origin) ?? [];
    if (seq === 1) must(epoch === '1' || epoch === undefined || op === 'restore', 'entry 1 does not say which log this one carries on');
    if (op === 'restore') {
      must(seq === 1, `entry ${seq}: what carries on a log before this one stands right behind the first entry`);
      const [before, size] = [fields.get('origin'), fields.get('size')];
      const [, other, earlier] = shape.exec(String(before)) ?? [];
      must(
        other === station && Number(earlier) < Number(epoch),
        `entry ${seq}: the log before this one is not an earlier epoch of this station`,
      );
      const [root, manifest, key] = [fields.get('root'), fields.get('manifest_sha256'), fields.get('public_key')];
      const whole = typeof size === 'number' && size > 0 && isHash(root) && isHash(manifest) && isHash(key);
      must(whole, `entry ${seq}: it does not name the head of the log before this one`);
      this.predecessor = { origin: String(before), size, root: root as string, manifest: manifest as string, key: key as string };
    } else if (op === 'key' && fields.get('purpose') === 'log') {
      must(fields.get('public_key') !== this.predecessor?.key, `entry ${seq}: the key of the log before this one is used again`);
    } else if (op === 'enrol' && fields.has('carried')) {
      const carried = map(fields.get('carried'), seq);
      const entry = carried.get('entry');
      const named = this.predecessor !== undefined && typeof entry === 'number' && entry < this.predecessor.size;
      must(
        named && isHash(carried.get('entry_leaf')),
        `entry ${seq}: the enrolment is carried over from no entry of the log before this one`,
      );
    }
  }
}
