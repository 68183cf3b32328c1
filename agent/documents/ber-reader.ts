/**
 * Indefinite lengths (X.690 section 8.1.3.6): the frame of a CMS may be BER (RFC 5652 section 2), and NSS, with which poppler and LibreOffice sign, writes
 * it so. What is signed inside is DER all the same, and is left as it stands.
 */
import { element } from './der.ts';
import { DerRefused, readFirst } from './der-reader.ts';

const deepest = 16;
const indefinite = 0x80;
const constructed = 0x20;

/**
 * The first element with definite lengths in the place of indefinite ones, and how many of the given bytes it took. One whose own length is definite
 * comes back as it is. Throws DerRefused.
 */
export function readDefinite(bytes: Uint8Array, depth = 0): { readonly der: Uint8Array; readonly used: number } {
  const tag = bytes[0] ?? 0;
  if (bytes[1] !== indefinite) {
    const der = readFirst(bytes).bytes;
    return { der, used: der.length };
  }
  if ((tag & constructed) === 0) throw new DerRefused('indefinite length of a primitive element');
  if (depth > deepest) throw new DerRefused('nested too deep');
  const parts: Uint8Array[] = [];
  let used = 2;
  // Two zero octets end the contents (section 8.1.5).
  while (bytes[used] !== 0 || bytes[used + 1] !== 0) {
    const part = readDefinite(bytes.subarray(used), depth + 1);
    parts.push(part.der);
    used += part.used;
  }
  return { der: element(tag, ...parts), used: used + 2 };
}
