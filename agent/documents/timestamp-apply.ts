/** Takes the answer of a time stamping authority for what was asked, and for nothing else. */
import { type Hash, digestOf } from './algorithms.ts';
import { type TimestampJudgement, judgeTimestamp } from './judge-timestamp.ts';
import { TimestampRefused, tokenIn } from './timestamp-answer.ts';
import { imprintOf, nonceFor, timestampRequest } from './timestamp-request.ts';
import type { Trust } from './trust.ts';

/** Something that can take a timestamp: a signature, or a document that was prepared for one. */
export interface Stampable {
  /** Name of the field, safe to show. */
  readonly field: string;
  /** The hash that the authority is asked for. */
  readonly hash: Hash;
  /** The bytes that are stamped, one after the other. */
  readonly parts: readonly Uint8Array[];
  /** The document with this token (ContentInfo, DER). Throws TimestampRefused when there is no room for it, or the result would not hold. */
  stamp(token: Uint8Array): Uint8Array;
}

/** The request for it, TimeStampReq in DER: the same every time. */
export function requestFor({ hash, parts }: Stampable): Uint8Array {
  return timestampRequest(imprintOf(hash, ...parts));
}

/**
 * Puts a timestamp on it. `answer` is what came back: TimeStampResp or token, DER or base64. Without `trust` it is not asked who the authority is.
 * Throws TimestampRefused, with a sentence, for a timestamp that is for something else, answers another request, or does not hold at the moment `now`.
 */
export function applyTimestamp(
  target: Stampable,
  answer: Uint8Array,
  { trust, now }: { readonly trust?: Trust | undefined; readonly now: Date },
): { readonly document: Uint8Array; readonly judgement: TimestampJudgement } {
  const token = tokenIn(answer);
  const judgement = judgeTimestamp(token, (hash) => digestOf(hash, ...target.parts), { trust, at: now });
  const { verdict, subIndication, sentences } = judgement;
  const unasked = trust === undefined && subIndication === 'NO_CERTIFICATE_CHAIN_FOUND';
  if (verdict !== 'TOTAL-PASSED' && !unasked) throw new TimestampRefused(sentences.join(' '));
  const nonce = Buffer.from(nonceFor(imprintOf(target.hash, ...target.parts))).toString('hex');
  // As numbers: leading zeros do not count.
  const given = Buffer.from(judgement.token?.nonce ?? []).toString('hex');
  if (given === '' || BigInt(`0x${given}`) !== BigInt(`0x${nonce}`))
    throw new TimestampRefused('The timestamp answers another request than the one that countersign timestamp-request makes for this.');
  return { document: target.stamp(token), judgement };
}
