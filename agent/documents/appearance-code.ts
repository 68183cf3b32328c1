/** The QR code of an appearance (ISO/IEC 18004): what it says, and its dark squares. */
import encodeQr from 'qr';

/** Quiet zone around the code, modules (ISO/IEC 18004 section 6.3.8). */
const quietZone = 4;
/** The smallest module that telephones read from paper, points: a third of a millimetre. */
const leastModule = 0.94;

/** Where the record of a signature stands: the log, the entry that announced it, and that entry's hash. */
export interface RecordPlace {
  /** Origin of the log: `<station>/e<epoch>`. */
  readonly origin: string;
  /** Number of the `sign.intent` entry. */
  readonly entry: number;
  /** Leaf hash of that entry, hex. */
  readonly leaf: string;
}

/**
 * What the code says. The receipt of a signature cannot be in it, because the receipt comes after the signature; the hash of the entry that announced
 * it can, and that entry holds the digests of document, certificate and consent. Capitals, because a QR code packs them closer; read it without regard to case.
 */
export function recordCode({ origin, entry, leaf }: RecordPlace): string {
  return `countersign:v1:${origin}:${entry}:${leaf}`.toUpperCase();
}

/** A rectangle of dark modules in one row; lengths in points, from the lower left corner of the code with its quiet zone. */
export interface DarkBar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The dark parts of a code that fills a square of `side` points; undefined when it would be too small to be read. Throws for more than a code can hold. */
export function codeBars(text: string, side: number): readonly DarkBar[] | undefined {
  const rows = encodeQr(text, 'raw', { ecc: 'medium', border: quietZone });
  const module = side / rows.length;
  if (module < leastModule) return undefined;
  return rows.flatMap((row, index) => {
    const bars: DarkBar[] = [];
    const y = side - (index + 1) * module;
    for (let from = 0; from < row.length; from += 1) {
      if (row[from] !== true) continue;
      let to = from;
      while (row[to] === true) to += 1;
      bars.push({ x: from * module, y, width: (to - from) * module, height: module });
      from = to;
    }
    return bars;
  });
}
