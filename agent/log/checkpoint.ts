/** C2SP tlog-checkpoint: a signed statement of the log's size and root. Three lines and no more: extension lines are refused. */
import { EvidenceRefused } from './evidence-error.ts';
import { decodeDecimal, decodeHash, encodeBase64 } from './exact-text.ts';
import { addSignature, formatNote, type NoteSignature, openNote } from './note.ts';
import { isKeyName, type LocalSigner, type NoteCosigner, type NoteSigner, type VerifierKey } from './note-key.ts';
import { verifyConsistency } from './proof.ts';
import { emptyRoot } from './tree.ts';

/** The head of a tree: what a checkpoint states. */
export interface TreeHead {
  /** Station and epoch, for example `branch-12.example.org/e1`; also the name of the key that signs. */
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** When a witness saw the head, seconds since 1970. */
export interface Cosignature {
  readonly name: string;
  readonly seconds: number;
}

/** A checkpoint whose signature by the log was found good. */
export interface OpenedCheckpoint extends TreeHead {
  /** The signed note, the very bytes: evidence that stands by itself. */
  readonly note: Uint8Array;
  /** Of known witnesses only. */
  readonly cosignatures: readonly Cosignature[];
  /** Lines of unknown keys. */
  readonly unknown: readonly NoteSignature[];
}

/** Whose checkpoints are believed. */
export interface CheckpointTrust {
  readonly origin: string;
  /** The log's key, of type `ed25519`. */
  readonly key: VerifierKey;
  /** Keys of type `cosignature`. */
  readonly witnesses?: readonly VerifierKey[];
}

/** The text of a checkpoint. Throws EvidenceRefused `malformed` for a head that cannot be written so. */
export function formatHead({ origin, size, root }: TreeHead): string {
  const text = `${origin}\n${size}\n${encodeBase64(root)}\n`;
  parseHead(text);
  return text;
}

/** Reads the text of a checkpoint. Throws EvidenceRefused `malformed`, also for extension lines and for an empty tree with leaves. */
export function parseHead(text: string): TreeHead {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n');
  if (rest.length !== 1 || rest[0] !== '' || !isKeyName(origin))
    throw new EvidenceRefused('malformed', 'not the three lines of a checkpoint');
  const head = { origin, size: decodeDecimal(size), root: decodeHash(root) };
  if (head.size === 0 && Buffer.compare(head.root, emptyRoot()) !== 0)
    throw new EvidenceRefused('malformed', 'a root that the empty tree does not have');
  return head;
}

/** The checkpoint that was signed before, with the proof that the new head grew out of it; `none` for the first one of a key. */
export type Earlier = 'none' | { readonly checkpoint: OpenedCheckpoint; readonly proof: readonly Uint8Array[] };

/**
 * Signs a head as a checkpoint. A log must not sign a head that is not consistent with one it signed before (C2SP tlog-checkpoint), so the
 * one before has to be given. Throws EvidenceRefused `not-consistent`, and RangeError when the signer's name is not the origin.
 */
export function signCheckpoint(head: TreeHead, signer: LocalSigner, earlier: Earlier): OpenedCheckpoint {
  const text = textToSign(head, signer, earlier);
  return signedBy(head, signer, text, signer.sign(text));
}

/** As `signCheckpoint`, also with a key that answers later. Throws, besides, what its `sign` rejects with. */
export async function signCheckpointWith(head: TreeHead, signer: NoteSigner, earlier: Earlier): Promise<OpenedCheckpoint> {
  const text = textToSign(head, signer, earlier);
  return signedBy(head, signer, text, await signer.sign(text));
}

function textToSign(head: TreeHead, { verifier }: NoteSigner, earlier: Earlier): string {
  if (verifier.name !== head.origin) throw new RangeError('a checkpoint is signed by the key that has the name of its origin');
  const text = formatHead(head);
  if (earlier !== 'none') mustFollow(head, earlier.checkpoint, earlier.proof);
  return text;
}

/** Opened as anybody would open it, so that no note leaves here whose signature does not hold. */
function signedBy({ origin }: TreeHead, { verifier }: NoteSigner, text: string, signature: NoteSignature): OpenedCheckpoint {
  return openCheckpoint(formatNote({ text, signatures: [signature] }), { origin, key: verifier });
}

/** Checks that a head grew out of one that was signed before. Throws EvidenceRefused `other-log` or `not-consistent`. */
export function mustFollow(head: TreeHead, before: TreeHead, proof: readonly Uint8Array[]): void {
  if (before.origin !== head.origin) throw new EvidenceRefused('other-log', 'the checkpoint before is of another log');
  const grown = before.size === 0 ? proof.length === 0 : verifyConsistency(before.size, before.root, head.size, head.root, proof);
  if (!grown) throw new EvidenceRefused('not-consistent', 'the head did not grow out of the one that was signed before');
}

/** Adds a witness's cosignature to a checkpoint that was opened. Throws EvidenceRefused `repeated`, and RangeError for a bad time. */
export function cosignCheckpoint(checkpoint: OpenedCheckpoint, cosigner: NoteCosigner, seconds: number): Uint8Array {
  return addSignature(checkpoint.note, cosigner.cosign(formatHead(checkpoint), seconds));
}

/**
 * Reads a checkpoint and checks that the log signed it; lines of witnesses that are known have to be good too. Throws EvidenceRefused:
 * `other-log` for another origin, `unsigned` without a signature by the log's own key, and as `openNote`.
 */
export function openCheckpoint(note: Uint8Array, { origin, key, witnesses = [] }: CheckpointTrust): OpenedCheckpoint {
  if (key.type !== 'ed25519' || witnesses.some(({ type }) => type !== 'cosignature'))
    throw new RangeError('a log signs with ed25519 and a witness with cosignature');
  const { text, verified, unknown, bytes } = openNote(note, [key, ...witnesses]);
  const head = parseHead(text);
  if (head.origin !== origin) throw new EvidenceRefused('other-log', 'a checkpoint of another log');
  if (!verified.some((one) => one.key === key)) throw new EvidenceRefused('unsigned', 'a checkpoint that its log did not sign');
  const cosignatures = verified.flatMap(({ key: { name }, seconds }) => (seconds === undefined ? [] : [{ name, seconds }]));
  return { ...head, note: bytes, cosignatures, unknown };
}
