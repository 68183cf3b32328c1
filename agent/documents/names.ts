/** Reads the name of a person or an issuer out of an X.501 Name, in every string type that certificates use. */
import { type DerElement, DerRefused, children, expectTag, readOid, readSequence } from './der-reader.ts';
import { tags } from './der.ts';
import { printable } from './printable.ts';

const attribute = { commonName: '2.5.4.3', surname: '2.5.4.4', organisation: '2.5.4.10', unit: '2.5.4.11', givenName: '2.5.4.42' } as const;

/** Text of a DirectoryString or IA5String (RFC 5280 section 4.1.2.4). Throws DerRefused when it is none. */
function readText(value: DerElement | undefined): string {
  if (value === undefined) throw new DerRefused('a name without text');
  const bytes = Buffer.from(value.content);
  switch (value.tag) {
    case 0x0c: // UTF8String
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      } catch (cause) {
        throw new DerRefused('a name that is not UTF-8', { cause });
      }
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x14: // TeletexString: Latin-1 in practice
    case 0x16: // IA5String
      return bytes.toString('latin1');
    case 0x1e: // BMPString: UTF-16, big endian
      if (bytes.length % 2 !== 0) throw new DerRefused('a name that is cut off');
      return bytes.swap16().toString('utf16le');
    case 0x1c: {
      // UniversalString: UTF-32, big endian
      const points: number[] = [];
      for (let at = 0; at + 4 <= bytes.length; at += 4) points.push(bytes.readUInt32BE(at));
      if (points.some((point) => point > 0x10ffff)) throw new DerRefused('a name that is not text');
      return String.fromCodePoint(...points);
    }
    default:
      throw new DerRefused('a name of an unknown string type');
  }
}

/** The attributes of a Name, by object identifier, in their order. Values that are no text are left out. */
function readAttributes(name: DerElement): readonly { readonly type: string; readonly text: string }[] {
  const found: { type: string; text: string }[] = [];
  for (const set of children(name)) {
    for (const pair of children(expectTag(set, tags.set))) {
      const [type, value] = readSequence(pair);
      found.push({ type: readOid(type), text: printable(readText(value)) });
    }
  }
  return found;
}

/** One line for a person: common name, else given name and surname, else organisation, else all of it. Throws DerRefused. */
export function readName(name: DerElement): string {
  const attributes = readAttributes(name);
  const last = (type: string): string | undefined => attributes.findLast((entry) => entry.type === type && entry.text !== '')?.text;
  const person = [last(attribute.givenName), last(attribute.surname)].filter((part) => part !== undefined).join(' ');
  return (
    last(attribute.commonName) ??
    (person === '' ? undefined : person) ??
    last(attribute.unit) ??
    last(attribute.organisation) ??
    attributes.map((entry) => entry.text).join(', ')
  );
}
