/** Command and response APDUs (ISO/IEC 7816-4 section 5.1), short and extended, and the status words a PIV card answers with. */

export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Uint8Array;
  /** Most bytes the answer may hold; absent when the command expects none. */
  readonly le?: number;
}

/** Instruction bytes of NIST SP 800-73-4 part 2 section 3, and GET RESPONSE of ISO/IEC 7816-4. */
export const instruction = {
  verify: 0x20,
  changeReferenceData: 0x24,
  resetRetryCounter: 0x2c,
  generalAuthenticate: 0x87,
  select: 0xa4,
  getResponse: 0xc0,
  getData: 0xcb,
} as const;

/** Status words of NIST SP 800-73-4 part 1 table 6. */
export const status = {
  ok: 0x9000,
  bytesRemaining: 0x6100,
  triesLeft: 0x63c0,
  wrongLength: 0x6700,
  lastOfChainExpected: 0x6883,
  securityNotSatisfied: 0x6982,
  blocked: 0x6983,
  noInputData: 0x6985,
  wrongData: 0x6a80,
  notFound: 0x6a82,
  wrongParameters: 0x6a86,
  referenceNotFound: 0x6a88,
  unknownInstruction: 0x6d00,
  wrongClass: 0x6e00,
  noDiagnosis: 0x6f00,
} as const;

/** Takes a command apart. Returns undefined when its length fields do not add up (a card answers 6700 to that). */
export function parseCommand(bytes: Uint8Array): CommandApdu | undefined {
  const [cla, ins, p1, p2, lc] = bytes;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) return undefined;
  const header = { cla, ins, p1, p2 };
  const none = new Uint8Array();
  if (lc === undefined) return { ...header, data: none };
  if (bytes.length === 5) return { ...header, data: none, le: lc === 0 ? 256 : lc };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (lc !== 0) return withData(header, bytes, 5, lc, 1);
  if (bytes.length < 7) return undefined;
  const extended = view.getUint16(5);
  if (bytes.length === 7) return { ...header, data: none, le: extended === 0 ? 65_536 : extended };
  return withData(header, bytes, 7, extended, 2);
}

/** A response APDU: the data, then SW1 and SW2. */
export function response(sw: number, data: Uint8Array = new Uint8Array()): Uint8Array {
  return Buffer.concat([data, Uint8Array.of(sw >> 8, sw & 0xff)]);
}

type Header = Pick<CommandApdu, 'cla' | 'ins' | 'p1' | 'p2'>;

function withData(header: Header, bytes: Uint8Array, start: number, length: number, leBytes: 1 | 2): CommandApdu | undefined {
  const end = start + length;
  const data = bytes.subarray(start, end);
  if (bytes.length === end) return { ...header, data };
  if (bytes.length !== end + leBytes) return undefined;
  const le = Buffer.from(bytes.subarray(end)).readUIntBE(0, leBytes);
  return { ...header, data, le: le === 0 ? 256 ** leBytes : le };
}
