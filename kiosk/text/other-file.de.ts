import type { OtherFileText } from './other-file.ts';

export const otherFileDe: OtherFileText = {
  title: 'Diese Datei lässt sich hier nicht zeigen',
  lead: 'Die Station zeigt nur PDF-Dokumente. Sie können diese Datei unterschreiben, wenn Sie sie von anderswo kennen: Hier hat sie niemand gelesen.',
  kind: 'Art',
  kinds: {
    text: 'Text',
    xml: 'Daten (XML)',
    picture: 'Bild',
    'text-document': 'Textdokument (Word, OpenOffice)',
    spreadsheet: 'Tabelle (Excel, OpenOffice)',
    presentation: 'Präsentation (PowerPoint, OpenOffice)',
    'packed-files': 'Mehrere Dateien, gepackt (ZIP)',
    container: 'Mehrere Dateien, die zusammen unterschrieben werden (ASiC)',
    unknown: 'Nicht bekannt',
  },
  digest: 'Prüfnummer der Datei, vollständig',
  inside: 'Dateien darin, mit ihren Prüfnummern',
  compare: 'Vergleichen Sie die Prüfnummer mit der, die man Ihnen gegeben hat. Weicht ein einziges Zeichen ab, ist es eine andere Datei.',
  done: 'Ich kenne diese Datei',
  otherFile: 'Anderes Dokument',
  point: 'Sie diese Datei kennen, die sich hier nicht zeigen ließ, und dass ihre Prüfnummer die obige ist',
  pointOthers: 'Sie jedes der Dokumente gelesen haben, die hier gezeigt wurden',
  pointAmongMany: 'Sie die Dateien kennen, die sich hier nicht zeigen ließen, und dass ihre Prüfnummern die obigen sind',
};
