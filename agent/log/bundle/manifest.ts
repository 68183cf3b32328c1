/**
 * The manifest of a bundle: a signed note under the key of the log that names every part by its hash. It is written last, and what it does not
 * name is no part of a bundle. Its text begins with a line that no checkpoint has, so that the one is never taken for the other.
 */
import { encodeBase64 } from '../exact-text.ts';
import { formatNote } from '../note.ts';
import { formatVerifierKey, type NoteSigner } from '../note-key.ts';
import type { TreeHead } from '../checkpoint.ts';

/** Longest manifest, bytes: about ten thousand parts. */
export const manifestLimit = 2 ** 20;

/** One file of a bundle. */
export interface Part {
  readonly name: string;
  /** Bytes, encrypted. */
  readonly size: number;
  /** SHA-256 of the encrypted bytes, hex. */
  readonly sha256: string;
  /** Entries from `first` to before `end` stand in it. */
  readonly first: number;
  readonly end: number;
}

/** The export before this one in the same epoch: SHA-256 of its manifest (hex), and the head that it stated. */
export interface Previous {
  readonly sha256: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** What a manifest states. */
export interface ManifestFacts extends TreeHead {
  readonly number: number;
  readonly previous: Previous | undefined;
  /** First entry that head office may not have yet. */
  readonly from: number;
  /** To whom the parts are encrypted, `age1...`. */
  readonly recipient: string;
  readonly parts: readonly Part[];
}

/** Writes and signs a manifest. Throws EvidenceRefused when it would be longer than a manifest may be. */
export async function signManifest(facts: ManifestFacts, signer: NoteSigner): Promise<Uint8Array> {
  const { origin, number, previous, from, size, root, recipient, parts } = facts;
  const lines = [
    'countersign/v1/bundle',
    `origin ${origin}`,
    `key ${formatVerifierKey(signer.verifier)}`,
    `number ${number}`,
    `previous ${previous === undefined ? 'none' : `${previous.sha256} ${previous.size} ${encodeBase64(previous.root)}`}`,
    `from ${from}`,
    `size ${size}`,
    `root ${encodeBase64(root)}`,
    `recipient ${recipient}`,
    ...parts.map((part) => `part ${part.name} ${part.size} ${part.sha256} ${part.first} ${part.end}`),
  ];
  const text = `${lines.join('\n')}\n`;
  return formatNote({ text, signatures: [await signer.sign(text)] }, manifestLimit);
}
