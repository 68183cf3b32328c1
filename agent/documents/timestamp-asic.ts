/**
 * A timestamp on a signature in a container (ETSI EN 319 162-1 clauses 4.3.3.2 and 4.4.3.2: the signatures are CAdES, and so are their timestamps). Only the
 * file of that signature is exchanged; every other entry keeps its content.
 */
import { isSignatureName, longestOwn } from './asic-layout.ts';
import { bytesSource } from './byte-source.ts';
import { printable } from './printable.ts';
import { TimestampRefused } from './timestamp-answer.ts';
import type { Stampable } from './timestamp-apply.ts';
import { stampableDetached } from './timestamp-cades.ts';
import { verifyContainer } from './verify-container.ts';
import type { ZipLine } from './zip-directory.ts';
import { ZipReader } from './zip-reader.ts';
import { ZipRefused } from './zip-refused.ts';
import { writeZip } from './zip-writer.ts';

/** What stands over signatures as well, and would not hold any more (clause 4.4.3.3, annexes A.5 and A.7). */
function coversSignatures(name: string): boolean {
  return /^META-INF\/[^/]*(?:archivemanifest|evidencerecord|\.tst$|\.ers$)/i.test(name);
}

/** The signature of this name, or the last one. Throws TimestampRefused when there is none. */
function choose(reader: ZipReader, name: string | undefined): ZipLine {
  const signatures = reader.entries.filter((entry) => isSignatureName(entry.name));
  const chosen = name === undefined ? signatures.at(-1) : signatures.find((entry) => entry.name === name || printable(entry.name) === name);
  if (chosen !== undefined) return chosen;
  if (signatures.length === 0) throw new TimestampRefused('There is no signature in this container that can take a timestamp.');
  const there = signatures.map((entry) => printable(entry.name)).join(', ');
  throw new TimestampRefused(`There is no signature "${printable(name ?? '')}" in this container. There is: ${there}.`);
}

/** What must not change by a timestamp: which signatures hold, over which files, and what nobody signed. */
function held(container: Uint8Array): string {
  const { signatures, uncovered } = verifyContainer(bytesSource(container));
  return JSON.stringify([signatures.map(({ name, intact, covers }) => [name, intact, covers]), uncovered]);
}

function build(container: Uint8Array, wanted: string | undefined): Stampable {
  const reader = new ZipReader(bytesSource(container));
  const entry = choose(reader, wanted);
  const field = printable(entry.name);
  const report = verifyContainer(bytesSource(container)).signatures.find(({ name }) => name === field);
  if (report?.intact !== true)
    throw new TimestampRefused(`The signature ${field} does not hold, so a timestamp on it would prove nothing.`);
  if (reader.entries.some(({ name }) => coversSignatures(name)))
    throw new TimestampRefused('Something in this container covers its signatures, and would no longer hold.');
  const detached = stampableDetached(reader.read(entry, longestOwn));
  return {
    field,
    hash: detached.hash,
    parts: detached.parts,
    stamp(token) {
      const stamped = detached.stamp(token);
      const entries = reader.entries.map((one) => ({ name: one.name, bytes: one === entry ? stamped : reader.read(one, one.size) }));
      const output = writeZip(entries);
      if (held(output) !== held(container)) throw new TimestampRefused('With this timestamp the container would no longer hold.');
      return output;
    },
  };
}

/**
 * Takes a container. `name` is the path of one signature in it; without it the last one is meant. Throws TimestampRefused with a sentence when there is none
 * that can take a timestamp.
 */
export function stampableInContainer(container: Uint8Array, name?: string): Stampable {
  try {
    return build(container, name);
  } catch (problem) {
    if (problem instanceof ZipRefused) throw new TimestampRefused(verifyContainer(bytesSource(container)).sentence, { cause: problem });
    throw problem;
  }
}
