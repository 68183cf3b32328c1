/** Eine unterschriebene Datei prüfen, auf Deutsch. */
import type { CheckTexts } from './check.ts';
import { plural } from './format.ts';

export const checkDe: CheckTexts = {
  open: 'Unterschriebenes Dokument prüfen',
  chooseTitle: 'Welche Datei soll geprüft werden?',
  chooseLead: 'Berühren Sie die Datei, über deren Unterschriften Sie etwas wissen möchten. Eine Karte brauchen Sie dafür nicht.',
  looking: 'Dateien werden gesucht',
  emptyTitle: 'Es ist keine Datei zu prüfen',
  emptyTodo:
    'Geben Sie Ihre unterschriebene Datei am Schalter ab. Dort wird sie in den Ordner für Prüfungen gelegt und erscheint hier von selbst.',
  unreachable: 'Der Ordner für Prüfungen kann nicht gelesen werden. Sagen Sie am Schalter Bescheid.',
  more: (value, shown) =>
    plural('de', value, shown, {
      one: '# weitere Datei liegt dort und steht nicht in der Liste. Am Schalter können andere herausgenommen werden.',
      other: '# weitere Dateien liegen dort und stehen nicht in der Liste. Am Schalter können andere herausgenommen werden.',
    }),
  judgingTitle: 'Die Unterschriften werden geprüft',
  judgingLead: 'Große Dateien brauchen länger. An der Datei wird nichts geändert.',
  outcomes: {
    'TOTAL-PASSED': (value, shown) =>
      plural('de', value, shown, { one: 'Die Unterschrift ist gültig', other: '# Unterschriften, alle gültig' }),
    INDETERMINATE: (value, shown) =>
      plural('de', value, shown, {
        one: 'Die Unterschrift ließ sich nicht bestätigen',
        other: 'Nicht jede Unterschrift ließ sich bestätigen',
      }),
    'TOTAL-FAILED': (value, shown) =>
      plural('de', value, shown, { one: 'Die Unterschrift ist nicht gültig', other: 'Nicht jede Unterschrift ist gültig' }),
    'NO-SIGNATURE': () => 'In dieser Datei ist keine Unterschrift',
    UNREADABLE: () => 'Diese Datei kann nicht geprüft werden',
  },
  meanings: {
    'TOTAL-PASSED': 'Unterschrieben hat, wer hier genannt ist, und seitdem wurde nichts geändert, worauf es ankommt.',
    INDETERMINATE: 'Verlassen Sie sich nicht darauf, solange nicht geklärt ist, was hier steht.',
    'TOTAL-FAILED':
      'Verlassen Sie sich nicht auf diese Datei. Sie ist nicht das, was unterschrieben wurde, oder nicht von der Person, die sie nennt.',
    'NO-SIGNATURE':
      'Niemand hat sie unterschrieben, oder die Unterschrift steht in einer eigenen Datei. Dann müssen beide im Ordner liegen.',
    UNREADABLE: 'Ob sie unterschrieben ist, lässt sich nicht sagen. Lassen Sie sich eine andere Kopie geben.',
  },
  file: 'Datei',
  size: 'Größe',
  signature: (place, of) => `Unterschrift ${place} von ${of}`,
  verdict: 'Ergebnis',
  verdicts: { 'TOTAL-PASSED': 'Gültig', INDETERMINATE: 'Nicht bestätigt', 'TOTAL-FAILED': 'Nicht gültig' },
  reasons: {
    FORMAT_FAILURE: 'Die Unterschrift ist beschädigt oder steht nicht dort, wo sie stehen muss.',
    HASH_FAILURE: 'Das Dokument wurde geändert, nachdem es unterschrieben war.',
    SIG_CRYPTO_FAILURE: 'Die Unterschrift wurde nicht mit der Karte der genannten Person gemacht.',
    SIG_CONSTRAINTS_FAILURE:
      'Es wurde etwas hinzugefügt oder geändert, das diese Unterschrift nicht umfasst, oder der Unterschrift fehlt eine Angabe.',
    CHAIN_CONSTRAINTS_FAILURE: 'Das Zertifikat ist keines zum Unterschreiben von Dokumenten.',
    CRYPTO_CONSTRAINTS_FAILURE: 'Sie wurde auf eine Weise gemacht, die heute zu schwach oder hier nicht bekannt ist.',
    NO_SIGNING_CERTIFICATE_FOUND: 'Das Zertifikat der Person, die unterschrieben hat, fehlt.',
    NO_CERTIFICATE_CHAIN_FOUND: 'Das Zertifikat stammt von niemandem, dem diese Station vertraut. Der Name ist also nicht bestätigt.',
    OUT_OF_BOUNDS_NO_POE: 'Das Zertifikat galt zu dieser Zeit nicht, und nichts beweist, dass die Unterschrift älter ist.',
    REVOKED_NO_POE: 'Das Zertifikat wurde gesperrt, und nichts beweist, dass die Unterschrift älter ist.',
    REVOKED_CA_NO_POE: 'Das Zertifikat des Ausstellers wurde gesperrt.',
    SIGNED_DATA_NOT_FOUND:
      'Was unterschrieben wurde, ist nicht hier. Die Datei muss neben ihrer Unterschrift liegen, unter demselben Namen ohne „.p7s“.',
    TRY_LATER: 'Ob das Zertifikat gesperrt wurde, lässt sich noch nicht sagen. Dazu braucht es eine neuere Sperrliste.',
  },
  signer: 'Unterschrieben von',
  signerUnknown: 'niemand Bekanntes',
  issuer: 'Zertifikat ausgestellt von',
  claimed: 'Zeit der Unterschrift',
  claimedNote: 'nach Angabe der Person, die unterschrieben hat',
  proven: 'Bestand spätestens',
  provenNote: 'bewiesen durch den Zeitstempel eines Dritten',
  since: {
    signature: 'Seitdem wurde noch einmal unterschrieben.',
    timestamp: 'Seitdem kam ein Zeitstempel hinzu.',
    filled: 'Seitdem wurden Felder ausgefüllt, was erlaubt war.',
    proofs: 'Seitdem kamen Nachweise für später hinzu. Sie ändern nichts an den Seiten.',
    description: 'Seitdem wurden Titel oder Beschreibung des Dokuments geändert.',
  },
  covers: 'Umfasst die Datei',
  unsigned: 'Von niemandem unterschrieben',
  entry: 'Eintrag im Protokoll',
  another: 'Eine andere Datei prüfen',
};
