/**
 * Archives for whoever does not trust the writer: plain files in the one form of ustar that bundles have. A header is made again from the name and the size in it and has
 * to be the same, so there is no link, no device, no owner, no extension and no second way to write a name. What a name may be is for the caller to say.
 */
import { must } from './canonical.ts';

/** Largest file that is taken into memory, bytes: an entry bundle of 256 entries of 65,535 bytes. */
const largest = 256 * 65_537;

export interface ArchivedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Reads an archive; a file is in memory at a time. Throws Wrong for whatever bundles do not have. */
export async function* readTar(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<ArchivedFile, void, undefined> {
  const input = new Pieces(pieces);
  try {
    for (;;) {
      const header = await input.take(512);
      must(header !== undefined, 'the archive is cut off');
      if (header.every((byte) => byte === 0)) break;
      const [name, size] = readHeader(header);
      must(size <= largest, `${name} is larger than any file of a bundle`);
      const bytes = await input.take(size);
      const padding = await input.take((512 - (size % 512)) % 512);
      must(bytes !== undefined && padding !== undefined, `${name} is cut off`);
      must(
        padding.every((byte) => byte === 0),
        `there is something behind ${name} that is not part of it`,
      );
      yield { name, bytes };
    }
    const second = await input.take(512);
    must(second?.every((byte) => byte === 0) === true, 'the end of the archive is cut off');
    must(await input.isAtEnd(), 'there is something behind the end of the archive');
  } finally {
    await input.close();
  }
}

function readHeader(header: Uint8Array): readonly [string, number] {
  const text = Buffer.from(header).toString('latin1');
  const name = /^[A-Za-z0-9._/-]{1,100}/.exec(text)?.[0] ?? '';
  const octal = /^[0-7]{11}$/.exec(text.slice(124, 135))?.[0];
  must(name !== '' && octal !== undefined, 'a file of the archive has no name that a bundle may hold');
  const size = Number.parseInt(octal, 8);
  const fields: readonly (readonly [number, string])[] = [
    [0, name],
    [100, '0000600\0' + '0000000\0' + '0000000\0'],
    [124, `${octal}\0${'0'.repeat(11)}\0`],
    [148, '        '],
    [156, '0'],
    [257, 'ustar\u000000'],
    [329, '0000000\0' + '0000000\0'],
  ];
  const again = Buffer.alloc(512);
  for (const [at, value] of fields) again.write(value, at, 'latin1');
  let sum = 0;
  for (const byte of again) sum += byte;
  again.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  must(again.equals(header), `${name} is not written as a plain file of a bundle`);
  return [name, size];
}

/** Bytes from pieces, so many at a time. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Uint8Array[] = [];
  #length = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Undefined where there are fewer left. */
  async take(count: number): Promise<Uint8Array | undefined> {
    while (this.#length < count) if (!(await this.#more())) return undefined;
    const all = this.#held.length === 1 ? (this.#held[0] ?? new Uint8Array()) : Buffer.concat(this.#held);
    this.#held = count < all.byteLength ? [all.subarray(count)] : [];
    this.#length -= count;
    return all.subarray(0, count);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#length === 0) if (!(await this.#more())) return true;
    return false;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#held.push(next.value);
    this.#length += next.value.byteLength;
    return true;
  }
}
