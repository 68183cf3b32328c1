/** What is said of an anchor that a log does not agree with, or that is not there: what was found, and what to do. */
import type { AnchorFinding } from './check-anchors.ts';

/** Why an anchor file says nothing. */
export type AnchorLoss = 'missing' | 'damaged';

/** Sentences without the full stop of the last one. */
export function findingSentence(finding: AnchorFinding): string {
  const { known } = finding;
  switch (finding.kind) {
    case 'other-log':
      return `${known.name} belongs to the log of ${known.origin}, and this is another one. Put the right data folder and its own anchor together again`;
    case 'changed':
      return `the operation log was made anew or changed: entry ${known.size - 1} is not the one that ${known.name} says. ${known.remedy ?? bringBack}`;
    case 'behind': {
      const { missing, from, how } = finding;
      const those = missing === 1 ? `1 entry is missing, number ${from}` : `${missing} entries are missing, from number ${from} on`;
      return `the operation log is behind ${known.name}, which says ${known.size} entries: ${those}. ${how === undefined ? '' : `${hints[how]} `}${known.remedy ?? bringBack}`;
    }
  }
}

const hints = {
  'older-copy': 'Nothing of the last start of the agent is there, as when an older copy was put back.',
  cut: 'The log ends in the middle of the last start of the agent, as when its end was cut off.',
} as const;

const bringBack =
  'Keep both files as they are for whoever examines this, and bring back the log that belongs here; where it is lost, that is recorded by: countersign log anchor --renew';

/** The same of an anchor file that cannot be asked. */
export function lossSentence(loss: AnchorLoss, file: string): string {
  return loss === 'missing'
    ? `the log says that it has an anchor, and there is no file ${file}. Bring the file back, or mount the disk that it is on; where it is lost, that is recorded by: countersign log anchor --renew`
    : `the anchor ${file} is damaged: neither of its two slots can be read. Bring the file back; where it is lost, that is recorded by: countersign log anchor --renew`;
}
