/** What a signature says besides, in English. */
import type { TermsTexts } from './terms.ts';

export const termsEn: TermsTexts = {
  title: 'Your signature says',
  certifies: 'that the document is final: nobody can change or sign it after you',
  reason: (reason) => `“${reason}”`,
  commitments: {
    'proof-of-origin': 'that it comes from you',
    'proof-of-receipt': 'that you have received it',
    'proof-of-delivery': 'that it was delivered',
    'proof-of-sender': 'that you send it, whoever wrote it',
    'proof-of-approval': 'that you approve what it says',
    'proof-of-creation': 'that you made it, whether or not you approve what it says',
  },
};
