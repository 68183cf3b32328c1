/** A checkpoint as it is stored, looked at before it is given to anybody. */
import { openCheckpoint, type OpenedCheckpoint } from '../log/checkpoint.ts';
import { EvidenceRefused } from '../log/evidence-error.ts';
import { makeVerifierKey } from '../log/note-key.ts';
import type { LogFacts } from '../log/readable.ts';
import type { StoredCheckpoint } from '../log/schema.ts';
import { StartRefused } from '../refusals.ts';

/** Throws StartRefused, exit code 1, when it is not by the key that the log says or not of its place. */
export function openStored({ size, note }: StoredCheckpoint, { origin, key }: LogFacts): OpenedCheckpoint {
  try {
    if (key === undefined) throw new EvidenceRefused('unsigned', 'the log does not say its key');
    const opened = openCheckpoint(note, { origin, key: makeVerifierKey(origin, 'ed25519', Buffer.from(key.public_key, 'hex')) });
    if (opened.size === size) return opened;
    throw new EvidenceRefused('other-log', 'it is of another size');
  } catch (error) {
    if (!(error instanceof EvidenceRefused)) throw error;
    throw new StartRefused(
      `The checkpoint of ${size} entries that is stored does not hold: ${error.message}. See: countersign log verify`,
      1,
      error,
    );
  }
}
