/**
 * Sealed personal fields for whoever has no key: what an entry says of them against the rows that hold them. A row that is blank needs a later
 * `erase` that names its data key; a row that is lost, changed or without its key is none of what an erasure leaves. Only the keys that are gone
 * and not accounted for yet are kept in memory.
 */
import { isHash, must, Wrong } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';
import { Fields } from './fields.ts';
import { sha256Hex } from './hash.ts';

/** A row of sealed fields as it is stored. Once the person was erased, `salt` and `ciphertext` are empty. */
export interface SealedRow {
  readonly seq: number;
  readonly tier: string;
  readonly kid: string;
  readonly salt: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** The data key of this id and tier, as it is stored; absent where none is. */
  readonly key?: WrappedKey;
}

/** A data key, wrapped to its tier, and the pseudonym of the person whose data it opens. */
export interface WrappedKey {
  readonly subject: string;
  readonly wrapped: Uint8Array;
}

interface Part {
  readonly tier: string;
  readonly kid: string;
  /** SHA-256 of the ciphertext, hex. */
  readonly ct: string;
  /** Bytes of the ciphertext. */
  readonly len: number;
}

const tierOrder = ['operations', 'supervision', 'audit'];

/** What the last entry says of sealed fields. */
export class SealedRules implements Rules {
  parts: readonly Part[] = [];
  /** Ids of the data keys that it says are gone. */
  erased: readonly unknown[] = [];

  take({ seq, op, fields, body }: Entry): void {
    this.parts = body.has('sealed') ? readParts(body.get('sealed'), seq) : [];
    this.erased = [];
    if (op !== 'erase') return;
    const kids = fields.get('kids');
    must(Array.isArray(kids) && kids.every(isId), `entry ${seq}: it does not say which data keys were erased`);
    this.erased = kids;
  }
}

function readParts(sealed: unknown, seq: number): readonly Part[] {
  const wrong = `entry ${seq} does not say in the one form what is sealed in it`;
  must(Array.isArray(sealed) && sealed.length >= 1, wrong);
  let last = -1;
  const kids = new Set<unknown>();
  return sealed.map((part: unknown) => {
    must(part instanceof Fields && part.names().join(' ') === 'cm ct kid len tier', wrong);
    const [cm, ct, kid, len, tier] = part.values();
    must(isHash(cm) && isHash(ct) && isId(kid) && typeof len === 'number' && len >= 272 && len <= 65_552 && len % 256 === 16, wrong);
    const place = tierOrder.indexOf(tier as string);
    must(place > last && !kids.has(kid), wrong);
    last = place;
    kids.add(kid);
    return { tier: tier as string, kid: kid as string, ct: ct as string, len };
  });
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);
}

/** The id of a data key is made of what is stored of it, so that its row is as good as hashed into every entry that names it. */
export function idOf(tier: string, { subject, wrapped }: WrappedKey): string {
  return sha256Hex(Buffer.concat([Buffer.from(`countersign/v1/data-key\n${subject}\n${tier}\n`), wrapped])).slice(0, 32);
}

/** The stored rows, held against the entries one after the other. */
export class SealedRows {
  readonly #rows: AsyncIterator<SealedRow>;
  #next: SealedRow | undefined;
  #ended = false;
  /** Entry of the last row that was read. */
  #last = -1;
  /** Data keys whose rows are blank and that no entry has called erased yet, with the first entry that is sealed under each. */
  readonly #gone = new Map<unknown, number>();

  /** `rows`: by the number of their entry; those of one entry in any order. */
  constructor(rows: AsyncIterable<SealedRow>) {
    this.#rows = rows[Symbol.asyncIterator]();
  }

  /** False where the entry with this number says nothing of sealed fields and the rows are known to be further on. */
  concerns(seq: number, { parts, erased }: SealedRules): boolean {
    return parts.length > 0 || erased.length > 0 || !(this.#ended || (this.#next !== undefined && this.#next.seq > seq));
  }

  /** Takes what the entry with this number says. Throws Wrong. */
  async match(seq: number, { parts, erased }: SealedRules): Promise<void> {
    const left = new Map(parts.map((part) => [part.tier, part]));
    for (let row = await this.#peek(); row !== undefined && row.seq <= seq; row = await this.#peek()) {
      const part = row.seq === seq ? left.get(row.tier) : undefined;
      must(
        part !== undefined,
        `sealed fields (${row.tier}) of entry ${row.seq} are stored, and it does not name them, or they stand twice`,
      );
      left.delete(row.tier);
      this.#judge(row, part);
      this.#next = undefined;
    }
    for (const tier of left.keys()) throw new Wrong(`entry ${seq}: its sealed fields (${tier}) are missing`);
    for (const kid of erased)
      must(
        this.#gone.delete(kid),
        `entry ${seq}: it says that a data key was erased, and what was sealed under it is not blank or never was`,
      );
  }

  /** Throws Wrong for rows that no entry names, and for blank ones that no entry called erased. */
  async end(): Promise<void> {
    const row = await this.#peek();
    must(row === undefined, `sealed fields of entry ${row?.seq ?? 0} are stored, and there is no such entry`);
    for (const seq of this.#gone.values())
      throw new Wrong(`entry ${seq}: its sealed fields are gone, and no entry says that they were erased`, seq);
  }

  /** Lets the rows go. */
  async release(): Promise<void> {
    await this.#rows.return?.();
  }

  #judge({ seq, tier, kid, salt, ciphertext, key }: SealedRow, part: Part): void {
    const what = `entry ${seq}: its sealed fields (${tier})`;
    must(kid === part.kid, `${what} are stored under another data key than it names`);
    if (salt.byteLength === 0 && ciphertext.byteLength === 0) {
      must(key === undefined, `${what} are blank, and their data key is still there`);
      if (!this.#gone.has(kid)) this.#gone.set(kid, seq);
      return;
    }
    const same = ciphertext.byteLength === part.len && sha256Hex(ciphertext) === part.ct;
    must(same && salt.byteLength === 32, `${what} were changed`);
    must(key !== undefined, `${what} are there, and the data key that opens them is missing`);
    must(idOf(tier, key) === kid, `${what} are there, and the data key that opens them, or whose it is, was changed`);
  }

  async #peek(): Promise<SealedRow | undefined> {
    if (this.#next !== undefined) return this.#next;
    const read = await this.#rows.next();
    if (read.done === true) {
      this.#ended = true;
      return undefined;
    }
    const { seq } = read.value;
    must(seq >= this.#last, `sealed fields of entry ${seq} stand behind those of a later one`);
    this.#last = seq;
    return (this.#next = read.value);
  }
}
