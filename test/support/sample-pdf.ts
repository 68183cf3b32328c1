/** PDFs for tests: the sample agreement, what qpdf makes of it, and files written by hand in every style of cross-reference. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';

export const agreementPath = fileURLToPath(new URL('../../fixtures/documents/agreement.pdf', import.meta.url));

export function agreement(): Uint8Array {
  return new Uint8Array(readFileSync(agreementPath));
}

/** What qpdf makes of a PDF with these arguments. */
export function throughQpdf(input: Uint8Array, ...options: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-qpdf-'));
  try {
    const [from, to] = [join(folder, 'in.pdf'), join(folder, 'out.pdf')];
    writeFileSync(from, input);
    execFileSync('qpdf', [...options, from, to], { stdio: ['ignore', 'pipe', 'pipe'] });
    return new Uint8Array(readFileSync(to));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface HandMade {
  /** Bodies by object number, one character per byte; a stream is written out whole. */
  readonly objects: Readonly<Record<number, string>>;
  /** Entries of the trailer beside /Size and /Root. */
  readonly trailer?: string;
  /** `hybrid` hides these objects in an object stream that only the /XRefStm section knows. */
  readonly hidden?: readonly number[];
  readonly style?: 'table' | 'stream';
  /** Packs the newest cross-reference stream with this predictor: 2 is that of TIFF. */
  readonly predictor?: 2;
  readonly header?: string;
}

const page = (extra = ''): string => `<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<>>/Contents 4 0 R${extra}>>`;
const text = 'q 20 20 100 60 re 0.4 g f Q';

/** Bodies of a one-page document: 1 catalog, 2 page tree, 3 page, 4 contents. */
export function onePage(changes: Readonly<Record<number, string>> = {}, pageExtra = ''): Record<number, string> {
  return {
    1: '<</Type/Catalog/Pages 2 0 R>>',
    2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    3: page(pageExtra),
    4: `<</Length ${text.length}>>\nstream\n${text}\nendstream`,
    ...changes,
  };
}

function bigEndian(value: number, width: number): string {
  return Array.from({ length: width }, (_, index) => String.fromCharCode(Math.floor(value / 256 ** (width - 1 - index)) % 256)).join('');
}

/** Each byte of a row as the difference to the one before it. */
function tiffDifferences(data: string, rowBytes: number): Buffer {
  const bytes = Buffer.from(data, 'latin1');
  return Buffer.from(bytes.map((byte, at) => (at % rowBytes === 0 ? byte : (byte - (bytes[at - 1] ?? 0)) & 0xff)));
}

function streamSection(num: number, rows: ReadonlyMap<number, string>, extra: string, predictor?: 2): string {
  const numbers = [...rows.keys()].sort((left, right) => left - right);
  const plain = numbers.map((member) => rows.get(member) ?? '').join('');
  const data = predictor === undefined ? plain : deflateSync(tiffDifferences(plain, 7)).toString('latin1');
  const packing = predictor === undefined ? '' : '/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 7>>';
  const index = numbers.map((member) => `${member} 1`).join(' ');
  return `${num} 0 obj\n<</Type/XRef/W[1 4 2]/Index[${index}]/Length ${data.length}${packing}${extra}>>\nstream\n${data}\nendstream\nendobj\n`;
}

/** Writes a PDF as it is described: nothing is checked, so that it can be as wrong as a test wants. */
export function handMade({ objects, trailer = '', hidden = [], style = 'table', header = '%PDF-1.7', predictor }: HandMade): Uint8Array {
  let file = `${header}\n%\xe2\xe3\xcf\xd3\n`;
  const offsets = new Map<number, number>();
  const numbers = Object.keys(objects).map(Number);
  const packer = Math.max(...numbers) + 1;
  const size = packer + 2;
  const add = (num: number, body: string): void => {
    offsets.set(num, file.length);
    file += `${num} 0 obj\n${body}\nendobj\n`;
  };
  for (const num of numbers) if (!hidden.includes(num)) add(num, objects[num] ?? 'null');
  const rows = new Map([...offsets].map(([num, offset]) => [num, `\x01${bigEndian(offset, 4)}\0\0`]));
  let extra = `/Size ${size}/Root 1 0 R${trailer}`;
  if (hidden.length > 0) {
    let at = 0;
    const heads = hidden.map((num) => {
      const head = `${num} ${at} `;
      at += (objects[num] ?? '').length + 1;
      return head;
    });
    const head = heads.join('');
    const data = `${head}${hidden.map((num) => `${objects[num] ?? ''} `).join('')}`;
    add(packer, `<</Type/ObjStm/N ${hidden.length}/First ${head.length}/Length ${data.length}>>\nstream\n${data}\nendstream`);
    hidden.forEach((num, index) => rows.set(num, `\x02${bigEndian(packer, 4)}${bigEndian(index, 2)}`));
    rows.set(packer, `\x01${bigEndian(offsets.get(packer) ?? 0, 4)}\0\0`);
    if (style === 'table') {
      const only = new Map([...rows].filter(([num]) => hidden.includes(num)));
      extra += `/XRefStm ${file.length}`;
      file += streamSection(packer + 1, only, `/Size ${size}`);
    }
  }
  const start = file.length;
  if (style === 'table') {
    const lines = Array.from({ length: size }, (_, num) => {
      const offset = offsets.get(num);
      return offset === undefined ? '0000000000 65535 f\r\n' : `${String(offset).padStart(10, '0')} 00000 n\r\n`;
    });
    file += `xref\n0 ${size}\n${lines.join('')}trailer\n<<${extra}>>\n`;
  } else {
    rows.set(packer + 1, `\x01${bigEndian(start, 4)}\0\0`);
    file += streamSection(packer + 1, rows, extra, predictor);
  }
  return Uint8Array.from(Buffer.from(`${file}startxref\n${start}\n%%EOF\n`, 'latin1'));
}

/** Bytes with one piece of text replaced by another of the same length; throws when it is not there. */
export function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const at = Buffer.from(bytes).indexOf(from, 0, 'latin1');
  if (at === -1 || from.length !== to.length) throw new Error(`cannot replace ${from}`);
  const copy = Uint8Array.from(bytes);
  copy.set(Buffer.from(to, 'latin1'), at);
  return copy;
}
