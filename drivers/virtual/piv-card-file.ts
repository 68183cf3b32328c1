/** How a virtual PIV card is made and how it lies in a file: plain JSON, keys and PIN included. */
import { createPrivateKey, createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { issueCardCertificate, type CardKeyUsage, type DemoCa, type Holder } from './demo-ca.ts';
import type { Protocol } from './apdu-chaining.ts';
import { generatePivKey, pivKeySlots, pivKeyTypes, type PivKey, type PivKeySlot, type PivKeyType } from './piv-key.ts';
import { maxTries, paddedPin, ReferenceValue } from './piv-reference.ts';

const keyFile = z.strictObject({ type: z.enum(pivKeyTypes), certificate: z.string(), privateKey: z.string() });
const tries = z.int().min(0).max(maxTries);

const pivCardFile = z.strictObject({
  format: z.literal('countersign-demo-piv-card-1'),
  serial: z.string().regex(/^[0-9a-f]{32}$/),
  holder: z.strictObject({ commonName: z.string(), givenName: z.string(), surname: z.string(), country: z.string() }),
  pin: z.string(),
  puk: z.string(),
  pinTries: tries,
  pukTries: tries,
  protocol: z.enum(['t0', 't1']).default('t1'),
  keys: z.strictObject({ '9a': keyFile.optional(), '9c': keyFile.optional() }),
});

/** A card as JSON: certificates and private keys in PEM. */
export type PivCardFile = z.infer<typeof pivCardFile>;

/** One key of a new card. Dates override those of the card; `usage` is by default authentication for 9A and signature for 9C. */
export interface NewPivKey {
  readonly type: PivKeyType;
  readonly usage?: CardKeyUsage;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface NewPivCard {
  readonly holder: Holder;
  readonly issuer: DemoCa;
  readonly keys: Readonly<Partial<Record<PivKeySlot, PivKeyType | NewPivKey>>>;
  /** 6 to 8 digits. */
  readonly pin?: string;
  /** 8 characters. */
  readonly puk?: string;
  /** 0 is a blocked PIN, 1 the last try. */
  readonly pinTries?: number;
  readonly pukTries?: number;
  /** By default from yesterday for three years. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** 32 hex digits; random by default. */
  readonly serial?: string;
  /** T=1 by default; over T=0 every long answer is fetched by GET RESPONSE. */
  readonly protocol?: Protocol;
}

const dayMs = 86_400_000;

/** Generates the keys, has them certified, and writes the card down. */
export async function newPivCardFile(options: NewPivCard): Promise<PivCardFile> {
  const keys: PivCardFile['keys'] = {};
  for (const slot of pivKeySlots) {
    const wanted = options.keys[slot];
    if (wanted === undefined) continue;
    const key: NewPivKey = typeof wanted === 'string' ? { type: wanted } : wanted;
    const { privateKey, publicKey } = await generatePivKey(key.type);
    const der = issueCardCertificate(options.issuer, {
      holder: options.holder,
      usage: key.usage ?? (slot === '9c' ? 'signature' : 'authentication'),
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
      notBefore: key.notBefore ?? options.notBefore ?? new Date(Date.now() - dayMs),
      notAfter: key.notAfter ?? options.notAfter ?? new Date(Date.now() + 3 * 365 * dayMs),
    });
    keys[slot] = {
      type: key.type,
      certificate: new X509Certificate(der).toString(),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }
  const { commonName, givenName, surname, country } = options.holder;
  return {
    format: 'countersign-demo-piv-card-1',
    serial: options.serial ?? randomBytes(16).toString('hex'),
    holder: { commonName, givenName, surname, country },
    pin: options.pin ?? '123456',
    puk: options.puk ?? '12345678',
    pinTries: options.pinTries ?? maxTries,
    pukTries: options.pukTries ?? maxTries,
    protocol: options.protocol ?? 't1',
    keys,
  };
}

export interface OpenedPivCardFile {
  readonly file: PivCardFile;
  readonly pin: ReferenceValue;
  readonly puk: ReferenceValue;
  readonly keys: Readonly<Partial<Record<PivKeySlot, PivKey>>>;
}

/** Reads a card back. Throws when a field is missing, unknown or of the wrong shape, or a key does not fit its certificate. */
export function openPivCardFile(value: unknown): OpenedPivCardFile {
  const file = pivCardFile.parse(value);
  const keys: Partial<Record<PivKeySlot, PivKey>> = {};
  for (const slot of pivKeySlots) {
    const stored = file.keys[slot];
    if (stored === undefined) continue;
    const certificate = new X509Certificate(stored.certificate);
    const privateKey = createPrivateKey(stored.privateKey);
    if (!certificate.checkPrivateKey(privateKey)) throw new Error(`the ${slot} key of this card does not fit its certificate`);
    if (typeOf(createPublicKey(privateKey).export({ format: 'jwk' })) !== stored.type)
      throw new Error(`the ${slot} key is not ${stored.type}`);
    keys[slot] = { type: stored.type, privateKey, certificate: certificate.raw };
  }
  return {
    file,
    pin: new ReferenceValue(paddedPin(file.pin), file.pinTries, 'pin'),
    puk: new ReferenceValue(Buffer.from(file.puk, 'latin1'), file.pukTries, 'puk'),
    keys,
  };
}

function typeOf(jwk: { readonly crv?: string; readonly n?: string }): string {
  if (jwk.crv !== undefined) return jwk.crv.toLowerCase();
  return `rsa-${Buffer.from(jwk.n ?? '', 'base64url').length * 8}`;
}
