/** Which entries an expert needs to judge one operation, each with its proof under one checkpoint. It reads the log and nothing else. */
import { openCheckpoint, type OpenedCheckpoint } from '../log/checkpoint.ts';
import { type LogEntry, readEntry } from '../log/entry.ts';
import { EvidenceRefused } from '../log/evidence-error.ts';
import { makeVerifierKey } from '../log/note-key.ts';
import { verifyInclusion } from '../log/proof.ts';
import type { ReadableLog } from '../log/readable.ts';
import { findRows, newestCheckpoint, nodeReader } from '../log/schema.ts';
import { inclusionProof, MissingNode } from '../log/tree.ts';

/** The package cannot be made; the message is a sentence without its full stop. */
export class NoEvidence extends Error {
  override readonly name = 'NoEvidence';
}

/** One entry: its exact bytes, and the hashes that lead from its leaf to the root of the checkpoint, lowest first. */
export interface ProvenRow {
  readonly entry: LogEntry;
  readonly body: Uint8Array;
  readonly path: readonly Uint8Array[];
}

export interface ProvenOperation {
  readonly operation: string;
  readonly checkpoint: OpenedCheckpoint;
  /** Ed25519, 32 bytes. */
  readonly logKey: Uint8Array;
  /** In the order of the log. */
  readonly rows: readonly ProvenRow[];
}

/** Beside those of the operation: where the log begins, its key, whose finger it was, who vouched for the holder, and which documents came in. */
const around = ['genesis', 'key', 'enrol', 'vouch', 'document-in'] as const;

/** Throws NoEvidence: no such operation, no checkpoint covers all of it, or the log does not hold. */
export async function proveOperation({ database, facts }: ReadableLog, operation: string): Promise<ProvenOperation> {
  const all = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER, newestFirst: false };
  const own = await findRows(database, { ...all, operation });
  const last = own.at(-1)?.seq;
  if (last === undefined) throw new NoEvidence(`the log has no entry of an operation ${operation}`);
  const more = await findRows(database, { ...all, to: last, ops: around });
  const needed = neededBeside(own.map(readEntry), more.map(readEntry));
  const rows = [...more.filter(({ seq }) => needed.has(seq)), ...own].sort((one, other) => one.seq - other.seq);
  const stored = facts.hasTree ? await newestCheckpoint(database, last + 1) : undefined;
  if (stored === undefined || facts.key === undefined)
    throw new NoEvidence(
      `no checkpoint covers the operation to its last entry, ${last}, yet; one is signed while the agent runs, or by: countersign log checkpoint --new`,
    );
  const logKey = Buffer.from(facts.key.public_key, 'hex');
  try {
    const checkpoint = openCheckpoint(stored.note, {
      origin: facts.origin,
      key: makeVerifierKey(facts.origin, 'ed25519', logKey),
    });
    const proven: ProvenRow[] = [];
    for (const row of rows) {
      const path = await inclusionProof(row.seq, checkpoint.size, nodeReader(database));
      // Nobody gets a proof that does not hold.
      if (!verifyInclusion(row.leaf, row.seq, checkpoint.size, path, checkpoint.root))
        throw new EvidenceRefused('not-included', `entry ${row.seq} is not under the checkpoint of ${checkpoint.size} entries`);
      proven.push({ entry: readEntry(row), body: row.body, path });
    }
    return { operation, checkpoint, logKey, rows: proven };
  } catch (error) {
    if (!(error instanceof EvidenceRefused) && !(error instanceof MissingNode)) throw error;
    throw new NoEvidence(`the operation cannot be proven: ${error.message}; see: countersign log verify`, { cause: error });
  }
}

/** Numbers of the entries of others that are needed: of several that fit, the newest before the operation says it. */
function neededBeside(own: readonly LogEntry[], others: readonly LogEntry[]): ReadonlySet<number> {
  const needed = new Map<string, number>();
  for (const { seq, event } of others) {
    if (event.op === 'genesis') needed.set('genesis', seq);
    if (event.op === 'key' && event.purpose === 'log') needed.set('key', seq);
  }
  for (const { seq: end, event } of own) {
    if (event.op === 'vouched' && others.some(({ seq }) => seq === event.vouch)) needed.set(`vouch ${end}`, event.vouch);
    if (event.op !== 'sign.intent') continue;
    for (const { seq, event: other } of others) {
      if (seq > end) break;
      if (other.op === 'enrol' && other.certificate_sha256 === event.certificate_sha256) needed.set(`enrol ${end}`, seq);
      if (other.op === 'document-in' && other.document_sha256 === event.document_sha256) needed.set(`document ${end}`, seq);
    }
  }
  // What is of the operation itself is there already.
  const ours = new Set(own.map(({ seq }) => seq));
  return new Set([...needed.values()].filter((seq) => !ours.has(seq)));
}
