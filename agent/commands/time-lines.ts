/** What `countersign verify` says of the time of a signature: the one that is claimed, and the timestamps that prove one. */
import type { TimestampReport } from '../documents/timestamp-report.ts';

/** Lines for a terminal, with the names of the fields in front. */
export function timeLines(signedAt: string | undefined, timestamps: readonly TimestampReport[]): readonly string[] {
  const without = timestamps.length === 0 ? ', no timestamp by a third party' : '';
  return [
    ...(signedAt === undefined ? [] : [`  time      ${signedAt} as claimed by the station's clock${without}`]),
    ...timestamps.flatMap(timestampLines),
  ];
}

function timestampLines({ verdict, subIndication, time, authority, sentences }: TimestampReport): string[] {
  const said = time === undefined ? '' : `${time}${authority === undefined ? '' : ` by ${authority.name}`}: `;
  return [
    `  timestamp ${said}${verdict}${subIndication === undefined ? '' : ` (${subIndication})`}`,
    ...sentences.map((sentence) => `            ${sentence}`),
  ];
}
