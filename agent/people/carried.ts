/**
 * Enrolments of a log that was lost, as entries for the log that carries it on. They are entered again rather than read from the old log at every start: so the new log
 * stands by itself, one record says who may sign here, and each entry names the one that it comes from by number and leaf.
 */
import { stationActor } from '../log/appender.ts';
import { type LogEntry, type RawEntry, readEntry } from '../log/entry.ts';
import type { EventOf } from '../log/events.ts';

/** Takes the entries of the old log in order and keeps the newest enrolment of each certificate. */
export class CarriedEnrolments {
  readonly #byCertificate = new Map<string, LogEntry & { readonly event: EventOf<'enrol'> }>();
  /** The highest counter that was seen, by credential: a reader that counts on is not taken for a copy, and a copy is still found. */
  readonly #counts = new Map<string, number>();

  /** Entries of other ops are passed over, also those that this version does not know. Throws NotCanonical or NotInCatalogue. */
  take(raw: RawEntry): void {
    const text = Buffer.from(raw.body).toString('utf8');
    if (!/"op":"(?:enrol|finger-matched)"/.test(text)) return;
    const entry = readEntry(raw);
    const { event } = entry;
    if (event.op === 'enrol') this.#byCertificate.set(event.certificate_sha256, { ...entry, event });
    if ((event.op === 'enrol' || event.op === 'finger-matched') && event.assurance === 'signed-by-reader')
      this.#counts.set(event.credential_id, Math.max(event.sign_count, this.#counts.get(event.credential_id) ?? 0));
  }

  /** The entries for the new log, in the order of the old one. */
  // Prints that the old station kept are not on this computer unless somebody brings them; without them the finger is asked for in vain.
  events(): readonly EventOf<'enrol'>[] {
    return [...this.#byCertificate.values()]
      .sort((a, b) => a.seq - b.seq)
      .map(({ seq, leaf, event }) => {
        const carried = { actor: stationActor, carried: { entry: seq, entry_leaf: leaf } };
        if (event.assurance === 'station-asserted') return { ...event, ...carried };
        return { ...event, ...carried, sign_count: this.#counts.get(event.credential_id) ?? event.sign_count };
      });
  }
}
