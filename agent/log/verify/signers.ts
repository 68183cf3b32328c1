/**
 * Who signs statements: each is signed by the key that it says, tied to its place in this log, and made by one person under one certificate and one key.
 * It keeps as much as there are members of staff, and the leaves of the last entries.
 */
import { map, must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';
import { checkSigned, type Signed } from './statement.ts';

/** Most entries between the one that a statement names as the newest and its own. */
const window = 1000;

export class Signers implements Rules {
  /** Leaves of the last entries, by number modulo the window. */
  readonly #recent: string[] = [];
  /** Whose each certificate is, and the newest entry that a statement under it names. */
  readonly #certificates = new Map<string, { readonly id: string; readonly key: string; seen: number }>();
  /** Whose each key is. */
  readonly #keys = new Map<string, string>();

  /** Must hear of an entry after all who ask about it. */
  take({ seq, leaf }: Entry): void {
    this.#recent[seq % window] = leaf;
  }

  /** Signature, place and person of a statement. Throws Wrong. */
  check(entry: Entry): Signed {
    const { seq, fields } = entry;
    const signed = checkSigned(entry);
    const seen = map(fields.get('seen'), seq);
    const newest = seen.get('entry');
    const known = typeof newest === 'number' && newest >= 0 && newest < seq && seq - newest <= window;
    must(known && this.#recent[newest % window] === seen.get('leaf'), `entry ${seq}: it was not signed at this place of this log`);
    const certificate = this.#certificates.get(signed.certificate);
    const owner = certificate?.id ?? this.#keys.get(signed.key) ?? signed.id;
    must(
      owner === signed.id && (this.#keys.get(signed.key) ?? owner) === owner,
      `entry ${seq}: its certificate or key belongs to another person`,
    );
    must((certificate?.key ?? signed.key) === signed.key, `entry ${seq}: its certificate has another key`);
    must(certificate === undefined || certificate.seen < newest, `entry ${seq}: what was signed once was entered again`);
    this.#certificates.set(signed.certificate, { id: signed.id, key: signed.key, seen: newest });
    this.#keys.set(signed.key, signed.id);
    return signed;
  }

  /** Who has signed a statement under this certificate, by pseudonym. */
  ownerOf(certificate: unknown): string | undefined {
    return typeof certificate === 'string' ? this.#certificates.get(certificate)?.id : undefined;
  }

  /** Who has signed a statement with this key, by pseudonym; the key as `Signed` has it. */
  ownerOfKey(key: string): string | undefined {
    return this.#keys.get(key);
  }
}
