/** A large PDF: one page, and beside it private data of some program (ISO 32000-1 section 14.5) in one stream that no filter makes smaller. */
import { open } from 'node:fs/promises';

const pieceBytes = 4 * 1024 * 1024;

/** Bytes that no filter makes smaller, always the same ones. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 0x9e3779b9;
  for (let at = 0; at + 4 <= length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state, at);
  }
  return bytes;
}

/** Writes a PDF of exactly `size` bytes, 10,000 or more. */
export async function writeBigPdf(path: string, size: number): Promise<void> {
  const content = 'q 20 20 100 60 re 0.4 g f Q';
  const pieces = '/PieceInfo<</Example<</LastModified(D:20260101000000Z)/Private 5 0 R>>>>';
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    `<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<>>/Contents 4 0 R${pieces}>>`,
    `<</Length ${content.length}>>\nstream\n${content}\nendstream`,
  ];
  let head = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n';
  const offsets = objects.map((body, index) => {
    const offset = head.length;
    head += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  offsets.push(head.length);
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n\r\n`).join('');
  const tailFor = (start: number): string =>
    `xref\n0 6\n0000000000 65535 f\r\n${entries}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${String(start).padStart(12, '0')}\n%%EOF\n`;
  const opening = (length: number): string => `5 0 obj\n<</Length ${String(length).padStart(12, '0')}>>\nstream\n`;
  const closing = '\nendstream\nendobj\n';
  const length = size - head.length - opening(0).length - closing.length - tailFor(0).length;
  const file = await open(path, 'wx');
  try {
    await file.write(Buffer.from(head + opening(length), 'latin1'));
    const piece = noise(pieceBytes);
    for (let left = length; left > 0; left -= piece.length) {
      piece.writeDoubleLE(left, 0);
      await file.write(piece.subarray(0, Math.min(left, piece.length)));
    }
    await file.write(Buffer.from(closing + tailFor(size - tailFor(0).length), 'latin1'));
    // Else the disk would still be busy with it while we measure.
    await file.sync();
  } finally {
    await file.close();
  }
}
