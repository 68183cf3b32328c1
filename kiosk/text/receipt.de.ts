/** Der Beleg, auf Deutsch. */
import type { ReceiptTexts } from './receipt.ts';

export const receiptDe: ReceiptTexts = {
  title: 'Ihr Beleg',
  lead: 'Nehmen Sie ihn mit dem Telefon auf, und heben Sie ihn auf. Er beweist, dass Ihre Unterschrift im Protokoll dieser Station steht.',
  leadSeveral:
    'Nehmen Sie ihn mit dem Telefon auf, und heben Sie ihn auf. Er ist der Beleg für das letzte Dokument und hält das Protokoll für alle fest. Jedes Dokument hat seinen eigenen als Datei.',
  code: 'Der Beleg als Code für ein Telefon',
  file: 'Beleg gespeichert als',
  notMade: 'Der Beleg konnte nicht erstellt werden. Ihre Unterschrift gilt auch ohne ihn. Fragen Sie am Schalter nach dem Beleg.',
};
