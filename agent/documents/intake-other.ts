/**
 * Examines a file that is no PDF: nobody can read it on the screen, so what it is, what is in it and what signed it before is found out here. Nothing in
 * it throws on bad input.
 */
import type { OtherView } from '../contract/state.ts';
import { digestOf } from './algorithms.ts';
import { isContainersOwn } from './asic-layout.ts';
import { bytesSource } from './byte-source.ts';
import { judgeOther } from './other-kinds.ts';
import { printable } from './printable.ts';
import { type Refusal, refuse } from './refusal-sentences.ts';
import { verifyContainer } from './verify-container.ts';
import { ZipReader } from './zip-reader.ts';

/** Most files of a container that a person is asked to vouch for at once. */
export const mostPacked = 50;

/**
 * The examination of `bytes`, with the number of signatures that are in them already. `inside` examines each file of an ASiC container in its turn: it gets a
 * signature as if it stood alone.
 */
export function examineOther(
  bytes: Uint8Array,
  inside: (content: Uint8Array) => Refusal | undefined,
): { readonly ok: true; readonly other: OtherView; readonly signatures: number } | Refusal {
  const judged = judgeOther(bytes);
  if ('refusal' in judged) return refuse(judged.refusal);
  if (judged.kind !== 'container') return { ok: true, other: { ...judged, files: [] }, signatures: 0 };
  const reader = new ZipReader(bytesSource(bytes));
  const entries = reader.entries.filter(({ name }) => !isContainersOwn(name));
  if (entries.length === 0) return refuse('empty');
  if (entries.length > mostPacked) return refuse('too-complex');
  const { signatures } = verifyContainer(bytesSource(bytes));
  // Whoever signs vouches for nobody else, but a signature that does not hold would stay in the container beside the new one.
  const broken = signatures.find(({ intact }) => !intact);
  if (broken !== undefined) return refuse('signature-broken', broken.name);
  const files: { readonly name: string; readonly digest: string }[] = [];
  for (const entry of entries) {
    const content = reader.read(entry, entry.size);
    const refusal = inside(content);
    if (refusal !== undefined) return refuse(refusal.refusal, printable(entry.name, 60));
    files.push({ name: printable(entry.name, 120), digest: Buffer.from(digestOf('sha256', content)).toString('hex') });
  }
  return { ok: true, other: { ...judged, files }, signatures: signatures.length };
}
