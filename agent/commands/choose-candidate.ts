/** Asks the person at the terminal with which of several keys they sign. */
import { StartRefused } from '../refusals.ts';
import type { CommandIo } from './io.ts';
import { askLine, somebodyIsThere } from './keyboard.ts';
import { type Candidate, candidateLine } from './token-test/candidate.ts';

/** The only one, or the one that the person picks. Throws StartRefused where nobody can be asked, or nobody picks one. */
export async function choose(all: readonly Candidate[], question: string, io: CommandIo): Promise<Candidate> {
  const [only, second] = all;
  if (only !== undefined && second === undefined) return only;
  const lines = all.map((one, index) => `  ${index + 1}  ${candidateLine(one)}`);
  if (!somebodyIsThere()) throw new StartRefused(`There are several keys; name one with --certificate:\n${lines.join('\n')}`);
  io.err(lines.join('\n'));
  const chosen = all[Number(await askLine(`${question} (number, Enter ends)? `)) - 1];
  if (chosen === undefined) throw new StartRefused('Given up: no key was chosen.', 1);
  return chosen;
}
