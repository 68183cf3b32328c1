/**
 * Writes the log, or what head office has not acknowledged of it, into a bundle: parts, each known to be on the disk before the next one begins, then the manifest. Then everything
 * is read again and held against the manifest by the second implementation. Nothing that was there before is written over.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { x25519Recipient } from '../age-keys.ts';
import { stationActor } from '../appender.ts';
import { type OpenedCheckpoint } from '../checkpoint.ts';
import { encodeBase64 } from '../exact-text.ts';
import type { NoteSigner } from '../note-key.ts';
import { readLog } from '../readable.ts';
import { nodeReader } from '../schema.ts';
import type { LogStore } from '../store.ts';
import { consistencyProof, readFrontier, type ReadNodes, rootOf } from '../tree.ts';
import type { BundleFile, Contents, Cursor } from './contents.ts';
import { endExport, type Exported, finishExport } from './finish.ts';
import { exportsFolder, keepUnfinished, readUnfinished, type Unfinished } from './kept.ts';
import { type ManifestFacts, type Part, type Previous, signManifest } from './manifest.ts';
import { Medium } from './medium.ts';
import { exportName, manifestName, partName, stationFolder } from './names.ts';
import { encrypt, encryptedAtMost, partBytes, partLimit, planPart } from './part.ts';
import { ExportRefused } from './refusal.ts';

export interface ExportOptions {
  /** Open for its one writer. */
  readonly log: Pick<LogStore, 'origin' | 'append' | 'entries' | 'checkpoint'>;
  /** The data folder that the log lies in. */
  readonly data: string;
  readonly signer: NoteSigner;
  /** Head office, `age1...`. */
  readonly recipient: string;
  /** `station.json`, the very bytes. */
  readonly config: Uint8Array;
  /** An existing folder, for example the root of a drive. */
  readonly to: string;
  /** Entries before this one are acknowledged by head office. */
  readonly from?: number;
  /** Largest part, bytes. */
  readonly limit?: number;
  readonly onProgress?: (sentence: string) => void;
}

/** Exports. Throws ExportRefused when the bundle was not finished (the next export goes on from there), LogUnavailable and LogRefusal. */
export async function exportBundle(options: ExportOptions): Promise<Exported> {
  const { log, data, signer, recipient, to, from = 0, onProgress = () => undefined } = options;
  const kept = exportsFolder(data);
  await mkdir(kept, { recursive: true, mode: 0o700 });
  const medium = await Medium.open(to, stationFolder(log.origin));
  const before = await previousExport(log);
  const found = await readUnfinished(kept);
  const next = (before?.number ?? 0) + 1;
  const finished = await finishExport({ log, medium, kept, signer, onProgress }, found, next);
  if (finished !== undefined) return finished;
  const state = stateOf(found, log.origin, recipient, next);
  const { number } = state;
  await removeLeftOvers(medium, log.origin, number, new Set(state.parts.map((_, place) => partName(log.origin, number, place + 1))));
  const checkpoint = await log.checkpoint(signer);
  const begin = await log.append({ op: 'export.begin', actor: stationActor, number, from, size: checkpoint.size });
  onProgress(`Export ${number}: entries ${from} to ${checkpoint.size - 1} go to ${medium.folder}.`);
  const { parts, previous, resumed } = await readLog(data, async ({ database }) => {
    const nodes = nodeReader(database);
    const earlier = before === undefined ? undefined : await previousHead(before, nodes);
    const last = await lastFiles(options.config, checkpoint, earlier, nodes);
    const contents = { database, from, size: checkpoint.size, attachments: join(data, 'attachments'), last };
    const written = await writeParts({ contents, medium, state, kept, limit: options.limit ?? partLimit, onProgress });
    return { ...written, previous: earlier };
  });
  const facts: ManifestFacts = { ...checkpoint, number, previous, from, recipient, parts };
  const note = await signManifest(facts, signer);
  // From here on this number stands for this manifest and for no other.
  await keepUnfinished(kept, { ...state, manifest: encodeBase64(note) });
  await medium.write(manifestName(log.origin, number), [note]);
  const manifestSha256 = await endExport({ log, medium, kept, note, number, begin: begin.seq, signer, onProgress });
  return { folder: medium.folder, number, from, size: checkpoint.size, parts, resumed, manifestSha256 };
}

interface Before {
  readonly number: number;
  readonly manifestSha256: string;
  readonly size: number;
}

/** The last export that was read back, as the log says. */
async function previousExport(log: ExportOptions['log']): Promise<Before | undefined> {
  const [done] = await log.entries({ op: 'export.done', newestFirst: true, limit: 1 });
  if (done?.event.op !== 'export.done') return undefined;
  const { begin, number, manifest_sha256: manifestSha256 } = done.event;
  const [entry] = await log.entries({ from: begin, to: begin });
  if (entry?.event.op !== 'export.begin') throw new ExportRefused('unreadable', `entry ${done.seq} ends an export that was not begun`);
  return { number, manifestSha256, size: entry.event.size };
}

async function previousHead({ manifestSha256, size }: Before, nodes: ReadNodes): Promise<Previous> {
  return { sha256: manifestSha256, size, root: rootOf(await readFrontier(size, nodes)) };
}

/** How far this export has come. A number under which a manifest was signed is not used again. */
function stateOf(found: Unfinished | undefined, origin: string, recipient: string, next: number): Unfinished {
  const fresh = (number: number): Unfinished => ({ v: 1, origin, number, recipient, parts: [] });
  if (found?.origin !== origin || found.number < next) return fresh(next);
  if (found.manifest !== undefined) return fresh(found.number + 1);
  return found.recipient === recipient ? found : fresh(found.number);
}

/** C2SP tlog-witness: what is sent to a witness with the size it knows, the proof from there, and the checkpoint. */
async function lastFiles(
  config: Uint8Array,
  { note, size }: OpenedCheckpoint,
  earlier: Previous | undefined,
  nodes: ReadNodes,
): Promise<readonly BundleFile[]> {
  const proof = earlier === undefined ? [] : await consistencyProof(earlier.size, size, nodes);
  const lines = [`old ${earlier?.size ?? 0}`, ...proof.map(encodeBase64), ''].map((line) => `${line}\n`);
  return [
    { name: 'station.json', bytes: config },
    { name: 'checkpoint', bytes: note },
    { name: 'add-checkpoint', bytes: Buffer.concat([Buffer.from(lines.join('')), note]) },
  ];
}

interface Writing {
  readonly contents: Contents;
  readonly medium: Medium;
  readonly state: Unfinished;
  readonly kept: string;
  readonly limit: number;
  readonly onProgress: (sentence: string) => void;
}

async function writeParts({ contents, medium, state, kept, limit, onProgress }: Writing) {
  const { origin, number } = state;
  const recipient = x25519Recipient(state.recipient);
  const parts: Part[] = [];
  const done: Unfinished['parts'] = [];
  let resumed = 0;
  let entry = Math.floor(contents.from / 256) * 256;
  for (let at: Cursor | undefined = { step: 0, skip: 0 }; at !== undefined;) {
    const name = partName(origin, number, parts.length + 1);
    const plan = await planPart(contents, at, entry, limit);
    const known = state.parts[parts.length];
    const there = known?.plain === plan.plain ? await medium.look(name) : undefined;
    let written = there?.size === known?.size && there?.sha256 === known?.sha256 ? there : undefined;
    if (written !== undefined) {
      resumed += 1;
      onProgress(`${name} is there from before (${written.size} bytes).`);
    } else {
      await medium.remove(name);
      await medium.mustHaveRoom(encryptedAtMost(plan.size));
      written = await medium.write(name, encrypt(recipient, partBytes(contents, plan)));
      onProgress(`${name} is written (${written.size} bytes).`);
    }
    done.push({ plain: plan.plain, ...written });
    state.parts = [...done, ...state.parts.slice(done.length)];
    await keepUnfinished(kept, state);
    parts.push({ name, ...written, first: plan.first, end: plan.end });
    [at, entry] = [plan.next, plan.end];
  }
  state.parts = done;
  await removeLeftOvers(medium, origin, number, new Set(parts.map(({ name }) => name)));
  return { parts, resumed };
}

/** Takes away the parts of this epoch that no manifest names or will name: an export that was interrupted left them behind. */
async function removeLeftOvers(medium: Medium, origin: string, number: number, own: ReadonlySet<string>): Promise<void> {
  const names = await medium.names();
  const epoch = exportName(origin, number).split('-')[0] ?? '';
  for (const name of names) {
    const stem = /^(E\d+-\d+)(?:-\d+\.AGE|\.MANIFEST)$/.exec(name)?.[1];
    if (stem?.startsWith(`${epoch}-`) !== true || own.has(name)) continue;
    if (stem === exportName(origin, number) || !names.includes(`${stem}.MANIFEST`)) await medium.remove(name);
  }
}
