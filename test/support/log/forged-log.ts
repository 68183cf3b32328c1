/** Logs that a forger who holds the whole disk would make: the chain is sound, whatever the events say. */
import canonicalize from 'canonicalize';
import type { AppendableEvent } from '../../../agent/log/events.ts';
import { leafHash, makeBody, noPrev, parseBody } from '../../../agent/log/record.ts';
import { type Row, verify } from '../../../agent/log/verify.ts';
import { holder, options, origin } from './station-log.ts';

export interface Change {
  readonly at?: Record<string, unknown>;
  readonly [key: string]: unknown;
}

/** Rows with a sound chain around whatever the events say, as a forger who holds the whole disk would make them. */
export function forge(
  events: readonly (AppendableEvent | { op: string; actor: unknown })[],
  changes: Readonly<Record<number, Change>> = {},
): Row[] {
  const rows: Row[] = [];
  let prev = noPrev;
  const all = [{ op: 'genesis', actor: holder, station_name: 'x', demo: true }, ...events];
  all.forEach((event, seq) => {
    const at = { time: `2026-01-01T00:00:0${Math.min(seq, 9)}.000Z`, boot: 'b0', mono: seq };
    const station = { software: options.software, config: options.configDigest };
    const sound = parseBody(makeBody({ origin, seq, prev, at, station }, event as AppendableEvent));
    const body = Buffer.from(canonicalize({ ...sound, ...changes[seq], at: { ...at, ...changes[seq]?.at } }) ?? '');
    const leaf = leafHash(body);
    rows.push({ seq, body, leaf, prev: Buffer.from(prev, 'hex') });
    prev = Buffer.from(leaf).toString('hex');
  });
  return rows;
}

/** Rows as they are read. */
export async function* stream(rows: readonly Row[]): AsyncGenerator<Row> {
  for (const row of rows) yield await Promise.resolve(row);
}

/** What the second implementation says of rows: `intact`, `unreadable`, or the entry that is wrong and why. */
export async function problem(rows: readonly Row[]): Promise<string> {
  const { verdict, bad } = await verify(stream(rows));
  return verdict === 'broken' ? `${bad?.seq ?? ''}: ${bad?.sentence ?? ''}` : verdict;
}
