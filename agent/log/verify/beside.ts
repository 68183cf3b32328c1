/**
 * What is held against the entries of a log as they stream by: the stored nodes of its tree, the checkpoints that it signed, the seals in it,
 * and a checkpoint that was kept elsewhere, which alone finds a tail that was cut off, an older copy, and a log that was made anew.
 */
import { createHash } from 'node:crypto';
import { type Fields, must, Wrong } from './canonical.ts';
import { type KeyRows, type KeyRules, matchKeys } from './keys.ts';
import { SealedRows, type SealedRow, type SealedRules } from './sealed.ts';
import { type KnownLog, readClaim, readSignedHead } from './checkpoint.ts';
import { type NodeRow, StoredNodes, StreamedTree } from './tree.ts';

export interface Beside {
  /** Whose log it is, as something beside the entries says: a table of facts, or what was kept elsewhere. */
  readonly origin?: string;
  /** In the order in which they became complete; absent where none are stored. */
  readonly nodes?: AsyncIterable<NodeRow>;
  /** As they are stored, the smallest first; absent where none can be. */
  readonly checkpoints?: readonly { readonly size: number; readonly note: Uint8Array }[];
  /** Sealed fields, by the number of their entry; where it is left out, nothing is asked of them. */
  readonly sealed?: AsyncIterable<SealedRow>;
  /** The keys of the tiers, and for whom they are wrapped; where it is left out, nothing is asked of them. */
  readonly keys?: KeyRows;
  /** A checkpoint that was kept elsewhere: a signed note. */
  readonly kept?: Uint8Array;
  /** The log's public key, 32 bytes, as it was brought from elsewhere; without it the log's own entry is believed. */
  readonly publicKey?: Uint8Array;
}

export class BesideTheEntries {
  readonly #beside: Beside;
  readonly #tree = new StreamedTree();
  readonly #nodes: StoredNodes | undefined;
  /** Of the checkpoints that were checked, by size: what a seal may name. */
  readonly #sealed = new Map<unknown, { readonly root: string; readonly note: string }>();
  readonly #sealedRows: SealedRows | undefined;
  readonly #keptSize: number | undefined;
  #keptRoot: Uint8Array | undefined;
  /** How many checkpoints were found good. */
  checkpoints = 0;

  /** Throws Wrong when the checkpoint that was kept elsewhere is none. */
  constructor(beside: Beside) {
    this.#beside = beside;
    this.#nodes = beside.nodes === undefined ? undefined : new StoredNodes(beside.nodes);
    this.#sealedRows = beside.sealed === undefined ? undefined : new SealedRows(beside.sealed);
    this.#keptSize = beside.kept === undefined ? undefined : readClaim(beside.kept).size;
    if (this.#keptSize === 0) this.#keptRoot = this.#tree.root();
  }

  /** Takes the leaf of the next entry, behind which `log` is what the entries say of the log. Throws Wrong. */
  async take(leaf: Uint8Array, log: LogSoFar): Promise<void> {
    const seq = this.#tree.size;
    const completed = this.#tree.take(leaf);
    await this.#nodes?.match(completed, seq);
    await this.#sealedRows?.match(seq, log.personal);
    const size = seq + 1;
    if (size === this.#keptSize) this.#keptRoot = this.#tree.root();
    const next = this.#beside.checkpoints?.[this.checkpoints];
    if (next?.size !== size) return;
    const known = keyOf(log);
    must(known !== undefined, `a checkpoint of ${size} entries is stored, and none of these says the key of the log`);
    const head = this.#read(next.note, known, `the checkpoint of ${size} entries that is stored does not hold`);
    const root = this.#tree.root();
    must(head.size === size && same(head.root, root), `the checkpoint of ${size} entries that is stored is not of these entries`);
    this.#sealed.set(size, { root: hex(root), note: createHash('sha256').update(next.note).digest('hex') });
    this.checkpoints += 1;
  }

  /** Checks that a seal names a checkpoint that is stored. Throws Wrong. */
  seal(fields: Fields, seq: number): void {
    if (this.#beside.checkpoints === undefined) return;
    const sealed = this.#sealed.get(fields.get('size'));
    const named = sealed?.root === fields.get('root') && sealed?.note === fields.get('checkpoint_sha256');
    must(named, `entry ${seq}: the checkpoint that it was sealed with is not stored`);
  }

  /** Checks what can be checked only behind the last entry. Throws Wrong. */
  async end(log: LogSoFar): Promise<void> {
    const { size } = this.#tree;
    const { checkpoints = [], kept, publicKey, origin = log.origin } = this.#beside;
    // First what was kept elsewhere: where entries are gone, it says so best.
    if (kept !== undefined && this.#keptSize !== undefined) {
      const cut = `the log ends after ${size} entries, and the checkpoint that was kept elsewhere is of ${this.#keptSize}: it was cut short, or an older copy was put in its place`;
      must(this.#keptRoot !== undefined, cut);
      const known = keyOf({ origin: log.origin, publicKey: publicKey === undefined ? log.publicKey : hex(publicKey) });
      must(known !== undefined, 'the log does not say its key, so nobody can tell who signed the checkpoint that was kept elsewhere');
      const head = this.#read(
        kept,
        known,
        'the checkpoint that was kept elsewhere and this log do not belong together, or the log was made anew',
      );
      const changed = `the first ${head.size} entries are not those over which the checkpoint that was kept elsewhere was signed: the log was changed or made anew`;
      must(same(head.root, this.#keptRoot), changed);
    }
    must(
      origin === log.origin,
      `the entries are of ${String(log.origin)}, and what stands beside them says that this is the log of ${String(origin)}`,
    );
    if (publicKey !== undefined) must(log.publicKey === hex(publicKey), 'the log does not say the key that was brought from elsewhere');
    const left = checkpoints[this.checkpoints];
    must(left === undefined, `a checkpoint of ${left?.size ?? 0} entries is stored, and there are ${size}: the log was cut short`);
    await this.#nodes?.end();
    if (this.#beside.keys !== undefined) matchKeys(this.#beside.keys, log.keys);
    await this.#sealedRows?.end();
  }

  /** Lets the stored nodes go. */
  async release(): Promise<void> {
    await this.#nodes?.release();
    await this.#sealedRows?.release();
  }

  #read(note: Uint8Array, log: KnownLog, sentence: string) {
    try {
      return readSignedHead(note, log);
    } catch (error) {
      if (error instanceof Wrong) throw new Wrong(`${sentence} (${error.message})`);
      throw error;
    }
  }
}

/** What the entries so far say of the log: its origin, and its public key in hex. */
export interface LogSoFar {
  readonly origin: unknown;
  readonly publicKey: string | undefined;
  readonly personal: SealedRules;
  readonly keys: KeyRules;
}

function keyOf({ origin, publicKey }: Pick<LogSoFar, 'origin' | 'publicKey'>): KnownLog | undefined {
  return typeof origin === 'string' && publicKey !== undefined ? { origin, publicKey: Buffer.from(publicKey, 'hex') } : undefined;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
