/** Plain files as a POSIX ustar archive (IEEE 1003.1, pax, "ustar Interchange Format"), in one form alone: same files, same bytes. Pure. */

const block = 512;
/** What ends an archive: two blocks of zeros. */
export const tarEnd: Uint8Array = new Uint8Array(2 * block);

/** The header of a file, 512 bytes. Throws RangeError for a name of more than 100 bytes or a size that does not fit. */
export function tarHeader(name: string, size: number): Uint8Array {
  if (Buffer.byteLength(name) > 100 || name === '') throw new RangeError(`not a name for an archive: ${name}`);
  if (!Number.isSafeInteger(size) || size < 0 || size >= 8 ** 11) throw new RangeError(`not a size for an archive: ${size}`);
  const header = Buffer.alloc(block);
  const octal = (value: number, at: number, width: number) => header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
  header.write(name, 0);
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  // No time: two exports of the same entries are the same bytes, which is how a resumed export knows a part again.
  octal(0, 136, 12);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  octal(0, 329, 8);
  octal(0, 337, 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** The zeros behind a file of this size, up to a whole block. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((block - (size % block)) % block);
}

/** Bytes that a file of this size takes. */
export function tarSize(size: number): number {
  return block + Math.ceil(size / block) * block;
}
