/** What can go wrong, in English: what happened, and what to do. */
import type { Catalogue } from './catalogue.ts';
import { plural } from './format.ts';

export const troubleEn: Catalogue['trouble'] = {
  todoTitle: 'What to do',
  recover: {
    retry: 'Try again.',
    're-enter-pin': 'Type your PIN again, slowly.',
    reinsert: 'Take your card out, and put it in again.',
    'other-token': 'Take your card out. If you have another card for signing, use that one. Otherwise ask a clerk.',
    'ask-staff': 'Ask a clerk.',
    none: 'You can begin again whenever you like.',
  },
  entry: (entry) => `Entry ${entry} in the record`,
  pinTries: (value, shown) =>
    plural('en', value, shown, { one: '# try left for the PIN of this card', other: '# tries left for the PIN of this card' }),
  fingerTries: (value, shown) => plural('en', value, shown, { one: '# try left for your finger', other: '# tries left for your finger' }),
  takeCard: 'Take your card',
  problems: {
    'no-token': { title: 'No card', happened: 'There is no card in the reader.', todo: 'Put your card in to begin again.' },
    'token-removed': {
      title: 'Cancelled',
      happened: 'The card was taken out, and that ends the visit.',
      todo: 'To go on, begin again with your card in.',
    },
    'token-changed': {
      title: 'This is another card',
      happened: 'The card in the reader is not the one that the visit began with.',
      todo: 'Take the card out, and begin again with the card that you want to sign with.',
    },
    'two-tokens': {
      title: 'Two cards at once',
      happened: 'The station sees more than one card, and cannot know which one is yours.',
      todo: 'Leave only your own card in.',
    },
    'unsupported-token': { title: 'This card cannot sign here', happened: 'The station does not know this kind of card.' },
    'reader-lost': {
      title: 'The card reader is gone',
      happened: 'The station has lost touch with the card reader.',
      todo: 'Take your card, and ask a clerk.',
    },
    'fingerprint-reader-lost': {
      title: 'The fingerprint reader is gone',
      happened: 'The station has lost touch with the fingerprint reader.',
    },
    busy: { title: 'The card is busy', happened: 'Another program is using the card.', todo: 'Wait a few seconds, then try again.' },
    'pin-wrong': { title: 'The PIN was wrong', happened: 'The card did not accept this PIN.' },
    'pin-locked': {
      title: 'The PIN is locked',
      happened: 'The wrong PIN was typed too often, so the card has locked itself.',
      todo: 'Take your card out. Its issuer can unlock it. If you have another card for signing, you can use that one.',
    },
    'pin-length': {
      title: 'The PIN has another length',
      happened: 'The PIN did not have the number of digits that this card takes. No try was used.',
    },
    'pin-expired': {
      title: 'The PIN has to be changed',
      happened: 'This card asks for a new PIN before it signs, and a new PIN cannot be set here.',
      todo: 'Take your card out, and ask its issuer how to change the PIN.',
    },
    'pin-timeout': {
      title: 'No PIN was typed',
      happened: 'The card reader waited for your PIN, and it was not finished in time.',
      todo: 'Have your PIN ready, then try again. If you need longer, or the keys of the reader do not work, ask a clerk.',
    },
    'not-matched': {
      title: 'The finger was not recognised',
      happened: 'It is not the finger that was enrolled for this card, or the reader could not see it well.',
      todo: 'Dry your finger, and use the one that you enrolled. Lay it flat on the reader.',
    },
    'reader-locked': {
      title: 'The fingerprint reader is locked',
      happened: 'Too many fingers were not recognised, so the reader has locked itself.',
    },
    'touch-timeout': {
      title: 'No finger was felt',
      happened: 'Nobody touched the fingerprint reader in time.',
      todo: 'Lay your finger on the reader as soon as the screen asks for it.',
    },
    'assertion-refused': {
      title: 'The finger could not be confirmed',
      happened: 'The answer of the fingerprint reader did not fit this document.',
    },
    'not-enrolled': {
      title: 'No finger is enrolled for this card',
      happened: 'Before the first signature a clerk enrols your finger once.',
      todo: 'Ask a clerk to enrol your finger.',
    },
    cancelled: { title: 'Cancelled', happened: 'The visit was ended.' },
    'not-reached': { title: 'Not signed', happened: 'Signing had ended before it was the turn of this document.' },
    'idle-timeout': { title: 'The visit has ended', happened: 'Nobody touched the screen for a while, so everything was cleared.' },
    'no-usable-key': {
      title: 'This card has no key for signing',
      happened: 'The card works, but nothing on it is made for signing documents.',
    },
    'certificate-unusable': {
      title: 'This card may not sign documents',
      happened: 'The certificate on the card was issued for another use.',
    },
    'certificate-revoked': {
      title: 'The card has been revoked',
      happened: 'Its issuer has withdrawn this card, for example because it was reported lost.',
      todo: 'Take your card out. If you have another card for signing, use that one. Otherwise ask the issuer of the card.',
    },
    'revocation-unknown': {
      title: 'The card cannot be checked now',
      happened: 'Before you sign, the station looks whether your card was revoked. The list for that is missing or too old.',
      todo: 'Take your card out, and ask a clerk. The station needs a new revocation list.',
    },
    'certificate-expired': { title: 'The card has expired', happened: 'The certificate on this card is past its last day.' },
    'certificate-not-yet-valid': { title: 'The card is not valid yet', happened: 'The certificate on this card begins on a later day.' },
    'certificate-untrusted': {
      title: 'The issuer of this card is not known here',
      happened: 'The station signs only with cards of the issuers on its list.',
    },
    'mechanism-unsupported': {
      title: 'This card cannot sign here',
      happened: 'The card does not offer a kind of signature that is safe today.',
    },
    'module-crashed': {
      title: 'The card stopped answering',
      happened: 'The program that speaks to the card has stopped and was started again.',
    },
    'module-timeout': { title: 'The card stopped answering', happened: 'The station waited for the card, and no answer came.' },
    'device-error': { title: 'The card reported a fault', happened: 'The card or its reader reported a fault. Your PIN was not judged.' },
    'signature-refused': {
      title: 'The signature did not pass the check',
      happened: 'The card made a signature that does not fit the document. It was thrown away.',
    },
    'outcome-unknown': {
      title: 'It is not known whether your card signed',
      happened: 'The card was asked to sign, and its answer never came. The document was not handed out.',
      todo: 'Do not begin again before a clerk has looked at the record.',
    },
    'document-refused': {
      title: 'This document cannot be signed here',
      happened: 'The station checked the document and found a reason not to sign it.',
    },
    'document-changed': {
      title: 'The document has changed',
      happened: 'It is no longer the document that you read, so it was not signed.',
    },
    'output-failed': { title: 'The signed document could not be saved', happened: 'The station could not write it to its disk.' },
    'log-unavailable': {
      title: 'Out of service',
      happened: 'The station cannot write its record, and without a record it does not sign.',
    },
    fault: { title: 'Out of service', happened: 'The station has found a fault in itself and has stopped.' },
  },
  refusals: {
    'not-a-file': 'This is not a single file.',
    unreadable: 'The file cannot be read.',
    empty: 'The file is empty.',
    'too-large': 'The file is larger than this station takes.',
    'not-a-pdf': 'The file is not a PDF.',
    'junk-before-header': 'Something stands in the file before the document begins.',
    'junk-after-end': 'Something stands in the file after the document ends.',
    encrypted: 'The document is protected with a password.',
    damaged: 'The document is damaged.',
    'no-pages': 'The document has no pages.',
    'too-many-pages': 'The document has more pages than this station takes.',
    'certified-no-changes': 'The author has sealed the document against every change, a signature too.',
    'no-such-field': 'The place where the document is to be signed is not there, or is signed already.',
    'field-demands': 'The place for the signature asks for something that this station cannot do.',
    'not-first-signature': 'Only the first signature can seal a document, and this one is signed already.',
    'too-complex': 'The document is built in a way that cannot be checked safely.',
    scripts: 'The document holds a program that would run inside it.',
    'launches-programs': 'The document can start other programs.',
    'dynamic-form': 'The document is an XFA form, which looks different in every program.',
    'rich-media': 'The document holds sound, film or 3D.',
    'embedded-files': 'Other files are packed into the document.',
    'external-content': 'Parts of the document are not in the file itself.',
    'sends-data': 'The document can send what is typed into it elsewhere.',
    'acts-when-opened': 'The document does something by itself when it is opened.',
    'hidden-content': 'Parts of the document are hidden, or print differently from how they are shown.',
    'fonts-not-embedded': 'The document does not carry its own fonts, so its text may look different elsewhere.',
    'signature-broken': 'A signature that is already in the document does not hold.',
    'took-too-long': 'The check of the document took too long and was stopped.',
    'examination-failed': 'The check of the document broke off.',
  },
};
