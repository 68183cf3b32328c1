/** Was eine Unterschrift außerdem sagt, auf Deutsch. */
import type { TermsTexts } from './terms.ts';

export const termsDe: TermsTexts = {
  title: 'Ihre Unterschrift sagt',
  certifies: 'dass das Dokument endgültig ist: Nach Ihnen kann es niemand ändern oder unterschreiben',
  reason: (reason) => `„${reason}“`,
  commitments: {
    'proof-of-origin': 'dass es von Ihnen stammt',
    'proof-of-receipt': 'dass Sie es erhalten haben',
    'proof-of-delivery': 'dass es zugestellt wurde',
    'proof-of-sender': 'dass Sie es senden, wer auch immer es geschrieben hat',
    'proof-of-approval': 'dass Sie billigen, was darin steht',
    'proof-of-creation': 'dass Sie es gemacht haben, ob Sie seinen Inhalt billigen oder nicht',
  },
};
