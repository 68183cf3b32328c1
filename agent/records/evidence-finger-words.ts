/** What the README of a package says of how the holder was known: by their finger, or, in so many words, without one. */
import type { Fields } from '../log/events.ts';
import type { ProvenOperation } from './evidence-entries.ts';

const known: Readonly<Record<Fields<'vouch'>['identified'], string>> = {
  'identity-document': 'saw an identity document of theirs',
  'known-in-person': 'knows them in person',
};
const because: Readonly<Record<Fields<'vouch'>['reason'], string>> = {
  'no-readable-finger': 'no finger of theirs can be read',
  'finger-disabled': 'their fingers are not taken any more, after too many that did not match',
  'reader-unusable': 'the fingerprint reader cannot be used',
};

/** A section that says that no finger was used, and who vouched and how; nothing where a finger was asked for. */
export function withoutFinger({ rows }: Pick<ProvenOperation, 'rows'>): string {
  const sentences = rows.flatMap(({ entry: { seq, event } }) => {
    const vouch = event.op === 'vouched' ? rows.find(({ entry }) => entry.seq === event.vouch)?.entry.event : undefined;
    if (event.op !== 'vouched' || vouch?.op !== 'vouch') return [];
    return [
      `- **No finger was used for this signature.** Instead of one the station took the word of a member of staff (entry ${seq}): in entry ${event.vouch}
  \`${vouch.actor.id}\`, ${vouch.actor.role}, with the certificate \`${vouch.certificate_sha256}\` (SHA-256), signed with their own token that they vouch
  for the holder \`${vouch.subject}\`, whom they know so: the member of staff ${known[vouch.identified]}. Why no finger: ${because[vouch.reason]}.
  It counted until ${vouch.until} and for this one consent.`,
    ];
  });
  return sentences.length === 0 ? '' : `\n## Without a finger\n\n${sentences.join('\n')}\n`;
}

/** What verify.sh shows of the holder: by a finger that a reader signed for, by one of which only the station speaks, or by whoever vouched. */
export function shownOfHolder({ rows }: Pick<ProvenOperation, 'rows'>): string {
  const { signed, asserted, vouched } = waysIn(rows);
  const finger = '- The enrolled fingerprint credential signed exactly this consent, and says that it verified a person.';
  const station = `- The station recorded that an enrolled finger of the holder matched for this consent (entry ${asserted.join(', ')}). **No fingerprint reader signed this**: the reader
  that was used only compares, and its answer reached the log through the station's own software (\`station-asserted\`).`;
  const vouch = `- The holder agreed that the word of a member of staff counts instead of their finger. Whoever vouched signed that, with another key than the
  holder's, for the certificate of the consent, and it counted at that time by the station's clock.`;
  return [...(signed ? [finger] : []), ...(asserted.length > 0 ? [station] : []), ...(vouched ? [vouch] : [])].join('\n');
}

/** What is not shown of them. */
export function notShownOfHolder({ rows }: Pick<ProvenOperation, 'rows'>): string {
  const { signed, asserted, vouched } = waysIn(rows);
  const finger = `- **That it was a finger.** The reader says "user verified", and that bit does not tell a finger from the PIN of the reader itself. That the station asked for a
  finger is the station's word.`;
  const station = `- **That a finger matched at all.** It is the word of the station alone: whoever controlled it could have made that entry without a finger, and no reader can be asked
  again. The consent is bound to the person by their card and its PIN, as far as the signature in the document shows.`;
  const vouch = `- **Who vouched, and that they belong to the staff.** The entry has their pseudonym, their role and the hash of their certificate, by the station's word; head
  office knows whose that is. That they looked is their own signed word. That the vouch served no other consent is seen in the log as a whole.`;
  return [...(signed ? [finger] : []), ...(asserted.length > 0 ? [station] : []), ...(vouched ? [vouch] : [])].join('\n');
}

/** In which ways the holder was known; where no entry says, what a reader signs is what there could have been. */
function waysIn(rows: ProvenOperation['rows']): {
  readonly signed: boolean;
  readonly asserted: readonly number[];
  readonly vouched: boolean;
} {
  const matches = rows.flatMap(({ entry: { seq, event } }) => (event.op === 'finger-matched' ? [{ seq, assurance: event.assurance }] : []));
  const asserted = matches.flatMap(({ seq, assurance }) => (assurance === 'station-asserted' ? [seq] : []));
  const vouched = rows.some(({ entry }) => entry.event.op === 'vouched');
  return { signed: matches.length > asserted.length || (matches.length === 0 && !vouched), asserted, vouched };
}
