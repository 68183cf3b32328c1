/** Bytes that can be read at any place: held in memory, or a file that is never held as a whole. */
import { fstatSync, readSync } from 'node:fs';

export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `start` to before `end`; throws RangeError when they are not all there. They are not to be changed. */
  read(start: number, end: number): Uint8Array;
}

function checkRange(start: number, end: number, size: number): void {
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= size)) {
    throw new RangeError('outside of the file');
  }
}

/** Bytes in memory; what is read is a view of them. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(start, end) {
      checkRange(start, end, bytes.length);
      return bytes.subarray(start, end);
    },
  };
}

/** An open file, by its descriptor; whoever opened it closes it. Reading throws the file system's error, and RangeError when the file has become shorter. */
export function fileSource(descriptor: number): ByteSource {
  const { size } = fstatSync(descriptor);
  return {
    size,
    read(start, end) {
      checkRange(start, end, size);
      const bytes = Buffer.alloc(end - start);
      for (let at = 0; at < bytes.length;) {
        const count = readSync(descriptor, bytes, at, bytes.length - at, start + at);
        if (count === 0) throw new RangeError('outside of the file');
        at += count;
      }
      return bytes;
    },
  };
}

/** The same bytes in pieces of at most 1 MiB. */
export function* pieces(source: ByteSource, start: number, end: number): Generator<Uint8Array> {
  const most = 1024 * 1024;
  for (let at = start; at < end; at += most) yield source.read(at, Math.min(at + most, end));
}
