/** What a report says about a timestamp. */
import type { TimestampJudgement } from './judge-timestamp.ts';
import type { SubIndication, Verdict } from './verdict.ts';

export interface TimestampReport {
  readonly verdict: Verdict;
  readonly subIndication?: SubIndication;
  /** The token is one over what it stands for, by the key of the certificate in it, whoever that is. */
  readonly intact: boolean;
  /** What the authority's clock said, RFC 3339; absent when the token is malformed. */
  readonly time?: string;
  /** How far that may be off, milliseconds. */
  readonly accuracyMs?: number;
  /** The policy of the authority, dotted, and its number of the token, hex. */
  readonly policy?: string;
  readonly serial?: string;
  readonly authority?: { readonly name: string; readonly issuer: string; readonly serial: string };
  /** For a person. */
  readonly sentences: readonly string[];
}

/** The judgement without bytes and keys, safe to print as JSON. */
export function reportTimestamp({ verdict, subIndication, intact, token, authority, sentences }: TimestampJudgement): TimestampReport {
  const said =
    token === undefined ? {} : { time: token.time.toISOString(), accuracyMs: token.accuracyMs, policy: token.policy, serial: token.serial };
  return {
    verdict,
    ...(subIndication === undefined ? {} : { subIndication }),
    intact,
    ...said,
    ...(authority === undefined
      ? {}
      : { authority: { name: authority.subjectName, issuer: authority.issuerName, serial: authority.serial } }),
    sentences,
  };
}
