/**
 * Fingerprint keys and their PINs: each PIN is sealed where it is entered, so that there is none that nobody has; a renewed one and whatever is done to a
 * key with its PIN belongs to a key that got one before; and whoever is enrolled on such a key is the person for whom it was made ready.
 */
import { isHash, must } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';
import { Fields } from './fields.ts';
import { Recent } from './recent.ts';

interface Holder {
  /** SHA-256 of their certificate, hex. */
  readonly certificate: string;
  /** Model of their key. */
  readonly aaguid: string;
}

const fingerActions: ReadonlySet<unknown> = new Set(['finger-added', 'finger-renamed', 'finger-removed']);

export class ReaderRules implements Rules {
  /** By pseudonym: the last of them, which are more than a station enrols in its life. */
  readonly #holders = new Recent<string, Holder>(20_000);

  take(entry: Entry): void {
    if (entry.op === 'reader-pin') this.#pin(entry);
    if (entry.op === 'reader-changed') this.#changed(entry);
    if (entry.op === 'enrol') this.#enrolled(entry);
  }

  #pin({ seq, fields, body }: Entry): void {
    const sealed = body.has('sealed') ? body.get('sealed') : undefined;
    const [part, other] = Array.isArray(sealed) ? (sealed as readonly unknown[]) : [];
    must(
      part instanceof Fields && part.get('tier') === 'supervision' && other === undefined,
      `entry ${seq}: the PIN of the key is not sealed in it for supervisors`,
    );
    const [subject, certificate, aaguid, action] = [
      fields.get('subject'),
      fields.get('certificate_sha256'),
      fields.get('aaguid'),
      fields.get('action'),
    ];
    must(isId(subject) && isHash(certificate) && isId(aaguid), `entry ${seq}: it does not say whose key it is, and of which model`);
    const before = this.#holders.get(subject);
    if (action === 'made') {
      must(before === undefined, `entry ${seq}: the key of this person has a PIN already`);
      // Copies: a part of a text keeps the whole text in memory.
      this.#holders.set(copy(subject), { certificate: copy(certificate as string), aaguid: copy(aaguid) });
      return;
    }
    must(
      action === 'renewed' && before?.certificate === certificate && before?.aaguid === aaguid,
      `entry ${seq}: it renews the PIN of a key that had none`,
    );
  }

  #changed({ seq, fields }: Entry): void {
    const [action, subject, aaguid] = [fields.get('action'), fields.get('subject'), fields.get('aaguid')];
    if (action === 'reset') {
      must(isId(aaguid) && !fields.has('subject'), `entry ${seq}: it does not say which model of key was reset`);
      return;
    }
    const finger = fields.get('finger');
    const isFinger = fingerActions.has(action) && typeof finger === 'string' && /^(?:[0-9a-f]{2})+$/.test(finger);
    must(isFinger || (action === 'unlocked' && finger === undefined), `entry ${seq}: it does not say what was done to a key`);
    const known = isId(subject) ? this.#holders.get(subject) : undefined;
    must(known !== undefined && known.aaguid === aaguid, `entry ${seq}: it is about a key whose PIN no entry has`);
  }

  #enrolled({ seq, fields }: Entry): void {
    const subject = fields.get('subject');
    const ready = isId(subject) ? this.#holders.get(subject) : undefined;
    if (ready === undefined) return;
    const same = fields.get('certificate_sha256') === ready.certificate && fields.get('aaguid') === ready.aaguid;
    must(same, `entry ${seq}: the key was made ready for another certificate, or is another model`);
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);
}

function copy(text: string): string {
  return Buffer.from(text).toString();
}
