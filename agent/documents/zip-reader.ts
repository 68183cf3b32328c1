/** Opens a ZIP container whose structure holds, within limits on what it unpacks to; gives its entries and their content. It only reads. */
import { constants, crc32, inflateRawSync } from 'node:zlib';
import type { Hash } from './algorithms.ts';
import { type ByteSource, pieces } from './byte-source.ts';
import { type ContentDigests, Digesting } from './content-digest.ts';
import { type ZipLine, readStructure } from './zip-directory.ts';
import { checkNames } from './zip-names.ts';
import { refuseZip } from './zip-refused.ts';
import type { ZipBeginning } from './zip-writer.ts';

export interface ZipLimits {
  readonly maxEntries: number;
  /** Most bytes of one entry that is packed: it is unpacked in memory. */
  readonly maxUnpacked: number;
  /** Most bytes of all entries together. */
  readonly maxTotal: number;
  /** How many times its own size a container may unpack to, when that is more than 16 MiB. */
  readonly maxExpansion: number;
}

export const defaultZipLimits: ZipLimits = {
  maxEntries: 2000,
  maxUnpacked: 512 * 1024 * 1024,
  maxTotal: 4 * 1024 * 1024 * 1024,
  maxExpansion: 100,
};
const harmless = 16 * 1024 * 1024;

export class ZipReader {
  readonly #source: ByteSource;
  readonly #structure: ReturnType<typeof readStructure>;

  /** Throws ZipRefused for a container that is not read, or that goes beyond the limits. */
  constructor(source: ByteSource, limits: ZipLimits = defaultZipLimits) {
    this.#source = source;
    this.#structure = readStructure(source, limits.maxEntries);
    checkNames(this.#structure.lines.map(({ name }) => name));
    const total = this.#structure.lines.reduce((sum, { size }) => sum + size, 0);
    const unpacked = this.#structure.lines.some(({ isDeflated, size }) => isDeflated && size > limits.maxUnpacked);
    const expands = total > harmless && total > limits.maxExpansion * source.size;
    if (total > limits.maxTotal || unpacked || expands) refuseZip('too-large', 'it unpacks to more than is read');
    if (this.#structure.lines.some(({ name, size }) => name.endsWith('/') && size > 0)) refuseZip('damaged', 'a folder with content');
  }

  /** Files, in the order of the data; folders are left out. */
  get entries(): readonly ZipLine[] {
    return this.#structure.lines.filter(({ name }) => !name.endsWith('/'));
  }

  entry(name: string): ZipLine | undefined {
    return this.entries.find((one) => one.name === name);
  }

  /** The content of an entry, in memory; at most `maxBytes`. Throws ZipRefused when it is larger, or is not what its header says. */
  read(line: ZipLine, maxBytes: number): Uint8Array {
    if (line.size > maxBytes) refuseZip('too-large', 'an entry is larger than allowed');
    const packed = this.#source.read(line.start, line.start + line.packed);
    const content = line.isDeflated ? inflate(packed, line.size) : packed;
    if (content.length !== line.size || crc32(content) !== line.crc) refuseZip('damaged', 'an entry is damaged');
    return content;
  }

  /** Digests of an entry; one that is not packed is never held in memory as a whole. Throws ZipRefused when it is not what its header says. */
  digest(line: ZipLine, hashes: readonly Hash[]): ContentDigests {
    const digesting = new Digesting(hashes);
    if (line.isDeflated) return digesting.update(this.read(line, line.size)).finish();
    let sum = 0;
    for (const piece of pieces(this.#source, line.start, line.start + line.packed)) {
      digesting.update(piece);
      sum = crc32(piece, sum);
    }
    if (sum !== line.crc) refuseZip('damaged', 'an entry is damaged');
    return digesting.finish();
  }

  /** What a writer needs to add entries behind those that are there. Throws ZipRefused for a container with 64-bit fields. */
  beginning(): ZipBeginning {
    const { lines, directoryStart, directoryEnd, is64 } = this.#structure;
    if (is64) refuseZip('too-large', 'nothing is added to a container with 64-bit fields');
    return {
      entries: this.#source.read(0, directoryStart),
      directory: this.#source.read(directoryStart, directoryEnd),
      count: lines.length,
    };
  }
}

/** One deflate stream that is exactly the packed bytes and gives exactly `size` bytes. */
function inflate(packed: Uint8Array, size: number): Uint8Array {
  try {
    // `info` gives the engine besides, which knows how many bytes it took.
    const options = { maxOutputLength: Math.max(1, size), finishFlush: constants.Z_FINISH, info: true };
    const result: unknown = inflateRawSync(packed, options);
    const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return engine.bytesWritten === packed.length ? buffer : refuseZip('damaged', 'something stands behind the packed data');
  } catch (problem) {
    if (problem instanceof Error && 'code' in problem) return refuseZip('damaged', 'the packed data are damaged');
    throw problem;
  }
}
