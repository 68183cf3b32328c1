/** Reads an RFC 3161 timestamp strictly: what an authority's token says. Who signed it, and whether that counts, is judged elsewhere. */
import { type Hash, digestOf, readDigestAlgorithm } from './algorithms.ts';
import { readSignedData, type SignedData } from './cms-reader.ts';
import { readExtensions } from './crl-entries.ts';
import { concat, tags } from './der.ts';
import {
  type DerElement,
  DerRefused,
  children,
  expectTag,
  readBoolean,
  readDer,
  readInteger,
  readOid,
  readSequence,
  readSmallInteger,
  readTime,
} from './der-reader.ts';

/** id-ct-TSTInfo (RFC 3161 section 2.4.2): the type of content that a token signs. */
export const tstInfoType = '1.2.840.113549.1.9.16.1.4';

/** What one token says. */
export interface TimestampToken {
  readonly cms: SignedData;
  /** The TSTInfo that is signed, DER. */
  readonly content: Uint8Array;
  /** The authority's policy, dotted. */
  readonly policy: string;
  /** `hash` is undefined when it is not accepted. */
  readonly imprint: { readonly hash: Hash | undefined; readonly digest: Uint8Array };
  /** The authority's own number of the token, lower-case hex. */
  readonly serial: string;
  /** What the authority's clock said. */
  readonly time: Date;
  /** How far that may be off, milliseconds; 0 where nothing is said. */
  readonly accuracyMs: number;
  /** Tokens of this authority are in the order of their times, however close these are. */
  readonly ordering: boolean;
  /** Content octets of the nonce, without leading zeros; undefined when there is none. */
  readonly nonce: Uint8Array | undefined;
}

/** At most 20 octets, as serial numbers of certificates (RFC 3161 section 2.4.2 wants 160 bits). */
const longestSerial = 21;

/** GeneralizedTime in UTC, with fractions of a second where they are not zero (section 2.4.2). */
function readTimeWithFraction(found: DerElement | undefined): Date {
  const { content } = expectTag(found, tags.generalizedTime);
  const parts = /^(\d{14})(?:\.(\d{0,8}[1-9]))?Z$/.exec(Buffer.from(content).toString('latin1'));
  if (parts === null) throw new DerRefused('not a time in UTC');
  const whole = Buffer.from(`${parts[1] ?? ''}Z`, 'latin1');
  const seconds = readTime({ tag: tags.generalizedTime, bytes: whole, content: whole });
  return new Date(seconds.getTime() + Math.floor(Number(`0.${parts[2] ?? '0'}`) * 1000));
}

/** Accuracy: seconds, [0] millis, [1] micros, each optional; gives milliseconds, rounded up. */
function readAccuracy(found: DerElement): number {
  const weights: Readonly<Record<number, number>> = { [tags.integer]: 1000, 0x80: 1, 0x81: 0.001 };
  let last = 0;
  return Math.ceil(
    readSequence(found).reduce((sum, { tag, content }) => {
      const weight = weights[tag];
      if (weight === undefined || tag <= last) throw new DerRefused('strange accuracy');
      last = tag;
      return sum + weight * readSmallInteger({ tag: tags.integer, bytes: content, content });
    }, 0),
  );
}

/** Extensions that are critical would change what the token means, and none is understood here. */
function checkExtensions(found: DerElement): void {
  const [list] = children({
    tag: tags.sequence,
    bytes: found.bytes,
    content: concat([Uint8Array.of(tags.sequence), found.bytes.subarray(1)]),
  });
  if (list !== undefined && readExtensions(list).some(({ critical }) => critical))
    throw new DerRefused('a critical extension that is not understood');
}

/** Reads a TimeStampToken: one ContentInfo, DER. Throws DerRefused. */
export function readTimestampToken(der: Uint8Array): TimestampToken {
  const cms = readSignedData(der, tstInfoType);
  const content = cms.content ?? new Uint8Array();
  const [version, policy, imprint, serial, time, ...optional] = readSequence(readDer(content));
  if (readSmallInteger(version) !== 1) throw new DerRefused('unknown version');
  const [algorithm, digest, ...more] = readSequence(imprint);
  const hash = readDigestAlgorithm(algorithm);
  const stamped = expectTag(digest, tags.octetString).content;
  if (more.length > 0 || (hash !== undefined && stamped.length !== digestOf(hash).length)) throw new DerRefused('strange imprint');
  const take = (tag: number): DerElement | undefined => (optional[0]?.tag === tag ? optional.shift() : undefined);
  const [accuracy, ordering, nonce] = [take(tags.sequence), take(tags.boolean), take(tags.integer)];
  take(0xa0); // The authority's name: its certificate says it too, and only that counts.
  const extensions = take(0xa1);
  if (optional.length > 0) throw new DerRefused('strange part of the timestamp');
  if (extensions !== undefined) checkExtensions(extensions);
  const serialContent = readInteger(serial);
  if (serialContent.length > longestSerial) throw new DerRefused('serial number is too long');
  return {
    cms,
    content,
    policy: readOid(policy),
    imprint: { hash, digest: stamped },
    serial: Buffer.from(serialContent).toString('hex'),
    time: readTimeWithFraction(time),
    accuracyMs: accuracy === undefined ? 0 : readAccuracy(accuracy),
    ordering: ordering !== undefined && readBoolean(ordering),
    nonce: nonce === undefined ? undefined : withoutSign(readInteger(nonce)),
  };
}

/** The octet that says "not negative" is no part of the number. */
function withoutSign(content: Uint8Array): Uint8Array {
  return content.length > 1 && content[0] === 0 ? content.subarray(1) : content;
}
