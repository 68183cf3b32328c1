/** Authenticator data as a new credential brings it (WebAuthn section 6.1). The verifier of assertions has its own reader and shares no code with this. */
import { createHash } from 'node:crypto';
import { CborError, CborFields, decodeFirstCbor } from './cbor.ts';
import { coseAlgorithm, publicKeyOfCose } from './cose.ts';

/** Flag bits of the authenticator data. */
export const authenticatorFlag = { userPresent: 0x01, userVerified: 0x04, attestedCredential: 0x40, extensions: 0x80 } as const;

export interface NewCredential {
  readonly signCount: number;
  /** 32 hex digits. */
  readonly aaguid: string;
  readonly credentialId: Uint8Array;
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
}

/**
 * Reads the credential out of the authenticator data of makeCredential. Throws CborError when the data is for another relying party, does not say that
 * a person was present and verified, carries no ES256 credential, or has something behind it that its flags do not announce.
 */
export function newCredentialOf(data: Uint8Array, rpId: string): NewCredential {
  const bytes = Buffer.from(data);
  if (bytes.length < 55) throw new CborError('the authenticator data is too short for a new credential');
  if (!createHash('sha256').update(rpId).digest().equals(bytes.subarray(0, 32)))
    throw new CborError('the credential is for another relying party');
  const flags = bytes.readUInt8(32);
  const needed = authenticatorFlag.userPresent | authenticatorFlag.userVerified | authenticatorFlag.attestedCredential;
  if ((flags & needed) !== needed) throw new CborError('the new credential was made without a verified person');
  const idEnd = 55 + bytes.readUInt16BE(53);
  const credentialId = new Uint8Array(bytes.subarray(55, idEnd));
  if (bytes.length <= idEnd || credentialId.length === 0) throw new CborError('the authenticator data ends inside the credential');
  const key = decodeFirstCbor(bytes.subarray(idEnd));
  let end = idEnd + key.length;
  if ((flags & authenticatorFlag.extensions) !== 0) end += decodeFirstCbor(bytes.subarray(end)).length;
  if (end !== bytes.length) throw new CborError('there is something behind the authenticator data');
  const publicKey = publicKeyOfCose(new CborFields(key.value, 'credential public key'), coseAlgorithm.es256);
  return {
    signCount: bytes.readUInt32BE(33),
    aaguid: bytes.toString('hex', 37, 53),
    credentialId,
    publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
  };
}
