/** The data objects of a PIV card, as GET DATA returns them (NIST SP 800-73-4 part 1 section 3 and appendix A). */
import { X509Certificate } from 'node:crypto';
import { tlv } from './ber-tlv.ts';
import type { PivKey, PivKeySlot } from './piv-key.ts';

/** Application identifier, version 01.00 (part 1 section 2.2). */
export const pivAid = Buffer.from('a000000308000010000100', 'hex');

export interface PivContents {
  /** 16 bytes: the card's GUID, which OpenSC shows as its serial number. */
  readonly guid: Uint8Array;
  readonly cardholder: string;
  readonly keys: Readonly<Partial<Record<PivKeySlot, PivKey>>>;
}

/** Tags by which the objects are asked for (part 1 table 3). */
export const pivObject = {
  discovery: 0x7e,
  capabilityContainer: 0x5fc107,
  cardholderUniqueIdentifier: 0x5fc102,
  authenticationCertificate: 0x5fc105,
  signatureCertificate: 0x5fc10a,
  printedInformation: 0x5fc109,
} as const;

/** ASCII "9999" agency, non-federal issuer, in the BCD-with-parity of a FASC-N: makes middleware take the GUID as the serial number. */
const nonFederalFascN = Buffer.from('d4e739da739ced39ce739d836858210842108421c84210c3eb', 'hex');

/** Answer to SELECT (part 2 table 4): the application property template. */
export function applicationProperties(): Uint8Array {
  return tlv(0x61, tlv(0x4f, pivAid.subarray(5)), tlv(0x79, tlv(0x4f, pivAid.subarray(0, 5))), tlv(0x50, ascii('Countersign demo card')));
}

/** Only printed information is behind the PIN (part 1 table 2). */
export function needsPin(tag: number): boolean {
  return tag === pivObject.printedInformation;
}

/** The object as it travels, or undefined when this card does not hold it. */
export function readObject(tag: number, contents: PivContents): Uint8Array | undefined {
  switch (tag) {
    case pivObject.discovery:
      // PIN usage policy 40 00: the application PIN alone, no global PIN (part 1 section 3.3.2).
      return tlv(0x7e, tlv(0x4f, pivAid), tlv(0x5f2f, Uint8Array.of(0x40, 0x00)));
    case pivObject.capabilityContainer:
      return capabilityContainer(contents.guid);
    case pivObject.cardholderUniqueIdentifier:
      return tlv(
        0x53,
        tlv(0x30, nonFederalFascN),
        tlv(0x34, contents.guid),
        tlv(0x35, ascii(expiry(contents).toISOString().slice(0, 10).replaceAll('-', ''))),
        tlv(0x3e),
        tlv(0xfe),
      );
    case pivObject.authenticationCertificate:
      return certificateObject(contents.keys['9a']);
    case pivObject.signatureCertificate:
      return certificateObject(contents.keys['9c']);
    case pivObject.printedInformation:
      return printedInformation(contents);
    default:
      return undefined;
  }
}

/** Certificate, CertInfo 00 (not compressed), empty error detection code (part 1 table 10). */
function certificateObject(key: PivKey | undefined): Uint8Array | undefined {
  return key === undefined ? undefined : tlv(0x53, tlv(0x70, key.certificate), tlv(0x71, Uint8Array.of(0)), tlv(0xfe));
}

/** Card identifier and versions; the legacy fields stay empty (part 1 table 8). */
function capabilityContainer(guid: Uint8Array): Uint8Array {
  const identifier = Buffer.concat([Buffer.from('a000000116ff02', 'hex'), guid.subarray(2)]);
  const legacy = [0xf6, 0xf7, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe].map((tag) => tlv(tag));
  return tlv(
    0x53,
    tlv(0xf0, identifier),
    tlv(0xf1, Uint8Array.of(0x21)),
    tlv(0xf2, Uint8Array.of(0x21)),
    tlv(0xf3),
    tlv(0xf4, Uint8Array.of(0x00)),
    tlv(0xf5, Uint8Array.of(0x10)),
    ...legacy,
  );
}

function printedInformation(contents: PivContents): Uint8Array {
  const until = expiry(contents).toUTCString().toUpperCase();
  const [day = '', month = '', year = ''] = until.slice(5, 16).split(' ');
  return tlv(
    0x53,
    tlv(0x01, Buffer.from(contents.cardholder, 'utf8').subarray(0, 125)),
    tlv(0x02, ascii('NOT FOR REAL USE')),
    tlv(0x04, ascii(`${year}${month}${day}`)),
    tlv(0x05, ascii(Buffer.from(contents.guid).toString('hex').slice(-10).toUpperCase())),
    tlv(0x06, ascii('COUNTERSIGN')),
    tlv(0xfe),
  );
}

/** A card is valid as long as its longest certificate. */
function expiry(contents: PivContents): Date {
  const ends = Object.values(contents.keys).map((key) => Date.parse(new X509Certificate(key.certificate).validTo));
  return new Date(Math.max(0, ...ends));
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'ascii');
}
