/** A signature that waits for the token: what every format (PAdES, CAdES, ASiC) gives to whoever asks the token. */

export interface PreparedSignature {
  /** DER of the signed attributes: what the token signs, hashed with the hash of the request. */
  readonly message: Uint8Array;
  /**
   * The finished output. `signature` is what the token gave: RSA as it is, ECDSA raw r||s. Throws SignatureRefused when it does not verify with
   * the certificate, or when the whole output does not hold afterwards.
   */
  finish(signature: Uint8Array): Uint8Array;
  /**
   * SHA-256 of what `finish` gave, hex, where that follows from what was hashed to prepare the signature, so that a large document is not hashed once more.
   * Throws an Error when nothing was finished.
   */
  outputDigest?(): string;
}
