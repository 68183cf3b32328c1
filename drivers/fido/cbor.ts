/**
 * CTAP2 canonical CBOR (CTAP 2.1 section 8) over `cbor2`: keys sorted, shortest forms, definite lengths, at most a few levels deep. What is not in
 * that form is refused, so a value that was read encodes to the very bytes it was read from.
 */
import { cdeDecodeOptions, cdeEncodeOptions, decode, decodeSequence, encode } from 'cbor2';

export type CborKey = number | string;
export type CborMap = ReadonlyMap<CborKey, CborValue>;
export type CborValue = number | string | boolean | Uint8Array | readonly CborValue[] | CborMap;

/** The bytes were not CTAP2 canonical CBOR, or not of the shape that was asked for. */
export class CborError extends Error {
  override readonly name = 'CborError';
  /** True when a field that must be there was not. */
  readonly missing: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly missing?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.missing = options.missing ?? false;
  }
}

/** CTAP allows four levels; attestation statements of vendors get a little more. */
const options = { ...cdeDecodeOptions, preferMap: true, maxDepth: 8, ignoreGlobalTags: true };

/** cbor2 goes by the constructor: a Buffer would be written as the object that its toJSON gives. */
function plain(value: CborValue): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Map) return new Map([...(value as CborMap)].map(([key, item]) => [key, plain(item)]));
  if (Array.isArray(value)) return (value as readonly CborValue[]).map(plain);
  return value;
}

/** Encodes in canonical form. */
export function encodeCbor(value: CborValue): Uint8Array {
  return encode(plain(value), cdeEncodeOptions);
}

/** Decodes exactly one item. Throws CborError when it is not canonical or something follows it. */
export function decodeCbor(bytes: Uint8Array): unknown {
  try {
    return decode(new Uint8Array(bytes), options);
  } catch (cause) {
    throw new CborError('this is not canonical CBOR', { cause });
  }
}

/** Decodes the first item; `length` is how many bytes it took. Throws CborError. */
export function decodeFirstCbor(bytes: Uint8Array): { readonly value: unknown; readonly length: number } {
  try {
    const next = decodeSequence(new Uint8Array(bytes), options).next();
    if (next.done === true) throw new CborError('there is no item');
    return { value: next.value, length: encode(next.value, cdeEncodeOptions).length };
  } catch (cause) {
    throw new CborError('this is not canonical CBOR', { cause });
  }
}

/** A decoded map whose fields are taken out by key, each with the type it must have. Every method throws CborError for a wrong type. */
export class CborFields {
  readonly #map: ReadonlyMap<unknown, unknown>;
  readonly #what: string;

  /** Throws CborError when `value` is not a map. `what` names it in messages. */
  constructor(value: unknown, what: string) {
    if (!(value instanceof Map)) throw new CborError(`${what} is not a map`);
    this.#map = value as ReadonlyMap<unknown, unknown>;
    this.#what = what;
  }

  has(key: CborKey): boolean {
    return this.#map.has(key);
  }

  /** Absent fields are undefined. */
  raw(key: CborKey): unknown {
    return this.#map.get(key);
  }

  bytes(key: CborKey): Uint8Array {
    const value = this.optionalBytes(key);
    return value ?? this.#missing(key);
  }

  optionalBytes(key: CborKey): Uint8Array | undefined {
    const value = this.#map.get(key);
    return value === undefined || value instanceof Uint8Array ? value && new Uint8Array(value) : this.#wrong(key);
  }

  integer(key: CborKey): number {
    const value = this.optionalInteger(key);
    return value ?? this.#missing(key);
  }

  optionalInteger(key: CborKey): number | undefined {
    const value = this.#map.get(key);
    return value === undefined || Number.isSafeInteger(value) ? (value as number | undefined) : this.#wrong(key);
  }

  text(key: CborKey): string {
    const value = this.optionalText(key);
    return value ?? this.#missing(key);
  }

  optionalText(key: CborKey): string | undefined {
    const value = this.#map.get(key);
    return value === undefined || typeof value === 'string' ? value : this.#wrong(key);
  }

  optionalBoolean(key: CborKey): boolean | undefined {
    const value = this.#map.get(key);
    return value === undefined || typeof value === 'boolean' ? value : this.#wrong(key);
  }

  list(key: CborKey): readonly unknown[] {
    const value = this.#map.get(key);
    if (value === undefined) return this.#missing(key);
    return Array.isArray(value) ? (value as readonly unknown[]) : this.#wrong(key);
  }

  map(key: CborKey): CborFields {
    const value = this.#map.get(key);
    return value === undefined ? this.#missing(key) : new CborFields(value, `${this.#what}.${key}`);
  }

  #missing(key: CborKey): never {
    throw new CborError(`${this.#what} has no field ${key}`, { missing: true });
  }

  #wrong(key: CborKey): never {
    throw new CborError(`${this.#what} has a field ${key} of the wrong type`);
  }
}
