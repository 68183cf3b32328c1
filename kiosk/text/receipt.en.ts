/** The receipt, in English. */
import type { ReceiptTexts } from './receipt.ts';

export const receiptEn: ReceiptTexts = {
  title: 'Your receipt',
  lead: 'Scan it with your phone and keep it. It proves that your signature is in the record of this station.',
  leadSeveral:
    'Scan it with your phone and keep it. It is the receipt of the last document, and fixes the record of all. Each document has one of its own as a file.',
  code: 'The receipt as a code for a phone',
  file: 'Receipt saved as',
  notMade: 'The receipt could not be made. Your signature is good without it. Ask a clerk for the receipt.',
};
