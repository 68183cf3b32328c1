/** What stands in a bundle beside the tree: sealed fields, attachments and tables. Each is held against the entries that name it, as far as that goes without a key. */
import { createHash, type Hash } from 'node:crypto';
import { must, Wrong } from './canonical.ts';
import { Fields } from './fields.ts';
import { idOf } from './sealed.ts';
import type { TileSeals } from './tile-seals.ts';

/** One entry of a tile. */
export interface TileEntry {
  readonly seq: number;
  readonly body: Fields;
}

/** Checks the files that belong to the entries of one tile. */
export class BesideTile {
  readonly #entries: readonly TileEntry[];
  readonly #place: string;
  readonly #seals: TileSeals;
  /** Sealed fields that the entries name and that have not come yet, by entry and tier. */
  readonly #wanted = new Map<string, Fields>();
  readonly #files = new Numbered();
  #isBehindSeals = false;
  #attachment: { readonly sha256: string; readonly hash: Hash } | undefined;

  /** `place`: the number of the tile as its path writes it. */
  constructor(entries: readonly TileEntry[], place: string, seals: TileSeals) {
    this.#entries = entries;
    this.#place = place;
    this.#seals = seals;
    for (const { seq, body } of entries)
      for (const field of asList(body.get('sealed'))) this.#wanted.set(`${seq} ${String(field.get('tier'))}`, field);
  }

  /** True when the file belongs here, and then it was checked. Throws Wrong. */
  take(name: string, bytes: Uint8Array): boolean {
    const sha256 = /^attachments\/([0-9a-f]{64})\/\d{3,}$/.exec(name)?.[1];
    const isSealed = name.startsWith(`sealed/${this.#place}/`) && this.#attachment === undefined;
    const isSeal = name.startsWith(`seals/${this.#place}/`) && !this.#isBehindSeals;
    if (sha256 === undefined && !isSealed && !isSeal) return false;
    this.#files.next(name);
    this.#isBehindSeals = !isSeal;
    if (isSeal) for (const row of readLines(name, bytes)) this.#seal(name, row);
    else if (sha256 === undefined) for (const row of readLines(name, bytes)) this.#sealed(row);
    else {
      if (this.#attachment?.sha256 !== sha256) this.#begin(sha256);
      this.#attachment?.hash.update(bytes);
    }
    return true;
  }

  /** Throws Wrong when something did not come to its end. */
  end(): void {
    this.#finish();
    this.#seals.end();
    const [missing] = this.#wanted.keys();
    must(missing === undefined, `the sealed fields of entry ${missing?.split(' ')[0] ?? ''} are missing`);
  }

  #seal(name: string, { size, note: written }: Readonly<Record<string, unknown>>): void {
    const note = bytesOf(written);
    must(note !== undefined, `${name} holds a checkpoint that is not written as bytes`);
    this.#seals.take(size, note);
  }

  #sealed(row: Readonly<Record<string, unknown>>): void {
    const key = `${String(row['seq'])} ${String(row['tier'])}`;
    const field = this.#wanted.get(key);
    const what = `the sealed fields of entry ${String(row['seq'])}`;
    must(field !== undefined && row['kid'] === field.get('kid'), `${what} are not those that the entry names`);
    this.#wanted.delete(key);
    const ciphertext = bytesOf(row['ciphertext']);
    must(ciphertext !== undefined, `${what} are not written as bytes`);
    // Blank: the person was erased.
    if (ciphertext.byteLength === 0) return;
    must(createHash('sha256').update(ciphertext).digest('hex') === field.get('ct'), `${what} were changed`);
  }

  #begin(sha256: string): void {
    this.#finish();
    const isNamed = this.#entries.some(({ body }) => namesAttachment(body.get('fields'), sha256, false));
    must(isNamed, `the attachment ${sha256} is named by no entry beside it`);
    this.#attachment = { sha256, hash: createHash('sha256') };
  }

  #finish(): void {
    const { sha256, hash } = this.#attachment ?? {};
    must(hash === undefined || hash.digest('hex') === sha256, `the attachment ${sha256 ?? ''} was changed or is cut off`);
    this.#attachment = undefined;
  }
}

/** Checks the names and lines of the tables that stand beside the tree. */
export class BesideTree {
  readonly #files = new Numbered();
  readonly #left = ['vault', 'tier_key', 'tier_grant'];

  /** True when the file belongs here, and then it was checked. Throws Wrong. */
  take(name: string, bytes: Uint8Array): boolean {
    const table = /^tables\/([a-z_]+)\/\d{3,}$/.exec(name)?.[1];
    if (table === undefined || !this.#left.includes(table)) return false;
    while (this.#left[0] !== table) this.#left.shift();
    this.#files.next(name);
    const rows = readLines(name, bytes);
    if (table === 'vault') for (const row of rows) checkDataKey(name, row);
    return true;
  }
}

function checkDataKey(name: string, { subject, tier, kid, wrapped: written }: Readonly<Record<string, unknown>>): void {
  const wrapped = bytesOf(written);
  const isNamed =
    wrapped !== undefined && typeof subject === 'string' && typeof tier === 'string' && idOf(tier, { subject, wrapped }) === kid;
  must(isNamed, `${name} holds a data key that was changed, or that was another person's`);
}

/** Files of one folder come numbered, from 000 on. */
class Numbered {
  #folder = '';
  #next = 0;

  next(name: string): void {
    const folder = name.slice(0, name.lastIndexOf('/'));
    if (folder !== this.#folder) [this.#folder, this.#next] = [folder, 0];
    must(name === `${folder}/${String(this.#next).padStart(3, '0')}`, `${name} stands in a place that it cannot have`);
    this.#next += 1;
  }
}

/** Lines of JSON objects. */
function readLines(name: string, bytes: Uint8Array): readonly Readonly<Record<string, unknown>>[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  must(text.endsWith('\n'), `${name} is cut off`);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      try {
        const row: unknown = JSON.parse(line);
        if (typeof row === 'object' && row !== null && JSON.stringify(row) === line) return row as Readonly<Record<string, unknown>>;
      } catch {
        // Said below.
      }
      throw new Wrong(`${name} does not hold rows of a table`);
    });
}

function bytesOf(value: unknown): Buffer | undefined {
  const base64 = typeof value === 'object' && value !== null && 'base64' in value ? value.base64 : undefined;
  if (typeof base64 !== 'string') return undefined;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : undefined;
}

function asList(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter((one) => one instanceof Fields) : [];
}

/** True when a field whose name begins with `attachment` holds this hash. */
function namesAttachment(value: unknown, sha256: string, isAttachment: boolean): boolean {
  if (value instanceof Fields) {
    const values = value.values();
    return value.names().some((name, place) => namesAttachment(values[place], sha256, isAttachment || name.startsWith('attachment')));
  }
  if (Array.isArray(value)) return value.some((one) => namesAttachment(one, sha256, isAttachment));
  return isAttachment && value === sha256;
}
