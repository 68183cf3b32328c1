/**
 * The seed value of a signature field (ISO 32000-1 section 12.7.4.5, tables 234 and 235; ISO 32000-2 tables 237 and 238): what its author wants of
 * the signature. What is marked as required is met or refused, never passed over; what is only preferred is left to the station.
 */
import { readCertificate } from './certificate.ts';
import type { EmptyField } from './pdf-fields.ts';
import type { PadesWishes } from './pades-request.ts';
import type { PdfFile } from './pdf.ts';
import { PdfName, PdfReal, PdfRefused, PdfString, type PdfDict, type PdfValue } from './pdf-objects.ts';
import { readTextString } from './pdf-serialise.ts';

/** Bits of /Ff in a seed value: which entries are required. */
const required = {
  Filter: 1,
  SubFilter: 2,
  V: 4,
  Reasons: 8,
  LegalAttestation: 16,
  AddRevInfo: 32,
  DigestMethod: 64,
  LockDocument: 128,
  AppearanceFilter: 256,
} as const;
/** Bits of /Ff in its certificate part. */
const requiredOfCertificate = { Subject: 1, Issuer: 2, OID: 4, SubjectDN: 8, KeyUsage: 32, URL: 64 } as const;
/** The newest version of seed values that is known here (ISO 32000-2). */
const newestVersion = 3;

const digestNames = { sha256: 'SHA256', sha384: 'SHA384', sha512: 'SHA512' } as const;

function textOf(value: PdfValue): string {
  if (value instanceof PdfString) return readTextString(value);
  return value instanceof PdfName ? value.value : '';
}

class SeedValue {
  readonly #file: PdfFile;
  readonly #field: string;
  readonly #dict: PdfDict;
  readonly #flags: number;
  constructor(file: PdfFile, field: string, dict: PdfDict) {
    this.#file = file;
    this.#field = field;
    this.#dict = dict;
    const flags = file.resolve(dict.get('Ff'));
    this.#flags = typeof flags === 'number' ? flags : flags === null ? 0 : this.refuse('flags');
  }

  get(key: string): PdfValue {
    return this.#file.resolve(this.#dict.get(key));
  }

  part(key: string): SeedValue | undefined {
    const dict = this.#file.dict(this.#dict.get(key));
    return dict === undefined ? undefined : new SeedValue(this.#file, this.#field, dict);
  }

  list(key: string): readonly PdfValue[] | undefined {
    return this.#file.items(this.#dict.get(key))?.map((item) => this.#file.resolve(item));
  }

  wants(bit: number): boolean {
    return (this.#flags & bit) !== 0;
  }

  /** Refuses flags that nobody here knows: they may require anything. */
  knowsOnly(bits: Readonly<Record<string, number>>): void {
    const known = Object.values(bits).reduce((all, bit) => all | bit, 0);
    if ((this.#flags & ~known) !== 0) this.refuse('flags');
  }

  refuse(what: string): never {
    throw new PdfRefused('field-demands', `the seed value requires ${what}`, undefined, `${this.#field}, ${what}`);
  }
}

function checkCertificate(seed: SeedValue, request: PadesWishes): void {
  seed.knowsOnly(requiredOfCertificate);
  const certificate = readCertificate(request.certificate);
  const holds = (list: readonly PdfValue[] | undefined, ders: readonly Uint8Array[]): boolean =>
    list?.some((item) => item instanceof PdfString && ders.some((der) => Buffer.from(item.bytes).equals(der))) ?? true;
  if (seed.wants(requiredOfCertificate.Subject) && !holds(seed.list('Subject'), [certificate.der])) seed.refuse('Subject');
  if (seed.wants(requiredOfCertificate.Issuer) && !holds(seed.list('Issuer'), request.chain)) seed.refuse('Issuer');
  // Policies of certificates and parts of names are not judged here, and a place on the network is nothing for an offline station.
  for (const key of ['OID', 'SubjectDN', 'URL'] as const)
    if (seed.wants(requiredOfCertificate[key]) && seed.get(key) !== null) seed.refuse(key);
  const usages = seed.list('KeyUsage');
  if (!seed.wants(requiredOfCertificate.KeyUsage) || usages === undefined) return;
  // One string of 1, 0 and X for each set of usages: must be, must not be, does not matter (table 235).
  const fits = usages.some((usage) =>
    Array.from(textOf(usage)).every((mark, bit) => {
      const has = certificate.keyUsage?.has(bit) ?? false;
      return mark === '1' ? has : mark === '0' ? !has : true;
    }),
  );
  if (!fits) seed.refuse('KeyUsage');
}

/** Throws PdfRefused `field-demands`, with the names of field and entry, when the seed value of the field asks for what this signature will not be. */
export function checkSeedValue(file: PdfFile, field: EmptyField, request: PadesWishes): void {
  if (field.seed === undefined) return;
  const seed = new SeedValue(file, field.name, field.seed);
  seed.knowsOnly(required);
  const version = seed.get('V');
  if (seed.wants(required.V) && !((version instanceof PdfReal ? version.value : Number(version)) <= newestVersion)) seed.refuse('V');
  if (seed.wants(required.Filter) && textOf(seed.get('Filter')) !== 'Adobe.PPKLite') seed.refuse('Filter');
  const anyOf = (key: 'SubFilter' | 'DigestMethod', wanted: string): boolean =>
    !seed.wants(required[key]) || (seed.list(key)?.some((item) => textOf(item) === wanted) ?? true);
  if (!anyOf('SubFilter', 'ETSI.CAdES.detached')) seed.refuse('SubFilter');
  if (!anyOf('DigestMethod', digestNames[request.hash])) seed.refuse('DigestMethod');
  if (seed.wants(required.Reasons)) {
    // No list, or a single full stop in it, asks for no reason at all.
    const reasons = seed.list('Reasons')?.map(textOf) ?? ['.'];
    const none = reasons.length === 0 || (reasons.length === 1 && reasons[0] === '.');
    if (none ? request.reason !== undefined : !reasons.includes(request.reason ?? '')) seed.refuse('Reasons');
  }
  for (const key of ['LegalAttestation', 'AppearanceFilter'] as const)
    if (seed.wants(required[key]) && seed.get(key) !== null) seed.refuse(key);
  if (seed.wants(required.AddRevInfo) && seed.get('AddRevInfo') === true) seed.refuse('AddRevInfo');
  if (seed.wants(required.LockDocument) && !['', 'false'].includes(textOf(seed.get('LockDocument')))) seed.refuse('LockDocument');
  // P says whether the signature certifies, and how strictly; 0 asks for one that does not.
  const permission = seed.part('MDP')?.get('P') ?? null;
  if (permission !== null && permission !== (request.certify === true ? 1 : 0)) seed.refuse('MDP');
  const timestamp = seed.part('TimeStamp');
  if (timestamp?.get('Ff') === 1) seed.refuse('TimeStamp');
  const certificate = seed.part('Cert');
  if (certificate !== undefined) checkCertificate(certificate, request);
}
