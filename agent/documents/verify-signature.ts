/** Judges one signature of a PDF: its place in the file, its CMS, its certificate, and what was changed since. */
import { type KnownHash, digestOf } from './algorithms.ts';
import { additionSentences } from './change-sentences.ts';
import { type CmsJudgement, judgeCms } from './judge-cms.ts';
import type { CertificationLevel } from './pdf-allowance.ts';
import { type PdfFile } from './pdf.ts';
import type { Addition } from './pdf-changes.ts';
import { type SignedField } from './pdf-fields.ts';
import { PdfString, isName } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';
import { printable } from './printable.ts';
import { type Since, lookSince } from './revision-since.ts';
import { contentInfo, readPlace } from './signature-place.ts';
import type { SignatureProfile } from './signature-profile.ts';
import { type TimestampReport, reportTimestamp } from './timestamp-report.ts';
import type { Trust } from './trust.ts';
import { Judged, type SubIndication, type Verdict, fail, unsure } from './verdict.ts';

export interface SignatureReport {
  /** Name of the field. */
  readonly field: string;
  readonly verdict: Verdict;
  readonly subIndication?: SubIndication;
  /** The covered bytes are unchanged and the signature is one by the certificate's key, whoever that is. */
  readonly intact: boolean;
  /** Bytes from the start of the file that the signature covers, its own place left out; 0 when that is not known. */
  readonly coveredBytes: number;
  readonly coversWholeDocument: boolean;
  /** The revision that the signature covers, from 1, and how many there are; undefined when that is not known. */
  readonly revision?: { readonly number: number; readonly of: number };
  /** The signature certifies the document, or its field locks it: what may be added after it (ISO 32000-2 table 257). */
  readonly level?: CertificationLevel;
  /** What was added after this signature and may be. */
  readonly additions: readonly Addition[];
  /** What was changed or added after this signature and must not be, in words. */
  readonly changes: readonly string[];
  readonly signer?: { readonly name: string; readonly issuer: string; readonly serial: string };
  /** The time the signature claims, RFC 3339: the clock of whoever signed, not a timestamp by a third party. */
  readonly signedAt?: string;
  /** Timestamps by third parties on this signature. */
  readonly timestamps: readonly TimestampReport[];
  /** How far it carries by what stands in the document; undefined when it does not hold, or is of an older kind. */
  readonly profile?: SignatureProfile;
  /** The earliest moment at which the signature is proven to have been there, RFC 3339; absent when nothing proves it. */
  readonly provenAt?: string;
  readonly location?: string;
  readonly contact?: string;
  readonly reason?: string;
  /** For a person. */
  readonly sentences: readonly string[];
}

export interface JudgeOptions {
  readonly trust?: Trust;
  readonly at?: Date;
  readonly now?: Date;
  /** The trust for a moment that is proven: helped by what the document carries. */
  readonly provenTrust?: Trust | undefined;
  /** What timestamps over the document prove. */
  readonly provenAt?: Date | undefined;
  /** Another field shows the same signature. */
  readonly twice: boolean;
}

/** A date string (ISO 32000-1 section 7.9.4); undefined when it is none. */
function readDate(text: string | undefined): Date | undefined {
  const parts = /^D:(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:Z|([+-])(\d{2})'?(\d{2})?'?)?/.exec(text ?? '');
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second = '00', sign, hours = '00', minutes = '00'] = parts;
  const zone = sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
  const date = new Date(`${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second}${zone}`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** What a signature says that passed. */
export const soundSentence = 'The signature is valid.';

/** Judges one signature. Never throws on bad input. */
export function judgeSignature(file: PdfFile, field: SignedField, options: JudgeOptions): SignatureReport {
  const textOf = (key: string): string | undefined => {
    const value = file.resolve(field.dict.get(key));
    return value instanceof PdfString ? printable(readTextString(value)) : undefined;
  };
  let found: Since | undefined;
  let judged: CmsJudgement | undefined;
  const claimed = readDate(textOf('M'));
  let end: { verdict: Verdict; sub?: SubIndication | undefined; sentences: readonly string[] };
  try {
    const place = readPlace(file, field);
    if (options.twice) fail('FORMAT_FAILURE', 'The same signature is shown twice.');
    const detached = isName(file.resolve(field.dict.get('SubFilter')), 'adbe.pkcs7.detached');
    const pades = isName(file.resolve(field.dict.get('SubFilter')), 'ETSI.CAdES.detached');
    if (!detached && !pades) unsure('SIG_CONSTRAINTS_FAILURE', 'This is a kind of signature that cannot be checked here.');
    const { trust, provenTrust, at, provenAt, now } = options;
    const digest = (hash: KnownHash): Uint8Array => digestOf(hash, ...place.parts);
    const cms = { trust, provenTrust, at, provenAt, now, claimed, needsSigningCertificate: pades, sha1: () => digest('sha1') };
    judged = judgeCms(contentInfo(place.contents), digest, cms);
    if (judged.intact) found = lookSince(file, field, place.end);
    if (found !== undefined && found.changes.length > 0)
      unsure(
        'SIG_CONSTRAINTS_FAILURE',
        `Something else was added or changed after this signature: ${found.changes.slice(0, 5).join(', ')}.`,
      );
    const { verdict, subIndication: sub, sentences } = judged;
    const since = found === undefined ? [] : additionSentences(found.additions);
    end = {
      verdict,
      sub,
      sentences: verdict === 'TOTAL-PASSED' ? [soundSentence, ...since, ...sentences] : [...sentences, ...since],
    };
  } catch (problem) {
    if (!(problem instanceof Judged)) throw problem;
    end = { verdict: problem.verdict, sub: problem.sub, sentences: [problem.message] };
  }
  const signer = judged?.signer;
  const optional = {
    location: textOf('Location'),
    contact: textOf('ContactInfo'),
    reason: textOf('Reason'),
    signedAt: (claimed ?? judged?.claimed)?.toISOString(),
    provenAt: judged?.provenAt?.toISOString(),
  };
  return {
    field: printable(field.name),
    verdict: end.verdict,
    ...(end.sub === undefined ? {} : { subIndication: end.sub }),
    // What is covered is known only of a signature that holds and stands in the revision that it covers.
    intact: found !== undefined,
    coveredBytes: found?.coveredBytes ?? 0,
    coversWholeDocument: found?.coveredBytes === file.bytes.length,
    ...(found === undefined ? {} : { revision: found.revision }),
    ...(found?.level === undefined ? {} : { level: found.level }),
    additions: found?.additions ?? [],
    changes: found?.changes ?? [],
    timestamps: (judged?.timestamps ?? []).map(reportTimestamp),
    ...(signer === undefined ? {} : { signer: { name: signer.subjectName, issuer: signer.issuerName, serial: signer.serial } }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    sentences: end.sentences,
  };
}
