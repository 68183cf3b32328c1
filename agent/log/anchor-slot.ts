/**
 * One slot of an anchor file: the head of a log as text, with the SHA-256 of that text below it. 512 bytes are one sector of a disk, so that a write that
 * is cut off spoils one slot and not its neighbour.
 */
import { createHash } from 'node:crypto';

/** The head of a log as its anchor keeps it. */
export interface AnchoredHead {
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** Leaf of the last entry, hex. */
  readonly leaf: string;
  /** Root of the tree, hex. */
  readonly root: string;
  /** The start of the agent in which the last entry was made, as `at.boot` of the entry says. */
  readonly boot: string;
}

/** Bytes of one slot. */
export const slotSize = 512;

const title = 'countersign/v1/anchor';
const origins = /^[a-z0-9][a-z0-9.-]{0,99}\/e[1-9]\d{0,8}$/;
const sizes = /^[1-9]\d{0,14}$/;
const hashes = /^[0-9a-f]{64}$/;
const boots = /^[A-Za-z0-9]{1,64}$/;

/** The slot of a head. Throws RangeError for what cannot stand in one. */
export function writeSlot(head: AnchoredHead): Buffer {
  if (!fits(head)) throw new RangeError('this head cannot be anchored');
  const text = `${title}\n${head.origin}\n${head.size}\n${head.leaf}\n${head.root}\n${head.boot}\n`;
  const slot = Buffer.alloc(slotSize, '\n');
  slot.write(`${text}${createHash('sha256').update(text).digest('hex')}`, 'latin1');
  return slot;
}

/** The head in a slot, or undefined where the slot is not exactly one that was written. */
export function readSlot(slot: Uint8Array): AnchoredHead | undefined {
  const [, origin = '', size = '', leaf = '', root = '', boot = ''] = Buffer.from(slot).toString('latin1').split('\n');
  const head = { origin, size: sizes.test(size) ? Number(size) : 0, leaf, root, boot };
  return fits(head) && writeSlot(head).equals(slot) ? head : undefined;
}

function fits({ origin, size, leaf, root, boot }: AnchoredHead): boolean {
  return origins.test(origin) && sizes.test(String(size)) && hashes.test(leaf) && hashes.test(root) && boots.test(boot);
}
