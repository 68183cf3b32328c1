/**
 * The room of CTAP 2.1 authenticators with a fingerprint sensor, over HID. It turns one touch into one assertion and knows nothing of documents,
 * consents or logs. Nothing that signs may reach the PIN of a reader (`device-pin.ts`, for enrolment officers alone): a PIN would set the same
 * user-verified flag as a finger (CTAP 2.1 section 6.5.5.7), and the proof would no longer say "finger". It must never touch a reader twice for one call.
 *
 * This file is the seam to the operating system: everything above it is protocol, everything below it moves reports of 64 bytes.
 */

/** One authenticator that is plugged in, as the operating system names it. */
export interface HidInfo {
  /** What `open` takes; the operating system may give it to another device after an unplug. */
  readonly path: string;
  readonly vendorId: number;
  readonly productId: number;
  /** Name for a person; may be empty. */
  readonly product: string;
  readonly manufacturer: string;
  readonly serial: string;
}

/** What an open channel tells. Both are called from the event loop, never from inside `write` or `open`. */
export interface HidListener {
  /** One input report, always 64 bytes. Reports of other programs that use the same authenticator arrive here too. */
  onReport(report: Uint8Array): void;
  /** The device went away; called at most once, and never after `close`. Nothing follows it. */
  onGone(cause: unknown): void;
}

export interface HidChannel {
  /** Sends one output report of 64 bytes, without report id. Throws what the operating system says. */
  write(report: Uint8Array): Promise<void>;
  /** Lets the device go. Safe to call twice and after the device went. */
  close(): Promise<void>;
}

export interface HidTransport {
  /** The authenticators that are plugged in now. */
  list(): Promise<readonly HidInfo[]>;
  /** Throws when the device is gone or may not be opened. */
  open(path: string, listener: HidListener): Promise<HidChannel>;
  /** Calls back when the list may have changed. Returns the way to stop. */
  watch(onChange: () => void): () => void;
}
