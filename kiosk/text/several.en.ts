/** Several documents in one visit, in English. */
import { plural } from './format.ts';
import type { SeveralTexts } from './several.ts';

export const severalEn: SeveralTexts = {
  chooseTitle: 'Which documents?',
  chooseLead: (holder) => `${holder}, touch each document that you want to sign. You read them one after the other first.`,
  read: (value, shown) => plural('en', value, shown, { one: 'Read this document', other: 'Read these # documents' }),
  readNone: 'Read the documents',
  readAll: (value, shown) => plural('en', value, shown, { one: 'Read and sign it', other: 'Read and sign all #' }),
  pickFirst: 'No document is picked yet. Touch each document that you want to sign, then this button.',
  tooMany: (most) => `One visit takes ${most} documents at most. Take some out, and sign them in your next visit.`,
  place: (place, of) => `Document ${place} of ${of}`,
  before: 'Document before',
  points: [
    'you have read each of these documents',
    'you are the person named here',
    'your signature on each is made with your finger and your PIN, which come next',
  ],
  pointVouched:
    'a member of staff has vouched that it is you, so no finger is asked for; your signature on each is made with your PIN, which comes next',
  sign: (value, shown) => plural('en', value, shown, { one: 'Sign this document', other: 'Sign all # documents' }),
  readFirst: 'This screen has not shown you each of the documents yet. Touch “Read it again” and go through them, then sign.',
  signedTitle: (value, shown) => plural('en', value, shown, { one: '# document signed', other: '# documents signed' }),
  takeCardHint: 'A clerk gives you the signed documents.',
  notDelivered: 'kept safe in the station, a clerk will fetch it for you',
  pinTitle: (place, of) => `Type your PIN for document ${place} of ${of}`,
  pinLead:
    'What comes before it is signed. This card asks for the PIN for each document. Type it on the card reader, then press the green key there.',
  pinAgain:
    'Your PIN was right. This card asks for it again for each document. Type it on the card reader, then press the green key there.',
  tally: (signed, of) => `Signed: ${signed} of ${of} documents.`,
  signedList: 'Signed',
  unknownList: 'We cannot tell whether it was signed',
  notSignedList: 'Not signed',
  entry: (entry) => `entry ${entry} in the record`,
};
