/** Which documents this screen has really shown in this visit, by the digests it computed itself: without that there is no consent to send. */
const shown = new Set<string>();

/** The document with this digest was opened and drawn here. */
export function markShown(digest: string): void {
  shown.add(digest);
}

export function wasShown(digest: string): boolean {
  return shown.has(digest);
}

export function forgetShown(): void {
  shown.clear();
}
