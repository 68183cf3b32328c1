/**
 * The contract of a token: what the rest of the house may know of a smartcard. Implemented by `pkcs11/source.ts`. It knows nothing of
 * documents, consents or logs.
 */
import type { Secret } from './secret.ts';

/** PIN flags as the token tells them (PKCS#11 CK_TOKEN_INFO flags). A token that never tells is `unknown`. */
export type PinState = 'unknown' | 'ok' | 'low' | 'last-try' | 'locked';

export interface PinInfo {
  readonly state: PinState;
  /** Bytes, as the token states them (ulMinPinLen, ulMaxPinLen). */
  readonly minLength: number;
  readonly maxLength: number;
  /** Absent where the token does not tell a number. */
  readonly triesLeft?: number;
  /** True: the PIN is typed on the reader (CKF_PROTECTED_AUTHENTICATION_PATH). */
  readonly protectedPath: boolean;
}

/** One token that is in a slot now. */
export interface TokenInfo {
  /** Stable while the token stays in, and new when it was out: SHA-256 (hex), see `pkcs11/token-id.ts`. Never a slot number. */
  readonly id: string;
  /** Name of the PKCS#11 module from the configuration. */
  readonly module: string;
  /** Name of the slot, for a person ("Virtual PCD 00 00"). */
  readonly slot: string;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
}

export type Hash = 'sha256' | 'sha384' | 'sha512';

/** How a signature is made. ECDSA signatures are raw r||s (IEEE P1363); the container that wants DER converts. */
export type SignatureScheme = 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa';

/** A certificate on a token that has a private key beside it. */
export interface SigningKey {
  /** X.509 certificate, DER. */
  readonly certificate: Uint8Array;
  /** SHA-256 of the DER, lower-case hex: the one name of this key outside the driver. */
  readonly certificateSha256: string;
  /** CKA_ID, hex. */
  readonly ckaId: string;
  readonly label: string;
  /** Schemes that key type and mechanism list allow, best first. */
  readonly schemes: readonly SignatureScheme[];
}

export interface TokenContents {
  readonly token: TokenInfo;
  readonly pin: PinInfo;
  readonly keys: readonly SigningKey[];
}

/** What all signatures under one login have in common. */
export interface SigningOrder {
  /** The token they must be made on; another one is `token-changed`. */
  readonly tokenId: string;
  readonly certificateSha256: string;
  readonly scheme: SignatureScheme;
  readonly hash: Hash;
}

export interface SignRequest extends SigningOrder {
  /** The bytes whose digest is signed (for CAdES the DER of the signed attributes). The driver hashes them itself, so it can also verify. */
  readonly message: Uint8Array;
}

/** What a token with a protected path is doing while it signs; told so that the holder can be. */
export type PadMoment =
  /** The reader waits for the PIN now, and for how long. The second time in one signature is for a key that asks for the PIN at each use. */
  | { readonly doing: 'waiting'; readonly time: 1 | 2; readonly forMs: number }
  /** The PIN was taken, the token signs. */
  | { readonly doing: 'signing' };

/** Several signatures under one login, for one confirmation by the holder. */
export interface SigningSession {
  /**
   * Signs the next message; the first call logs in. One after the other, in the order of the calls. The signature has been verified with the certificate's
   * public key when it is returned. Throws DeviceError, and then nothing is signed any more: later calls, and those that wait, are `cancelled`.
   * `outcome-unknown` is said of one signature at most, the one that the token was asked for; a token that left before it was asked is `token-removed`.
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** Logs out and ends what knew the PIN, once the signature that is being made is done. May be called again; never rejects. */
  close(): Promise<void>;
}

/** The tokens that are in the readers now. */
export interface TokenSource {
  /** Tokens as last seen. Cheap: no device is asked. */
  tokens(): readonly TokenInfo[];
  /** Calls back with the new list whenever it changes. Returns the way to stop. */
  watch(listener: (tokens: readonly TokenInfo[]) => void): () => void;
  /** Reads certificates and PIN state. Throws DeviceError: no-token, token-removed, unsupported-token, module-crashed, module-timeout. */
  read(tokenId: string): Promise<TokenContents>;
  /**
   * Logs in, signs once, logs out. The signature has been verified with the certificate's public key when it is returned.
   * `pin` is taken and zeroed whatever happens; it is absent only for a token with a protected path, and such a token takes none.
   * Throws DeviceError; `outcome-unknown` when the token may have signed and nobody can tell; `cancelled` and `pin-timeout` from a reader's own pad.
   */
  sign(request: SignRequest, pin: Secret | undefined, onPad?: (moment: PadMoment) => void): Promise<Uint8Array>;
  /**
   * The same for several messages: one PIN serves them all, also where the key wants it for each (a reader with a pad of its own asks its holder each time
   * then). `pin` is taken by the first signature and zeroed, or wiped by `close`; whoever opens must close, though a login that lies idle ends by itself.
   */
  openSigning(order: SigningOrder, pin: Secret | undefined, onPad?: (moment: PadMoment) => void): SigningSession;
  /** Ends the child processes. */
  close(): Promise<void>;
}
