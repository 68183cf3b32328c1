/** How a visit ended, at the terminal: what became of each document, and the exit code. */
import { join } from 'node:path';
import type { DocumentView, SignedDocumentView } from '../contract/state.ts';
import type { CommandIo } from './io.ts';
import type { WalkEnd } from './walk.ts';

/** Where signed documents go: the one output file, or a folder. Absolute paths. */
export type Target = { readonly outputFile: string } | { readonly outbox: string };

interface Ended {
  readonly signed: readonly SignedDocumentView[];
  readonly unknown: readonly DocumentView[];
  readonly notSigned: readonly DocumentView[];
}

/** Gives the exit code: 0 all signed, 1 not all signed, 3 nobody can tell of one. With `json`, one object for a program goes to the output. */
export function tellEnd(end: WalkEnd, target: Target, json: boolean, io: CommandIo): number {
  const ended = endedOf(end);
  if (json) io.out(JSON.stringify(endForProgram(end, ended, target)));
  for (const one of ended.signed) {
    const where = placeOf(one, target);
    if (!json)
      io.out(`Signed: ${where}\n  entry ${one.entry} of the log, ${one.at} by the station's clock\n  SHA-256 ${one.outputDigest}\n`);
    if (!one.delivered) io.err('The document could not be written there. It is kept in the station and appears at the next start.\n');
  }
  if (end.screen === 'signed') return ended.signed.every(({ delivered }) => delivered) ? 0 : 1;
  for (const { name } of ended.unknown) io.err(`Unknown: ${name}\n`);
  if (ended.signed.length > 0) for (const { name } of ended.notSigned) io.err(`Not signed: ${name}\n`);
  if (end.outcome === 'outcome-unknown') {
    io.err(
      ended.signed.length === 0
        ? 'Nobody can tell whether the card signed. No signed document exists; the log says outcome unknown.\n'
        : 'Nobody can tell whether the card signed that document. It was not handed out; the log says outcome unknown.\n',
    );
    return 3;
  }
  const of = ended.signed.length + ended.notSigned.length;
  io.err(ended.signed.length > 0 ? `${ended.signed.length} of ${of} documents were signed.\n` : 'Nothing was signed.\n');
  return 1;
}

function endedOf(end: WalkEnd): Ended {
  if (end.screen === 'signed') return { signed: [...(end.earlier ?? []), end], unknown: [], notSigned: [] };
  const { tally } = end;
  return { signed: tally?.signed ?? [], unknown: tally?.unknown === undefined ? [] : [tally.unknown], notSigned: tally?.notSigned ?? [] };
}

function placeOf({ outputName }: SignedDocumentView, target: Target): string {
  return 'outputFile' in target ? target.outputFile : join(target.outbox, outputName);
}

function endForProgram(end: WalkEnd, { signed, unknown, notSigned }: Ended, target: Target): object {
  const done = signed.map((one) => {
    const { entry, at, document, outputDigest, delivered } = one;
    const out = placeOf(one, target);
    return { outcome: 'signed', delivered, out, entry, at, document_sha256: document.digest, output_sha256: outputDigest };
  });
  const [only] = done;
  if (end.screen === 'signed' && only !== undefined && done.length === 1) return only;
  const named =
    (outcome: string) =>
    ({ name, digest }: DocumentView) => ({ outcome, name, document_sha256: digest });
  const documents = [
    ...done.map((one, index) => ({ ...one, name: signed[index]?.document.name })),
    ...unknown.map(named('outcome-unknown')),
    ...notSigned.map(named('nothing-signed')),
  ];
  return {
    outcome: end.screen === 'signed' ? 'signed' : end.outcome,
    ...(end.screen === 'trouble' ? { problem: end.problem } : {}),
    ...(documents.length === 0 ? {} : { documents }),
  };
}
