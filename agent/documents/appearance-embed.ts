/**
 * Subsets of fonts inside a PDF: Type0 fonts with Identity-H (ISO 32000-1 section 9.7). Every pair of glyph and text has a code of its own, so that
 * text can be found and copied although one glyph may stand for several letters; /CIDToGIDMap leads from the codes to the glyphs.
 */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { Font, Glyph, Subset } from 'fontkit';
import { decimal } from './appearance-place.ts';
import { PdfArray, PdfDict, PdfName, type PdfRef, PdfStream, PdfString, type PdfValue } from './pdf-objects.ts';
import type { IncrementalUpdate } from './pdf-writer.ts';

interface Code {
  readonly code: number;
  /** Number of the glyph in the subset. */
  readonly glyph: number;
  readonly text: string;
  /** Thousandths of the font size. */
  readonly width: number;
}

interface Embedded {
  readonly name: string;
  readonly subset: Subset;
  /** By glyph and text. The code of the first is 1: 0 is the glyph for what is missing. */
  readonly codes: Map<string, Code>;
}

/** A stream of ours, deflated. */
export function deflated(dict: Readonly<Record<string, PdfValue>>, bytes: Uint8Array): PdfStream {
  return new PdfStream(new PdfDict({ ...dict, Filter: new PdfName('FlateDecode') }), deflateSync(bytes, { level: 9 }));
}

/** Collects the glyphs of one appearance, and writes their fonts. */
export class EmbeddedFonts {
  readonly #fonts = new Map<Font, Embedded>();

  /** The name of the font among the resources, and the code of the glyph in it, two bytes. */
  encode(font: Font, glyph: Glyph, text: string): { readonly name: string; readonly code: number } {
    let embedded = this.#fonts.get(font);
    if (embedded === undefined) {
      embedded = { name: `F${this.#fonts.size + 1}`, subset: font.createSubset(), codes: new Map() };
      this.#fonts.set(font, embedded);
    }
    const { name, subset, codes } = embedded;
    const key = `${glyph.id} ${text}`;
    // It gives the glyph's number in the subset, whatever its type says.
    const within = Number(subset.includeGlyph(glyph));
    const known = codes.get(key);
    const code = known?.code ?? codes.size + 1;
    if (known === undefined) codes.set(key, { code, glyph: within, text, width: (glyph.advanceWidth * 1000) / font.unitsPerEm });
    return { name, code };
  }

  /** Writes all fonts and gives the /Font dictionary of the resources. PDF/A-1 alone wants a list of the codes (ISO 19005-1 section 6.3.5). */
  write(update: IncrementalUpdate, listCodes: boolean): PdfDict {
    return new PdfDict(
      Object.fromEntries([...this.#fonts].map(([font, embedded]) => [embedded.name, writeFont(update, font, embedded, listCodes)])),
    );
  }
}

function writeFont(update: IncrementalUpdate, font: Font, { subset, codes }: Embedded, listCodes: boolean): PdfRef {
  const add = (value: PdfValue): PdfRef => {
    const ref = update.allocate();
    update.set(ref, value);
    return ref;
  };
  const program = subset.encode();
  const listed = [...codes.values()];
  const baseFont = new PdfName(`${subsetTag(program)}+${font.postscriptName}`);
  const scaled = (value: number) => decimal((value * 1000) / font.unitsPerEm);
  const { minX, minY, maxX, maxY } = font.bbox;
  const descriptor = new PdfDict({
    Type: new PdfName('FontDescriptor'),
    FontName: baseFont,
    Flags: 4, // symbolic: it has no encoding of its own (table 123)
    FontBBox: new PdfArray([minX, minY, maxX, maxY].map(scaled)),
    ItalicAngle: 0,
    Ascent: scaled(font.ascent),
    Descent: scaled(font.descent),
    CapHeight: scaled(font.capHeight),
    StemV: 80,
    FontFile2: add(deflated({ Length1: program.length }, program)),
    ...(listCodes ? { CIDSet: add(deflated({}, codeSet(listed.length))) } : {}),
  });
  const descendant = new PdfDict({
    Type: new PdfName('Font'),
    Subtype: new PdfName('CIDFontType2'),
    BaseFont: baseFont,
    CIDSystemInfo: new PdfDict({ Registry: ascii('Adobe'), Ordering: ascii('Identity'), Supplement: 0 }),
    FontDescriptor: add(descriptor),
    DW: 1000,
    W: new PdfArray([1, new PdfArray(listed.map(({ width }) => decimal(width)))]),
    CIDToGIDMap: add(deflated({}, glyphMap(listed))),
  });
  return add(
    new PdfDict({
      Type: new PdfName('Font'),
      Subtype: new PdfName('Type0'),
      BaseFont: baseFont,
      Encoding: new PdfName('Identity-H'),
      DescendantFonts: new PdfArray([add(descendant)]),
      ToUnicode: add(deflated({}, Buffer.from(toUnicode(listed), 'latin1'))),
    }),
  );
}

function ascii(text: string): PdfString {
  return new PdfString(Buffer.from(text, 'latin1'), false);
}

/** Six letters that are the same for the same subset (section 9.6.4). */
function subsetTag(program: Uint8Array): string {
  const digest = createHash('sha256').update(program).digest();
  return String.fromCharCode(...digest.subarray(0, 6).map((byte) => 65 + (byte % 26)));
}

function glyphMap(codes: readonly Code[]): Uint8Array {
  const map = Buffer.alloc(2 * (codes.length + 1));
  for (const { code, glyph } of codes) map.writeUInt16BE(glyph, 2 * code);
  return map;
}

/** One bit for each code from 0 on, the highest bit of a byte first. */
function codeSet(count: number): Uint8Array {
  const set = Buffer.alloc(Math.floor(count / 8) + 1);
  for (let code = 0; code <= count; code += 1) set[code >> 3] = (set[code >> 3] ?? 0) | (0x80 >> (code & 7));
  return set;
}

/** What each code says (section 9.10.3); at most 100 lines stand in one block. */
function toUnicode(codes: readonly Code[]): string {
  const lines = codes.map(({ code, text }) => {
    const utf16 = Buffer.from(text, 'utf16le').swap16().toString('hex').toUpperCase();
    return `<${code.toString(16).padStart(4, '0')}> <${utf16}>`;
  });
  const blocks: string[] = [];
  for (let at = 0; at < lines.length; at += 100) {
    const block = lines.slice(at, at + 100);
    blocks.push(`${block.length} beginbfchar\n${block.join('\n')}\nendbfchar`);
  }
  return `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
${blocks.join('\n')}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
`;
}
