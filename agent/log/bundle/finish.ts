/**
 * The end of an export: everything is read again and held against the manifest by the second implementation, and only then the log says that it is done. An export that was
 * interrupted between its manifest and this end is ended here, without a second manifest under its number.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { stationActor } from '../appender.ts';
import type { NoteSigner } from '../note-key.ts';
import type { LogStore } from '../store.ts';
import { checkParts, findBundle, Unreadable } from '../verify/bundle-folder.ts';
import { Wrong } from '../verify/canonical.ts';
import type { KnownLog } from '../verify/checkpoint.ts';
import { type Manifest, readManifest } from '../verify/manifest.ts';
import { keepManifest, type Unfinished } from './kept.ts';
import type { Part } from './manifest.ts';
import type { Medium } from './medium.ts';
import { manifestName } from './names.ts';
import { ExportRefused } from './refusal.ts';

export interface Exported {
  readonly folder: string;
  readonly number: number;
  readonly from: number;
  readonly size: number;
  readonly parts: readonly Part[];
  /** Parts that were there already from an export that was interrupted. */
  readonly resumed: number;
  readonly manifestSha256: string;
}

interface Ending {
  readonly log: Pick<LogStore, 'origin' | 'append' | 'entries'>;
  readonly medium: Medium;
  /** The folder where the station keeps what it must know of its exports. */
  readonly kept: string;
  readonly signer: NoteSigner;
  readonly onProgress: (sentence: string) => void;
}

/** Reads back, enters that the export is done, and gives the SHA-256 of the manifest, hex. Throws ExportRefused `read-back`, LogUnavailable, and I/O errors. */
export async function endExport(
  end: Ending & { readonly note: Uint8Array; readonly number: number; readonly begin: number },
): Promise<string> {
  const { log, medium, kept, note, number, begin, signer, onProgress } = end;
  onProgress('Everything is read again.');
  const sha256 = createHash('sha256').update(note).digest('hex');
  try {
    const { publicKey } = signer.verifier;
    const found = await findBundle(join(medium.folder, manifestName(log.origin, number)), { origin: log.origin, publicKey });
    if (found.manifest.sha256 !== sha256) throw new Wrong('the manifest is another one');
    await checkParts(found);
  } catch (cause) {
    if (!(cause instanceof Wrong) && !(cause instanceof Unreadable)) throw cause;
    throw new ExportRefused('read-back', `what is read back is not what was written: ${cause.message}`, cause);
  }
  await log.append({ op: 'export.done', actor: stationActor, begin, number, manifest_sha256: sha256, medium_proven: false });
  await keepManifest(kept, note);
  return sha256;
}

/**
 * Ends an export whose manifest was signed and that the log does not say is done, if all of its parts are on this medium. Undefined where there is nothing to end, and then
 * its number is not used again. Throws as `endExport`.
 */
export async function finishExport(ending: Ending, found: Unfinished | undefined, next: number): Promise<Exported | undefined> {
  const { log, medium, signer } = ending;
  if (found?.manifest === undefined || found.origin !== log.origin || found.number < next) return undefined;
  const note = Buffer.from(found.manifest, 'base64');
  const manifest = readOwn(note, { origin: log.origin, publicKey: signer.verifier.publicKey });
  if (manifest === undefined) return undefined;
  const { from, size, parts } = manifest;
  for (const part of parts) {
    const there = await medium.look(part.name);
    if (there?.sha256 !== part.sha256 || there.size !== part.size) return undefined;
  }
  const begun = await log.entries({ op: 'export.begin', newestFirst: true });
  const begin = begun.find(({ event }) => event.op === 'export.begin' && event.number === found.number)?.seq;
  if (begin === undefined) return undefined;
  const name = manifestName(log.origin, found.number);
  const sha256 = createHash('sha256').update(note).digest('hex');
  // It may have been cut off while it was written.
  if ((await medium.look(name))?.sha256 !== sha256) {
    await medium.remove(name);
    await medium.write(name, [note]);
  }
  const manifestSha256 = await endExport({ ...ending, note, number: found.number, begin });
  return { folder: medium.folder, number: found.number, from, size, parts, resumed: parts.length, manifestSha256 };
}

function readOwn(note: Uint8Array, known: KnownLog): Manifest | undefined {
  try {
    return readManifest(note, known);
  } catch (error) {
    if (error instanceof Wrong) return undefined;
    throw error;
  }
}
