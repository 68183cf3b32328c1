/** SHA-256 as the kiosk itself computes and shows it. */

/** SHA-256 of the bytes, lower-case hex. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** All of it, in groups of four. */
export function wholeDigest(hex: string): string {
  return (hex.match(/.{1,4}/g) ?? []).join(' ');
}

/** First 16 hex digits in groups of four: short enough to compare by eye with a receipt. */
export function shortDigest(hex: string): string {
  return wholeDigest(hex.slice(0, 16));
}
