/** Which document this screen has really shown in this visit, by the digest it computed itself: without that there is no consent to send. */
let shown: string | undefined;

/** The document with this digest was opened and drawn here. */
export function markShown(digest: string): void {
  shown = digest;
}

export function wasShown(digest: string): boolean {
  return shown === digest;
}

export function forgetShown(): void {
  shown = undefined;
}
