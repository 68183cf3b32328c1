/**
 * The checkpoints of one log: signs the head as it is on the disk, keeps each note, and never signs a head that did not grow out of the one
 * signed before. O(log n): the head is in memory, and the proof is read from stored nodes, which never change.
 */
import type { Appender } from './appender.ts';
import {
  type CheckpointTrust,
  mustFollow,
  openCheckpoint,
  type OpenedCheckpoint,
  signCheckpointWith,
  type TreeHead,
} from './checkpoint.ts';
import { type Database, DatabaseError } from './database.ts';
import { LogRefusal } from './errors.ts';
import { EvidenceRefused } from './evidence-error.ts';
import type { NoteSigner, VerifierKey } from './note-key.ts';
import { findRows, newestCheckpoint, nodeReader } from './schema.ts';
import { consistencyProof, inclusionProof, MissingNode, rootOf } from './tree.ts';

/** An entry, and the proof that it is under a checkpoint that was signed for it. */
export interface ProvenBody {
  readonly index: number;
  readonly body: Uint8Array;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: OpenedCheckpoint;
}

/** Whoever signs for a log that is open. */
export class Checkpoints {
  readonly #database: Database;
  readonly #appender: Appender;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(database: Database, appender: Appender) {
    this.#database = database;
    this.#appender = appender;
  }

  /** One at a time, so that each sees the one before; see `LogStore.checkpoint`. */
  sign(signer: NoteSigner): Promise<OpenedCheckpoint> {
    const result = this.#queue.then(() => this.#sign(signer));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** See `LogStore.prove`. */
  async prove(index: number, signer: NoteSigner): Promise<ProvenBody> {
    const checkpoint = await this.sign(signer);
    return this.#orBroken(async () => {
      const [row] = await findRows(this.#database, { from: index, to: index, limit: 1, newestFirst: false });
      if (row === undefined || index >= checkpoint.size) throw new RangeError(`no entry ${index} under ${checkpoint.size}`);
      const hashes = await inclusionProof(index, checkpoint.size, nodeReader(this.#database));
      return { index, body: row.body, hashes, checkpoint };
    });
  }

  /** Resolves when nothing is being signed. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  /** See `LogStore.checkGrowth`. */
  check(key: VerifierKey): Promise<void> {
    return this.#orBroken(async () => {
      const head = this.#head();
      const before = await this.#before({ origin: head.origin, key });
      if (before !== undefined) mustFollow(head, before, await this.#proof(before, head));
    });
  }

  #sign(signer: NoteSigner): Promise<OpenedCheckpoint> {
    return this.#orBroken(async () => {
      const head = this.#head();
      const before = await this.#before({ origin: head.origin, key: signer.verifier });
      if (before?.size === head.size && Buffer.compare(before.root, head.root) === 0) return before;
      const earlier = before === undefined ? 'none' : { checkpoint: before, proof: await this.#proof(before, head) };
      const signed = await signCheckpointWith(head, signer, earlier);
      // A key that answers late may answer after a commit that failed.
      if (this.#appender.failure !== undefined) throw this.#appender.failure;
      await this.#database.all('INSERT INTO checkpoint(size, note) VALUES (?, ?)', [signed.size, signed.note]);
      return signed;
    });
  }

  #head(): TreeHead {
    // After a commit that failed nobody knows what is on the disk, and so nobody signs it.
    if (this.#appender.failure !== undefined) throw this.#appender.failure;
    const { frontier, tip } = this.#appender;
    return { origin: tip.origin, size: frontier.size, root: rootOf(frontier) };
  }

  async #orBroken<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      if (cause instanceof DatabaseError) throw this.#appender.fail(`the checkpoint cannot be kept or read: ${cause.message}`, cause);
      if (!(cause instanceof EvidenceRefused) && !(cause instanceof MissingNode)) throw cause;
      throw new LogRefusal('broken', `it did not grow out of its newest checkpoint (${cause.message})`, { cause });
    }
  }

  async #before(trust: CheckpointTrust): Promise<OpenedCheckpoint | undefined> {
    const stored = await newestCheckpoint(this.#database);
    if (stored === undefined) return undefined;
    const opened = openCheckpoint(stored.note, trust);
    if (opened.size !== stored.size) throw new EvidenceRefused('not-consistent', 'it is not the checkpoint of its place');
    return opened;
  }

  async #proof(before: TreeHead, head: TreeHead): Promise<readonly Uint8Array[]> {
    if (before.size > head.size) throw new EvidenceRefused('not-consistent', 'the log has fewer entries than were signed');
    return before.size === 0 ? [] : consistencyProof(before.size, head.size, nodeReader(this.#database));
  }
}
