/**
 * Memory for documents, with free room behind each of them: a signature is written there, so that a large document is never copied. The document
 * itself stays as it was read; what stands behind it belongs to whoever wrote there last.
 */

/** Bytes; more than a signature with a visible appearance needs. What nobody touches costs no memory. */
const spareBytes = 1024 * 1024;

/** Who wrote last behind the document in this memory. */
const writers = new WeakMap<ArrayBufferLike, object>();

/** Memory for a document of `size` bytes, zeros. */
export function documentMemory(size: number): Uint8Array {
  const buffer = new ArrayBuffer(size + spareBytes);
  writers.set(buffer, {});
  return new Uint8Array(buffer, 0, size);
}

/** A document and what was appended to it, in one piece. */
export interface Appended {
  readonly bytes: Uint8Array;
  /** False once something else was appended to the same document: then `bytes` are no longer what they were. */
  readonly holds: () => boolean;
}

/** Appends to a document: in its own memory when that came from `documentMemory` and has room, else in a copy. */
export function append(document: Uint8Array, parts: readonly Uint8Array[]): Appended {
  const length = parts.reduce((sum, part) => sum + part.length, document.length);
  const inPlace = writers.has(document.buffer) && document.byteOffset === 0 && length <= document.buffer.byteLength;
  const bytes = inPlace ? new Uint8Array(document.buffer, 0, length) : new Uint8Array(length);
  if (!inPlace) bytes.set(document);
  let at = document.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const writer = {};
  writers.set(bytes.buffer, writer);
  return { bytes, holds: () => writers.get(bytes.buffer) === writer };
}
