/** Collects the proofs of every signature and timestamp in a PDF and adds them to its document security store (PAdES B-LT, ETSI EN 319 142-1 section 5.4). */
import { digestOf } from './algorithms.ts';
import { readSignedData, withoutPadding } from './cms-reader.ts';
import { DerRefused } from './der-reader.ts';
import { addToStore } from './dss.ts';
import { type Proofs, distinct, proofsFor } from './dss-proofs.ts';
import { cameLater } from './judge-chain.ts';
import { earliest } from './judge-cms.ts';
import { endedHarmlessly } from './judge-timestamp.ts';
import { type PdfFile } from './pdf.ts';
import { type SignedField, readFields } from './pdf-fields.ts';
import { PdfString, type PdfValue, isName } from './pdf-objects.ts';
import { IncrementalUpdate } from './pdf-writer.ts';
import { printable } from './printable.ts';
import { judgeSignatureTimestamps, signatureTimestamps } from './signature-timestamp.ts';
import { TimestampRefused } from './timestamp-answer.ts';
import { mustStillHold, openForTimestamp } from './timestamp-pdf.ts';
import { readTimestampToken } from './timestamp-token.ts';
import type { Trust } from './trust.ts';
import { verifyPdf } from './verify.ts';

function proofsOfToken(der: Uint8Array, trust: Trust, now: Date): Proofs {
  const { cms, time } = readTimestampToken(der);
  if (cms.signer === undefined) throw new TimestampRefused('The certificate of a time stamping authority is missing.');
  const excuses = endedHarmlessly(time);
  return proofsFor({ certificate: cms.signer.der, carried: cms.certificates, at: now, excuses }, trust);
}

function proofsOfSignature(der: Uint8Array, field: string, trust: Trust, now: Date): Proofs {
  const cms = readSignedData(der);
  if (cms.signer === undefined) throw new TimestampRefused(`The certificate of the signer of ${field} is missing.`);
  const provenAt = earliest(judgeSignatureTimestamps(cms, { trust, at: now }).map((timestamp) => timestamp.provenAt));
  const request = { certificate: cms.signer.der, carried: cms.certificates, at: provenAt ?? now };
  const own = proofsFor({ ...request, excuses: (revoked, place) => cameLater(revoked, place, provenAt) }, trust);
  const others = signatureTimestamps(cms).map((token) => proofsOfToken(token, trust, now));
  const all = [own, ...others];
  return { certificates: distinct(all.flatMap((one) => one.certificates)), lists: distinct(all.flatMap((one) => one.lists)) };
}

function proofsOf(file: PdfFile, field: SignedField, trust: Trust, now: Date): { contents: Uint8Array; proofs: Proofs } | undefined {
  const contents = file.resolve(field.dict.get('Contents'));
  if (!(contents instanceof PdfString)) return undefined;
  const name = printable(field.name);
  try {
    const der = withoutPadding(contents.bytes);
    const isTimestamp = isName(file.resolve(field.dict.get('SubFilter')), 'ETSI.RFC3161');
    const proofs = isTimestamp ? proofsOfToken(der, trust, now) : proofsOfSignature(der, name, trust, now);
    return { contents: contents.bytes, proofs };
  } catch (problem) {
    if (problem instanceof DerRefused) throw new TimestampRefused(`The signature ${name} is malformed.`, { cause: problem });
    throw problem;
  }
}

/**
 * Adds the proofs of all signatures and timestamps to an update, and gives the entry of the catalog that changes. Each signature is judged at the moment
 * that its timestamp proves, else at the moment `now`. Throws TimestampRefused when a proof is missing.
 */
export function collectProofs(file: PdfFile, update: IncrementalUpdate, trust: Trust, now: Date): Readonly<Record<string, PdfValue>> {
  const found = readFields(file).signed.map((field) => proofsOf(file, field, trust, now));
  return addToStore(
    file,
    update,
    found.filter((one) => one !== undefined),
  );
}

/** Proofs are for judging later what a timestamp has fixed in time; without one they would be judged by a time that is only claimed. */
function mustBeStamped(bytes: Uint8Array): void {
  const { signatures } = verifyPdf(bytes);
  const broken = signatures.find(({ intact }) => !intact);
  if (signatures.length === 0) throw new TimestampRefused('There is no signature in this document.');
  if (broken !== undefined) throw new TimestampRefused(`The signature ${broken.field} does not hold, so there is nothing to prove.`);
  if (signatures.every(({ profile }) => profile === undefined || profile === 'B-B'))
    throw new TimestampRefused('No signature in this document bears a timestamp yet. Add one first: countersign timestamp-request FILE.');
}

/** The document with the proofs of everything in it, as an incremental update. Throws TimestampRefused when a proof is missing, or there is no timestamp yet. */
export function addProofs(bytes: Uint8Array, trust: Trust, now: Date): Uint8Array {
  const file = openForTimestamp(bytes);
  mustBeStamped(bytes);
  const update = new IncrementalUpdate(file);
  const catalog = file.catalog();
  update.set(catalog.ref, catalog.dict.with(collectProofs(file, update, trust, now)));
  const output = new Uint8Array(update.finish(digestOf('sha256', bytes, Buffer.from('proofs')).subarray(0, 16)).bytes);
  mustStillHold(bytes, output, bytes.length, bytes.length);
  return output;
}
