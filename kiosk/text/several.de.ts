/** Mehrere Dokumente in einem Besuch, auf Deutsch. */
import { plural } from './format.ts';
import type { SeveralTexts } from './several.ts';

export const severalDe: SeveralTexts = {
  chooseTitle: 'Welche Dokumente?',
  chooseLead: (holder) =>
    `${holder}, berühren Sie jedes Dokument, das Sie unterschreiben möchten. Zuerst lesen Sie eines nach dem anderen.`,
  read: (value, shown) => plural('de', value, shown, { one: 'Dieses Dokument lesen', other: 'Diese # Dokumente lesen' }),
  readNone: 'Dokumente lesen',
  readAll: (value, shown) => plural('de', value, shown, { one: 'Lesen und unterschreiben', other: 'Alle # lesen und unterschreiben' }),
  pickFirst: 'Noch ist kein Dokument ausgewählt. Berühren Sie jedes Dokument, das Sie unterschreiben möchten, dann diese Taste.',
  tooMany: (most) =>
    `In einem Besuch gehen höchstens ${most} Dokumente. Nehmen Sie einige heraus, und unterschreiben Sie sie beim nächsten Besuch.`,
  place: (place, of) => `Dokument ${place} von ${of}`,
  before: 'Dokument davor',
  points: [
    'Sie jedes dieser Dokumente gelesen haben',
    'Sie die Person sind, die hier genannt ist',
    'Ihre Unterschrift auf jedem mit Ihrem Finger und Ihrer PIN entsteht, die jetzt folgen',
  ],
  pointVouched:
    'jemand vom Schalter dafür bürgt, dass Sie es sind, und darum kein Finger verlangt wird; Ihre Unterschrift auf jedem entsteht mit Ihrer PIN, die jetzt folgt',
  sign: (value, shown) => plural('de', value, shown, { one: 'Dieses Dokument unterschreiben', other: 'Alle # Dokumente unterschreiben' }),
  readFirst:
    'Dieser Bildschirm hat Ihnen noch nicht jedes der Dokumente gezeigt. Berühren Sie „Noch einmal lesen“, gehen Sie sie durch, und unterschreiben Sie dann.',
  signedTitle: (value, shown) => plural('de', value, shown, { one: '# Dokument unterschrieben', other: '# Dokumente unterschrieben' }),
  takeCardHint: 'Die unterschriebenen Dokumente bekommen Sie am Schalter.',
  notDelivered: 'liegt sicher in der Station, jemand vom Schalter holt es für Sie heraus',
  pinTitle: (place, of) => `PIN für Dokument ${place} von ${of} eingeben`,
  pinLead:
    'Was davor kommt, ist unterschrieben. Diese Karte fragt für jedes Dokument nach der PIN. Geben Sie sie am Kartenleser ein, dann die grüne Taste.',
  pinAgain:
    'Ihre PIN war richtig. Diese Karte fragt für jedes Dokument noch einmal danach. Geben Sie sie am Kartenleser ein, dann die grüne Taste.',
  tally: (signed, of) => `Unterschrieben: ${signed} von ${of} Dokumenten.`,
  signedList: 'Unterschrieben',
  unknownList: 'Wir können nicht sagen, ob unterschrieben wurde',
  notSignedList: 'Nicht unterschrieben',
  entry: (entry) => `Eintrag ${entry} im Protokoll`,
};
