/**
 * The consent: what the holder agreed to, as one canonical statement that names every document. Its digest is the challenge of the fingerprint
 * reader, so the reader's signature binds the finger to these documents, this certificate, this station and this moment, and to nothing else.
 */
import { createHash } from 'node:crypto';
import type { TermsView } from '../contract/terms.ts';
import { serialise, type JsonObject } from '../log/record.ts';

/**
 * The sentence above the commit button, in English; the statement names its digest, whatever language the screen shows. `unseen` of the documents could not
 * be shown, because they are no PDF: whoever signs those says that they know them. `vouched`: a member of staff vouches for the holder, and no finger is asked for.
 */
export function consentText(documents: number, unseen = 0, vouched = false): string {
  const how = vouched
    ? 'with my card and my PIN; a member of staff vouches for me instead of my finger.'
    : 'with my card, my finger and my PIN.';
  if (documents === 1) {
    return unseen === 0
      ? `I have read this document and I sign it ${how}`
      : `I know this file, which could not be shown here; its digest is the one that is named. I sign it ${how}`;
  }
  if (unseen === 0) return `I have read each of these documents and I sign each of them ${how}`;
  return `I have read each of these documents, or know it where it could not be shown here; their digests are those that are named. I sign each of them ${how}`;
}

/** One document of a consent: SHA-256 (hex) and size in bytes, and where the signature will be seen on it, if it will. */
export interface ConsentDocument {
  readonly sha256: string;
  readonly size: number;
  /** There, and false, for one that could not be shown. */
  readonly shown?: false | undefined;
  /** A box on a page (counted from 1) as it is shown: whole points from its top left corner. */
  readonly mark?: ConsentMark | undefined;
  /** What the signature will say besides, if it will. */
  readonly terms?: TermsView | undefined;
}

export interface ConsentMark {
  readonly page: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** `v` is 2 since a consent names a list of documents; version 1 named one, as `document_sha256` and `document_size`. */
export interface ConsentStatement {
  readonly v: 2;
  /** Origin of the log, which names the station and its epoch. */
  readonly station: string;
  readonly operation: string;
  /** In the order in which they are signed. */
  readonly documents: readonly ConsentDocument[];
  readonly certificate_sha256: string;
  readonly text_sha256: string;
  /** 32 random bytes, hex, used once. */
  readonly nonce: string;
  /** RFC 3339, the station's clock. */
  readonly at: string;
  /** After this the fingerprint reader's answer is not accepted any more. */
  readonly expires: string;
  /** There where no finger is asked for: the entry in which a member of staff vouched for the holder, and its leaf (hex). */
  readonly vouch?: ConsentVouch;
}

export interface ConsentVouch {
  readonly entry: number;
  readonly leaf: string;
}

export interface ConsentFacts {
  readonly station: string;
  readonly operation: string;
  readonly documents: readonly ConsentDocument[];
  readonly certificateSha256: string;
  readonly nonce: Uint8Array;
  readonly at: Date;
  readonly vouch?: ConsentVouch | undefined;
}

/** How long a consent may be acted on: the whole walk from commit button to finger, milliseconds. */
export const consentLifeMs = 10 * 60_000;

/** Builds the statement. `nonce` must be 32 fresh random bytes. */
export function makeConsent(facts: ConsentFacts): ConsentStatement {
  return {
    v: 2,
    station: facts.station,
    operation: facts.operation,
    documents: facts.documents.map(({ sha256, size, mark, shown, terms }) => ({
      sha256,
      size,
      ...(mark === undefined ? {} : { mark }),
      ...(shown === undefined ? {} : { shown }),
      ...(terms === undefined ? {} : { terms }),
    })),
    certificate_sha256: facts.certificateSha256,
    text_sha256: createHash('sha256').update(textOf(facts), 'utf8').digest('hex'),
    nonce: Buffer.from(facts.nonce).toString('hex'),
    at: facts.at.toISOString(),
    expires: new Date(facts.at.getTime() + consentLifeMs).toISOString(),
    ...(facts.vouch === undefined ? {} : { vouch: facts.vouch }),
  };
}

function textOf({ documents, vouch }: ConsentFacts): string {
  return consentText(documents.length, documents.filter(({ shown }) => shown === false).length, vouch !== undefined);
}

/** SHA-256 over `countersign/v1/consent\n` and the statement in RFC 8785 form: 32 bytes. */
export function consentDigest(statement: ConsentStatement): Uint8Array {
  return createHash('sha256')
    .update('countersign/v1/consent\n')
    .update(serialise(asJson(statement)))
    .digest();
}

/** The statement as the log takes it. */
export function asJson(statement: ConsentStatement): JsonObject {
  const documents = statement.documents.map(({ mark, shown, terms, ...document }) => ({
    ...document,
    ...(mark === undefined ? {} : { mark: { ...mark } }),
    ...(shown === undefined ? {} : { shown }),
    ...(terms === undefined ? {} : { terms: { ...terms } }),
  }));
  const { vouch, ...rest } = statement;
  return { ...rest, documents, ...(vouch === undefined ? {} : { vouch: { ...vouch } }) };
}
