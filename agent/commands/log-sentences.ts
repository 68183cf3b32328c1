/** One sentence per entry, for a person who reads the log. Hashes are shortened here; `--json` has them whole. */
import type { LogEntry } from '../log/entry.ts';
import type { EventOf, LogEvent } from '../log/events.ts';

/** An entry as one line for a person. */
export function entryLine({ seq, at, event }: LogEntry): string {
  const visit = event.operation === undefined ? '' : `  (operation ${event.operation})`;
  return `${String(seq).padStart(6)}  ${at.time.replace('T', ' ')}  ${event.op.padEnd(20)}  ${sentence(event)}${visit}`;
}

/** Says in plain words what an entry records. Strings that came from outside are quoted, so that they cannot dress up as the log's words. */
export function sentence(event: LogEvent): string {
  switch (event.op) {
    case 'genesis':
      return `The log of ${JSON.stringify(event.station_name)} begins${event.demo ? '; it is a demo station with virtual devices' : ''}.`;
    case 'boot':
      return event.reopened === true ? 'The agent opened the log again after an I/O error.' : 'The agent started.';
    case 'clock-changed':
      return `The clock was changed: it should have said ${event.from} and said ${event.to}.`;
    case 'enrol':
      return `${enrolled(event)} for certificate ${short(event.certificate_sha256)}${event.carried === undefined ? '' : `, carried over from entry ${event.carried.entry} of the log before this one`}.`;
    case 'enrol-refused':
      return `No finger was enrolled for certificate ${short(event.certificate_sha256)}: the reader (model ${event.aaguid}) is not accepted (${event.problem}).`;
    case 'reader-pin':
      return `A ${event.action === 'made' ? 'random PIN for' : 'new PIN in place of the one of'} the fingerprint key (model ${event.aaguid}) of ${event.subject} was sealed, before the key got it.`;
    case 'reader-changed':
      return readerChanged(event);
    case 'document-in':
      return `Document ${short(event.document_sha256)} was taken in: ${event.kind === undefined ? `${event.pages} pages` : `no PDF but ${event.kind}`}, ${event.size} bytes, ${event.signatures} signatures in it${told(event.remarks)}.`;
    case 'document-refused':
      return `A document was refused: ${event.refusal}.`;
    case 'document-checked':
      return `The signatures in ${event.document_sha256 === undefined ? 'a file' : `file ${short(event.document_sha256)}`} were checked: ${event.outcome}${event.refusal === undefined ? '' : ` (${event.refusal})`}, ${event.signatures} signatures, ${event.size} bytes.`;
    case 'token-in':
      return event.problem === undefined
        ? `Token ${JSON.stringify(event.token_serial)} was put in, with ${event.certificates.length} certificates.${lists(event.revocation_lists)}`
        : `Token ${JSON.stringify(event.token_serial)} was put in and cannot be used: ${event.problem}.${lists(event.revocation_lists)}`;
    case 'anchor':
      return anchored(event);
    case 'receipt':
      return `A receipt for entry ${event.done} was made, under a checkpoint of ${event.size} entries.`;
    case 'seal':
      return `The log was sealed: a checkpoint of ${event.size} entries, root ${short(event.root)}${event.minutes === undefined ? '' : `; the next seal is due in ${event.minutes} minutes`}.`;
    case 'key':
      if (event.purpose === 'tier') return `The key that the tier ${event.tier} is sealed to was made: ${event.recipient}.`;
      if (event.purpose === 'staff') return staff(event);
      if (event.purpose === 'head-office') return `Bundles are encrypted to head office from now on: ${event.recipient}.`;
      return `The key of the log was made, ${kept[event.wrapping]}: ${event.public_key}.`;
    case 'token-out':
      return 'The token was taken out.';
    case 'consent':
      return `The holder consented; the consent is ${short(event.consent_sha256)}.`;
    case 'finger-matched':
      return event.assurance === 'signed-by-reader'
        ? `A finger matched for consent ${short(event.consent_sha256)}, and the reader signed that (signed-by-reader).`
        : `The station says that the ${event.finger} matched for consent ${short(event.consent_sha256)}; no reader signed that (station-asserted).`;
    case 'vouched':
      return `No finger was asked for: for consent ${short(event.consent_sha256)} counts that a member of staff vouched for the holder in entry ${event.vouch}.`;
    case 'finger-refused':
      return `The finger was refused: ${event.problem}${left(event.tries_left)}.`;
    case 'pin-wrong':
      return `No right PIN: ${event.problem}${left(event.tries_left)}.`;
    case 'pin-locked':
      return `The PIN is locked: ${event.problem}.`;
    case 'sign.intent':
      return `A signature on document ${short(event.document_sha256)} is about to be made (${event.scheme}, ${event.hash}).`;
    case 'sign.done':
      return `Signed: document ${short(event.document_sha256)} became ${short(event.output_sha256)}, ${event.output_size} bytes${event.format === undefined ? '' : `, as ${event.format}`} (begun in entry ${event.intent}).`;
    case 'sign.failed':
      return `Nothing was signed: ${event.problem}${event.intent === undefined ? '' : ` (begun in entry ${event.intent})`}.`;
    case 'sign.outcome-unknown':
      return `Nobody can tell whether the token signed: ${event.problem} (begun in entry ${event.intent}).`;
    case 'token-test':
      return `A diagnostic signature by token ${JSON.stringify(event.token_serial)} is about to be made (${event.scheme}, ${event.hash}); no document is signed.`;
    case 'token-tested':
      return `${tested[event.result]}${event.problem === undefined ? '' : `: ${event.problem}`}${left(event.tries_left)} (begun in entry ${event.test}).`;
    case 'supplement':
      return `A late record (${event.kind})${event.about === undefined ? '' : ` on entry ${event.about}`}, of what happened from ${event.occurred.from} to ${event.occurred.to}, with ${event.attachments.length} attachments; it waits for a second person until ${event.until}.`;
    case 'request':
      return `A second person was asked to confirm that the personal data of ${event.details.subject} are erased, until ${event.until}.`;
    case 'confirm':
      return `A second person confirmed entry ${event.entry}.`;
    case 'reject':
      return `A second person rejected entry ${event.entry}: ${event.reason}.`;
    case 'vouch':
      return `${event.actor.id}, ${event.actor.role}, vouched for ${event.subject} with certificate ${short(event.holder_certificate_sha256)} (${event.identified}; ${event.reason}), for one consent until ${event.until}.`;
    case 'statement-refused':
      return `${wanted[event.statement]}${event.entry === undefined ? '' : ` ${event.entry}`} was refused to certificate ${short(event.certificate_sha256)}: ${event.reason}${event.problem === undefined ? '' : ` (${event.problem})`}.`;
    case 'erase':
      return `The personal data of ${event.subject} were erased, ${event.kids.length} data keys with them (asked for in entry ${event.request}, confirmed in entry ${event.confirm}).`;
    case 'unseal':
      if (event.how === 'refused')
        return `${event.actor.id}, ${event.actor.role}, tried to open sealed fields, and their keys did not open.`;
      return `Sealed fields (${event.tiers.join(', ')}) of ${event.entries.length} entries were ${{ shown: 'shown to', searched: 'found by', used: 'opened and used by' }[event.how]} ${event.actor.id}, ${event.actor.role}.`;
    case 'export.begin':
      return `Bundle ${event.number} was begun: entries ${event.from} to ${event.size - 1}.`;
    case 'export.done':
      return `Bundle ${event.number} was read back and is complete${event.medium_proven ? '' : '; whether the medium itself has it was not proven'} (begun in entry ${event.begin}).`;
    case 'restore':
      return `The log goes on in a new epoch after a loss: ${event.origin} had ${event.size} entries in the last bundle.`;
  }
}

function enrolled(event: EventOf<'enrol'>): string {
  if (event.assurance === 'signed-by-reader') return 'A finger was enrolled';
  return `${event.fingers.length} fingers were enrolled at a reader that signs nothing (station-asserted: ${event.fingers.join(', ')})`;
}

function anchored({ action, found, size, problem }: Extract<LogEvent, { op: 'anchor' }>): string {
  switch (action) {
    case 'begun':
      return 'From here on the head of the log is kept in an anchor file too.';
    case 'mended':
      return 'One of the two slots of the anchor could not be read; it was written anew.';
    case 'failed':
      return `The anchor of the log cannot be written (${problem ?? 'unknown'}); the station stops.`;
    case 'renewed':
      return `Staff had the anchor of the log renewed; what was found before: ${found ?? 'unknown'}${size === undefined ? '' : `, and it said ${size} entries`}.`;
  }
}

function readerChanged(event: Extract<LogEvent, { op: 'reader-changed' }>): string {
  if (event.action === 'reset') return `A fingerprint key (model ${event.aaguid}) was made as it came from the factory.`;
  const key = `the fingerprint key of ${event.subject}`;
  if (event.action === 'unlocked') return `All tries were given back to ${key}.`;
  return `A finger was ${{ 'finger-added': 'added to', 'finger-renamed': 'renamed on', 'finger-removed': 'removed from' }[event.action]} ${key}: ${event.finger}.`;
}

const wanted = {
  supplement: 'A late record',
  request: 'A request',
  confirm: 'Confirming entry',
  reject: 'Rejecting entry',
  vouch: 'Vouching for a holder',
} as const;

const tested = {
  signed: 'The diagnostic signature was made and holds',
  'nothing-signed': 'The diagnostic signature was not made',
  'outcome-unknown': 'Nobody can tell whether the diagnostic signature was made',
} as const;

/** Which revocation lists its certificates were looked up in; nothing where nothing was looked up. */
function lists(used: Extract<LogEvent, { op: 'token-in' }>['revocation_lists']): string {
  if (used === undefined) return '';
  if (used.length === 0) return ' No revocation list was there to look into.';
  const named = used.map(({ list_sha256, number, this_update, stale }) => {
    const which = number === undefined ? short(list_sha256) : `${number}, ${short(list_sha256)}`;
    return `${which} of ${this_update}${stale === true ? ', stale' : ''}`;
  });
  return ` Looked up in revocation list ${named.join('; ')}.`;
}

/** How the private key of the log is kept. */
const kept = { passphrase: 'wrapped by a passphrase', none: 'not wrapped', token: 'in a token that it does not leave' } as const;
function staff(event: Extract<LogEvent, { op: 'key'; purpose: 'staff' }>): string {
  if (event.action === 'revoked') return `The keys of sealed fields were taken away from ${event.staff}.`;
  return `${event.staff}, ${event.role}, may read sealed fields: ${event.grants.map(({ tier }) => tier).join(', ')}.`;
}

function short(hash: string): string {
  return `${hash.slice(0, 12)}…`;
}

function left(tries: number | undefined): string {
  return tries === undefined ? '' : `, ${tries} tries left`;
}

function told(remarks: readonly string[] | undefined): string {
  return remarks === undefined ? '' : `; the holder is told of: ${remarks.join(', ')}`;
}
