/** What is left of a log after a fault: what `countersign log verify` says of it, and the numbers that are in it. */
import { logVerify } from '../../../../agent/commands/log-verify.ts';
import { openForReading } from '../../../../agent/log/database.ts';
import { parseBody } from '../../../../agent/log/record.ts';
import { readRows } from '../../../../agent/log/schema.ts';
import type { Verification } from '../../../../agent/log/verify.ts';
import { call } from '../../keyed-station.ts';
import type { StationLog } from '../station-log.ts';
import type { Acknowledged } from './agent-process.ts';

/** The verdict in one line: `intact`, or what was found. `more` are further words of the command. */
export async function verdictOf(data: string, ...more: readonly string[]): Promise<string> {
  const { code, out, err } = await call(logVerify, '--data', data, '--json', ...more);
  if (out === '') return `exit ${code}: ${err.trim()}`;
  const { verdict, bad, reason } = JSON.parse(out) as Verification & { readonly reason?: string };
  const said = [verdict, bad?.sentence, reason, err.trim()].filter((part) => part !== undefined && part !== '').join(': ');
  if ((verdict === 'intact') !== (code === 0)) throw new Error(`exit code ${code} with: ${said}`);
  return said;
}

/** The numbers in a log by the entries that hold them, read from the stored bytes. Throws LogRefusal. */
export async function numbersIn(file: string): Promise<ReadonlyMap<number, number>> {
  const found = new Map<number, number>();
  const reader = await openForReading(file);
  try {
    for await (const { seq, body } of readRows(reader, file)) {
      const { op, fields } = parseBody(body);
      const { size } = fields as { readonly size?: number };
      if (op === 'document-in' && size !== undefined) found.set(seq, size);
    }
  } finally {
    await reader.close();
  }
  return found;
}

/** Those that were acknowledged and are not where it was said. */
export function lostOf(acknowledged: readonly Acknowledged[], found: ReadonlyMap<number, number>): readonly Acknowledged[] {
  return acknowledged.filter(({ size, seq }) => found.get(seq) !== size);
}

/** The verdict on a log that is whole after it was opened once more and took one entry more. */
export async function goesOn(log: StationLog): Promise<string> {
  const store = await log.open();
  const { seq } = await store.append({ op: 'token-out', actor: { id: 'station', role: 'station' } });
  const follows = seq === store.size - 1;
  await store.close();
  return follows ? verdictOf(log.data) : 'the entry does not stand at the end';
}
