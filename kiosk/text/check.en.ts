/** Checking a signed file, in English. */
import type { CheckTexts } from './check.ts';
import { plural } from './format.ts';

export const checkEn: CheckTexts = {
  open: 'Check a signed document',
  chooseTitle: 'Which file should be checked?',
  chooseLead: 'Touch the file whose signatures you want to know about. You need no card for this.',
  looking: 'Looking for files',
  emptyTitle: 'There is no file to check',
  emptyTodo: 'Give your signed file to a clerk, who puts it into the folder for files to be checked. It appears here by itself.',
  unreachable: 'The folder for files to be checked cannot be read. Tell a clerk.',
  more: (value, shown) =>
    plural('en', value, shown, {
      one: '# more file lies there and is not listed. A clerk can take others out.',
      other: '# more files lie there and are not listed. A clerk can take others out.',
    }),
  judgingTitle: 'Checking the signatures',
  judgingLead: 'Large files take longer. Nothing in the file is changed.',
  outcomes: {
    'TOTAL-PASSED': (value, shown) => plural('en', value, shown, { one: 'The signature is valid', other: '# signatures, all valid' }),
    INDETERMINATE: (value, shown) =>
      plural('en', value, shown, { one: 'The signature could not be confirmed', other: 'Not every signature could be confirmed' }),
    'TOTAL-FAILED': (value, shown) =>
      plural('en', value, shown, { one: 'The signature is not valid', other: 'Not every signature is valid' }),
    'NO-SIGNATURE': () => 'There is no signature in this file',
    UNREADABLE: () => 'This file cannot be checked',
  },
  meanings: {
    'TOTAL-PASSED': 'Whoever is named here has signed, and nothing that counts was changed since.',
    INDETERMINATE: 'Do not rely on it before what is said here is settled.',
    'TOTAL-FAILED': 'Do not rely on this file. It is not what was signed, or not signed by the person it names.',
    'NO-SIGNATURE': 'Nobody signed it, or the signature is kept in a file of its own. Then both must lie in the folder.',
    UNREADABLE: 'Whether it is signed cannot be said. Ask whoever gave it to you for another copy.',
  },
  file: 'File',
  size: 'Size',
  signature: (place, of) => `Signature ${place} of ${of}`,
  verdict: 'Result',
  verdicts: { 'TOTAL-PASSED': 'Valid', INDETERMINATE: 'Not confirmed', 'TOTAL-FAILED': 'Not valid' },
  reasons: {
    FORMAT_FAILURE: 'The signature is damaged, or does not stand where it should.',
    HASH_FAILURE: 'The document was changed after it was signed.',
    SIG_CRYPTO_FAILURE: 'The signature was not made with the card of the person it names.',
    SIG_CONSTRAINTS_FAILURE:
      'Something was added or changed that this signature does not cover, or the signature leaves out what it should say.',
    CHAIN_CONSTRAINTS_FAILURE: 'The certificate is not one for signing documents.',
    CRYPTO_CONSTRAINTS_FAILURE: 'It was made in a way that is too weak today, or not known here.',
    NO_SIGNING_CERTIFICATE_FOUND: 'The certificate of whoever signed is missing.',
    NO_CERTIFICATE_CHAIN_FOUND: 'The certificate was not issued by anyone whom this station trusts, so the name is not confirmed.',
    OUT_OF_BOUNDS_NO_POE: 'The certificate was not valid at that time, and nothing proves that the signature is older.',
    REVOKED_NO_POE: 'The certificate was revoked, and nothing proves that the signature is older.',
    REVOKED_CA_NO_POE: 'The certificate of the issuer was revoked.',
    SIGNED_DATA_NOT_FOUND:
      'What was signed is not here. The signed file must lie beside its signature, under the same name without “.p7s”.',
    TRY_LATER: 'Whether the certificate was revoked cannot be said yet. It needs a newer revocation list.',
  },
  signer: 'Signed by',
  signerUnknown: 'nobody known',
  issuer: 'Certificate issued by',
  claimed: 'Time of signing',
  claimedNote: 'as whoever signed claims it',
  proven: 'Existed at the latest',
  provenNote: 'proven by a timestamp of a third party',
  since: {
    signature: 'It was signed again since.',
    timestamp: 'A timestamp was added since.',
    filled: 'Fields were filled in since, which was allowed.',
    proofs: 'Proofs for later were added since. They change nothing on the pages.',
    description: 'Title or description of the document were changed since.',
  },
  covers: 'Covers the file',
  unsigned: 'Signed by nobody',
  entry: 'Entry in the record',
  another: 'Check another file',
};
