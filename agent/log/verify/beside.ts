/**
 * What is held against the entries of a log as they stream by: the stored nodes of its tree, the checkpoints that it signed, the seals in it,
 * and a checkpoint that was kept elsewhere, which alone finds a tail that was cut off, an older copy, and a log that was made anew.
 */
import { must, Wrong } from './canonical.ts';
import type { NamedAttachment } from './confirmations.ts';
import type { Fields } from './fields.ts';
import { sha256Hex } from './hash.ts';
import { type KeyRows, type KeyRules, matchKeys } from './keys.ts';
import { SealedRows, type SealedRow, type SealedRules } from './sealed.ts';
import { type KnownLog, readClaim, readHeadLater, readSignedHead } from './checkpoint.ts';
import { LateChecks } from './late.ts';
import { Recent } from './recent.ts';
import { type NodeRow, StoredNodes, StreamedTree } from './tree.ts';

/** A checkpoint as it is stored: the size that it stands under, and a signed note. */
export interface StoredNote {
  readonly size: number;
  readonly note: Uint8Array;
}

export interface Beside {
  /** Whose log it is, as something beside the entries says: a table of facts, or what was kept elsewhere. */
  readonly origin?: string;
  /** In the order in which they became complete; absent where none are stored. */
  readonly nodes?: AsyncIterable<NodeRow>;
  /** As they are stored, the smallest first; absent where none can be. */
  readonly checkpoints?: AsyncIterable<StoredNote> | Iterable<StoredNote>;
  /** Sealed fields, by the number of their entry; where it is left out, nothing is asked of them. */
  readonly sealed?: AsyncIterable<SealedRow>;
  /** The keys of the tiers, and for whom they are wrapped; where it is left out, nothing is asked of them. */
  readonly keys?: KeyRows;
  /** A checkpoint that was kept elsewhere: a signed note. */
  readonly kept?: Uint8Array;
  /** The log's public key, 32 bytes, as it was brought from elsewhere; without it the log's own entry is believed. */
  readonly publicKey?: Uint8Array;
  /** Is told of every attachment that an entry names, in the order of the entries; whether the file is there is for the caller to say. */
  readonly attachment?: (named: NamedAttachment) => Promise<void> | void;
}

/** How many stored checkpoints a seal may have to be looked for in. It names the newest one but for those of appends that were under way meanwhile. */
const sealedAmong = 1000;

/** `T` is what is known at a place in the log, for a signature that is found bad when the reader is further on. */
export class BesideTheEntries<T> {
  readonly #beside: Beside;
  readonly #known: () => T;
  readonly #tree = new StreamedTree();
  readonly #nodes: StoredNodes | undefined;
  readonly #sealedRows: SealedRows | undefined;
  readonly #stored: AsyncIterator<StoredNote> | Iterator<StoredNote> | undefined;
  /** The stored checkpoint that comes next: undefined before the first was asked for, and behind the last. */
  #next: StoredNote | undefined;
  #isBegun = false;
  /** Of the checkpoints whose roots were checked, by size: what a seal may name. */
  readonly #sealed = new Recent<unknown, { readonly root: string; readonly note: string }>(sealedAmong);
  readonly #signatures = new LateChecks<T>();
  #log: KnownLog | undefined;
  readonly #keptSize: number | undefined;
  #keptRoot: Uint8Array | undefined;

  /** `known` gives what is known where the reader stands. Throws Wrong when the checkpoint that was kept elsewhere is none. */
  constructor(beside: Beside, known: () => T) {
    this.#beside = beside;
    this.#known = known;
    this.#nodes = beside.nodes === undefined ? undefined : new StoredNodes(beside.nodes);
    this.#sealedRows = beside.sealed === undefined ? undefined : new SealedRows(beside.sealed);
    const stored = beside.checkpoints;
    if (stored !== undefined) this.#stored = Symbol.asyncIterator in stored ? stored[Symbol.asyncIterator]() : stored[Symbol.iterator]();
    this.#keptSize = beside.kept === undefined ? undefined : readClaim(beside.kept).size;
    if (this.#keptSize === 0) this.#keptRoot = this.#tree.root();
  }

  /** How many checkpoints were found good. */
  get checkpoints(): number {
    return this.#signatures.good;
  }

  /**
   * Takes the leaf of the next entry, behind which `log` is what the entries say of the log. Gives nothing to wait for where nothing has to be
   * read. Throws Wrong.
   */
  take(leaf: Uint8Array, log: LogSoFar): Promise<void> | undefined {
    const seq = this.#tree.size;
    const completed = this.#tree.take(leaf);
    if (seq + 1 === this.#keptSize) this.#keptRoot = this.#tree.root();
    const reads = !this.#isBegun || this.#next?.size === seq + 1 || (completed.length > 0 && this.#nodes !== undefined);
    const opens = this.#sealedRows?.concerns(seq, log.personal) === true;
    return reads || opens ? this.#match(seq, completed, log) : undefined;
  }

  async #match(seq: number, completed: readonly NodeRow[], log: LogSoFar): Promise<void> {
    if (completed.length > 0) await this.#nodes?.match(completed, seq);
    await this.#sealedRows?.match(seq, log.personal);
    if (!this.#isBegun) await this.#step();
    if (this.#next?.size === seq + 1) await this.#checkpoint(this.#next, log);
  }

  async #checkpoint({ size, note }: StoredNote, log: LogSoFar): Promise<void> {
    const known = (this.#log ??= keyOf(log));
    must(known !== undefined, `a checkpoint of ${size} entries is stored, and none of these says the key of the log`);
    const sentence = `the checkpoint of ${size} entries that is stored does not hold`;
    const { head, signed } = explained(sentence, () => readHeadLater(note, known));
    const root = this.#tree.root();
    if (head.size !== size || !same(head.root, root)) {
      const why = await signed();
      throw new Wrong(
        why === undefined ? `the checkpoint of ${size} entries that is stored is not of these entries` : `${sentence} (${why})`,
      );
    }
    await this.#signatures.add(this.#known(), () => signed().then((why) => (why === undefined ? undefined : `${sentence} (${why})`)));
    this.#sealed.set(size, { root: hex(root), note: sha256Hex(note) });
    await this.#step();
  }

  async #step(): Promise<void> {
    this.#isBegun = true;
    const next = await this.#stored?.next();
    this.#next = next === undefined || next.done === true ? undefined : next.value;
  }

  /** Waits for signatures that are still being checked. Throws WrongBefore. */
  settle(): Promise<void> {
    return this.#signatures.settle();
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
    const { kept, publicKey, origin = log.origin } = this.#beside;
    await this.settle();
    // First what was kept elsewhere: where entries are gone, it says so best.
    if (kept !== undefined && this.#keptSize !== undefined) {
      const cut = `the log ends after ${size} entries, and the checkpoint that was kept elsewhere is of ${this.#keptSize}: it was cut short, or an older copy was put in its place`;
      must(this.#keptRoot !== undefined, cut);
      const known = keyOf({ origin: log.origin, publicKey: publicKey === undefined ? log.publicKey : hex(publicKey) });
      must(known !== undefined, 'the log does not say its key, so nobody can tell who signed the checkpoint that was kept elsewhere');
      const apart = 'the checkpoint that was kept elsewhere and this log do not belong together, or the log was made anew';
      const head = explained(apart, () => readSignedHead(kept, known));
      const changed = `the first ${head.size} entries are not those over which the checkpoint that was kept elsewhere was signed: the log was changed or made anew`;
      must(same(head.root, this.#keptRoot), changed);
    }
    must(
      origin === log.origin,
      `the entries are of ${String(log.origin)}, and what stands beside them says that this is the log of ${String(origin)}`,
    );
    if (publicKey !== undefined) must(log.publicKey === hex(publicKey), 'the log does not say the key that was brought from elsewhere');
    const left = this.#next;
    must(left === undefined, `a checkpoint of ${left?.size ?? 0} entries is stored, and there are ${size}: the log was cut short`);
    await this.#nodes?.end();
    if (this.#beside.keys !== undefined) matchKeys(this.#beside.keys, log.keys);
    await this.#sealedRows?.end();
  }

  /** Lets what is stored go, so that its source can be closed. */
  async release(): Promise<void> {
    await this.#nodes?.release();
    await this.#sealedRows?.release();
    await this.#stored?.return?.();
    await this.#signatures.settle().catch(() => undefined);
  }
}

/** What is wrong with a note, behind the sentence that says which note it is. */
function explained<R>(sentence: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    throw error instanceof Wrong ? new Wrong(`${sentence} (${error.message})`) : error;
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
