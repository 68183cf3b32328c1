/** What a virtual card must be able to do for `card-reader.ts`: answer bytes with bytes, or misbehave the way a real one can. */

/** `pulled`: the card left the reader before it answered. `silent`: it never answers this command. */
export type Misbehaviour = 'pulled' | 'silent';

export interface VirtualCard {
  /** Answer to reset (ISO/IEC 7816-3 section 8). */
  readonly atr: Uint8Array;
  /** Power was cut or the reset line pulled: everything that is not in permanent memory is forgotten. */
  reset(): void;
  /** One command APDU in, one response APDU out. Called strictly one after the other. */
  transmit(command: Uint8Array): Promise<Uint8Array | Misbehaviour>;
}
