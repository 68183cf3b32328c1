/** A card that no PKCS#11 module knows: it has an answer to reset of its own and refuses every command. */
import type { VirtualCard } from '../../drivers/virtual/virtual-card.ts';

export function unknownCard(): VirtualCard {
  return {
    // T=1 only, with the word UNKNOWN as its historical bytes, and the check byte of ISO/IEC 7816-3 section 8.2.5.
    atr: withCheckByte([0x3b, 0x87, 0x81, 0x01, ...Buffer.from('UNKNOWN', 'ascii')]),
    reset: () => undefined,
    // 6D00: the instruction is not supported (ISO/IEC 7816-4 section 5.6).
    transmit: () => Promise.resolve(Uint8Array.of(0x6d, 0x00)),
  };
}

function withCheckByte(bytes: readonly number[]): Uint8Array {
  return Uint8Array.from([...bytes, bytes.slice(1).reduce((sum, byte) => sum ^ byte, 0)]);
}
