/** The private keys of a PIV card and what GENERAL AUTHENTICATE does with them (NIST SP 800-73-4 part 2 section 3.2.4, SP 800-78-4 table 6-2). */
import { constants, generateKeyPair, privateEncrypt, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { signDigest } from './ecdsa-digest.ts';

export const pivKeyTypes = ['rsa-2048', 'rsa-3072', 'p-256', 'p-384'] as const;
export type PivKeyType = (typeof pivKeyTypes)[number];

/** 9A: PIV authentication, needs the PIN once. 9C: digital signature, needs the PIN before every use. */
export const pivKeySlots = ['9a', '9c'] as const;
export type PivKeySlot = (typeof pivKeySlots)[number];

export interface PivKey {
  readonly type: PivKeyType;
  readonly privateKey: KeyObject;
  /** X.509, DER. */
  readonly certificate: Uint8Array;
}

/** Algorithm identifiers in P1 (SP 800-78-4 table 6-2; RSA-3072 from SP 800-78-5). */
export const algorithmId: Readonly<Record<PivKeyType, number>> = { 'rsa-2048': 0x07, 'rsa-3072': 0x05, 'p-256': 0x11, 'p-384': 0x14 };

const blockBytes: Readonly<Record<PivKeyType, number>> = { 'rsa-2048': 256, 'rsa-3072': 384, 'p-256': 32, 'p-384': 48 };

/** A new key pair. RSA takes between a tenth of a second and a few seconds. */
export async function generatePivKey(type: PivKeyType): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  const generate = promisify(generateKeyPair);
  switch (type) {
    case 'rsa-2048':
      return generate('rsa', { modulusLength: 2048 });
    case 'rsa-3072':
      return generate('rsa', { modulusLength: 3072 });
    case 'p-256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'p-384':
      return generate('ec', { namedCurve: 'P-384' });
  }
}

/**
 * Raw private key operation: RSA on a block that the host has padded, ECDSA on a digest (answer in DER).
 * Returns undefined when the block has the wrong length or is not smaller than the modulus.
 */
export function applyPivKey(key: PivKey, block: Uint8Array): Uint8Array | undefined {
  const expected = blockBytes[key.type];
  if (key.type === 'p-256' || key.type === 'p-384') {
    return block.length === 0 || block.length > expected ? undefined : signDigest(key.type, key.privateKey, block);
  }
  if (block.length !== expected) return undefined;
  try {
    return privateEncrypt({ key: key.privateKey, padding: constants.RSA_NO_PADDING }, block);
  } catch {
    return undefined;
  }
}
