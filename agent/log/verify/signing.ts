/** Consents, intents and their ends: nothing is signed without a consent that names it, a finger or a vouch for that consent, and in its order; every intent has one end. */
import { isHash, map, must, writeAgain } from './canonical.ts';
import type { Entry, Rules } from './chain.ts';
import { Fields } from './fields.ts';
import { sha256Hex } from './hash.ts';
import { Recent } from './recent.ts';
import type { Vouch, VouchRules } from './vouches.ts';

interface Intent {
  readonly operation: unknown;
  readonly document: unknown;
  readonly certificate: unknown;
  readonly consent: unknown;
  matched: boolean;
}

interface Consent {
  readonly operation: unknown;
  readonly certificate: unknown;
  /** Those that no signature was begun for yet, by digest, in their order. */
  readonly documents: unknown[];
  /** What it says of a vouch; then no finger counts for it. */
  readonly named: unknown;
  /** That vouch, where it held. */
  readonly vouch: Vouch | undefined;
}

/** What an entry holds of a finger that a reader signed for, and of one that it did not. */
const signedNames = 'assurance authenticator_data client_data_hash consent_sha256 credential_id sign_count signature';
const assertedNames = 'assurance consent_sha256 finger matched_at reader';

/** Signatures that may be open at one time: each start of the agent ends those that it finds, and a visit signs far fewer documents. */
const mostOpen = 10_000;
const mostEnrolled = 10_000;

export class SigningRules implements Rules {
  /** Intents without an outcome, by number. */
  readonly intents = new Map<number, Intent>();
  /** Signatures that were made since the last start of the agent, the last of them, with their operations, by number. */
  readonly #made = new Recent<unknown, unknown>(1000);
  /** Random numbers of consents, the last of them, also from before the last start: each is used once, so that no assertion can be shown twice. */
  readonly #nonces = new Recent<string, true>(1000);
  /** Consents since the last start of the agent, the last of them: no visit lives longer than that, and one visit goes on at a time. */
  readonly #consents = new Recent<unknown, Consent>(1000);
  /** Who vouches for the fingers of a certificate and whose they are, as its newest enrolment says: the last so many certificates. */
  readonly #enrolled = new Recent<unknown, { readonly assurance: unknown; readonly subject: unknown }>(mostEnrolled);
  #enrolments = 0;
  /** How many fingers matched by the word of the station alone. */
  asserted = 0;

  readonly #vouches: VouchRules;

  constructor(vouches: VouchRules) {
    this.#vouches = vouches;
  }

  start(): void {
    this.#consents.clear();
    this.#made.clear();
  }

  take(entry: Entry): void {
    const { op, fields } = entry;
    if (op === 'consent') this.#consent(entry);
    else if (op === 'sign.intent') this.#intent(entry);
    else if (op === 'enrol') this.#enrol(entry);
    else if (op === 'finger-matched') this.#finger(entry);
    else if (op === 'vouched') this.#vouched(entry);
    else if (op === 'receipt') this.#receipt(entry);
    else if (op === 'sign.done' || op === 'sign.outcome-unknown' || (op === 'sign.failed' && fields.has('intent'))) this.#end(entry);
  }

  #enrol({ fields }: Entry): void {
    this.#enrolments += 1;
    this.#enrolled.set(fields.get('certificate_sha256'), { assurance: fields.get('assurance'), subject: fields.get('subject') });
  }

  #consent(entry: Entry): void {
    const { seq, operation, fields } = entry;
    const consent = fields.get('consent_sha256');
    const statement = map(fields.get('statement'), seq);
    const digest = sha256Hex(`countersign/v1/consent\n${writeAgain(statement)}`);
    must(digest === consent, `entry ${seq}: the consent does not have the digest that stands beside it`);
    const nonce = statement.get('nonce');
    must(
      typeof nonce === 'string' && !this.#nonces.has(nonce),
      `entry ${seq}: the random number of its consent was used before, or is none`,
    );
    // A copy: a part of a text keeps the whole text in memory.
    this.#nonces.set(Buffer.from(nonce).toString(), true);
    this.#consents.set(consent, {
      operation,
      certificate: statement.get('certificate_sha256'),
      documents: documentsOf(statement, seq),
      named: statement.get('vouch'),
      vouch: this.#vouches.namedBy(entry, statement),
    });
  }

  #intent({ seq, operation, fields }: Entry): void {
    const consent = fields.get('consent_sha256');
    const agreed = typeof operation === 'string' ? this.#consents.get(consent) : undefined;
    must(
      agreed !== undefined && agreed.operation === operation,
      `entry ${seq}: a signature was begun without a consent in the same operation`,
    );
    const [document, certificate] = [fields.get('document_sha256'), fields.get('certificate_sha256')];
    // Each document of a consent is signed once, and in its order.
    const named = agreed.documents.shift() === document && agreed.certificate === certificate;
    must(named, `entry ${seq}: the consent does not name this document next, or another certificate`);
    must(this.intents.size < mostOpen, `entry ${seq}: ${mostOpen} signatures were begun before it and have no end`);
    this.intents.set(seq, { operation, document, certificate, consent, matched: false });
  }

  #finger({ seq, operation, fields }: Entry): void {
    const consent = fields.get('consent_sha256');
    const assurance = fields.get('assurance');
    const names = fields.names().join(' ');
    if (assurance === 'station-asserted') {
      must(
        names === assertedNames,
        `entry ${seq}: a finger that no reader signed for is told with other fields than those of such a finger`,
      );
      this.asserted += 1;
    } else {
      must(
        assurance === 'signed-by-reader' && names === signedNames,
        `entry ${seq}: a finger is told without what the reader signed, and without saying so`,
      );
    }
    const enrolled = this.#enrolled.get(this.#consents.get(consent)?.certificate)?.assurance;
    must(
      enrolled === undefined || enrolled === assurance,
      `entry ${seq}: the finger was enrolled as ${String(enrolled)} and matched as ${assurance}`,
    );
    if (this.#consents.get(consent)?.named !== undefined) return;
    for (const intent of this.#waiting(operation, consent)) intent.matched = true;
  }

  #vouched(entry: Entry): void {
    const { seq, operation, fields } = entry;
    const consent = this.#consents.get(fields.get('consent_sha256'));
    const waiting = [...this.#waiting(operation, fields.get('consent_sha256'))];
    must(consent !== undefined && waiting.length > 0, `entry ${seq}: no signature was begun that it is for`);
    must(consent.named instanceof Fields, `entry ${seq}: the consent says of nobody that they vouched`);
    this.#vouches.use(entry, consent.named, consent.vouch);
    // Of the certificates that are forgotten nobody can tell.
    const enrolled = this.#enrolled.get(consent.certificate);
    const isEnrolled = enrolled === undefined ? this.#enrolments > mostEnrolled : enrolled.subject === consent.vouch?.subject;
    must(isEnrolled, `entry ${seq}: the holder was not enrolled for this certificate, or under another pseudonym`);
    for (const intent of waiting) intent.matched = true;
  }

  /** Signatures that were begun by a consent and have no end. */
  *#waiting(operation: unknown, consent: unknown): Generator<Intent> {
    for (const intent of this.intents.values()) if (intent.operation === operation && intent.consent === consent) yield intent;
  }

  #end({ seq, op, operation, fields }: Entry): void {
    const named = fields.get('intent');
    const intent = typeof named === 'number' ? this.intents.get(named) : undefined;
    must(intent !== undefined, `entry ${seq}: it ends no signature that was begun and had not ended`);
    must(intent.operation === operation, `entry ${seq}: the signature it ends was begun in another operation`);
    if (op === 'sign.done') {
      const same = intent.document === fields.get('document_sha256') && intent.certificate === fields.get('certificate_sha256');
      must(same, `entry ${seq}: another document or certificate was signed with than entry ${String(named)} says`);
      must(
        intent.matched,
        `entry ${seq}: a signature was made before a finger had matched for its consent, or a vouch had been taken for it`,
      );
      const waits = [...this.intents].some(([number, { consent: other }]) => number < (named as number) && other === intent.consent);
      must(!waits, `entry ${seq}: a document was signed before the one that stands before it in the consent had an end`);
    }
    this.intents.delete(named as number);
    if (op === 'sign.done') this.#made.set(seq, operation);
  }

  #receipt({ seq, operation, fields }: Entry): void {
    const [done, size] = [fields.get('done'), fields.get('size')];
    must(operation !== undefined && this.#made.get(done) === operation, `entry ${seq}: its receipt is of no signature of this operation`);
    const covers = typeof size === 'number' && size > (done as number) && size <= seq;
    must(covers && isHash(fields.get('proof_sha256')), `entry ${seq}: its receipt has no checkpoint that covers the signature`);
  }
}

/** The documents that a consent names: a list since version 2 of the statement, one before. */
function documentsOf(statement: Fields, seq: number): unknown[] {
  if (statement.get('v') === 1) return [statement.get('document_sha256')];
  const documents = statement.get('documents');
  must(statement.get('v') === 2 && Array.isArray(documents), `entry ${seq}: the consent is written in an unknown version`);
  return documents.map((document) => map(document, seq).get('sha256'));
}
