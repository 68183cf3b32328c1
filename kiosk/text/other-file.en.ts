import type { OtherFileText } from './other-file.ts';

export const otherFileEn: OtherFileText = {
  title: 'This file cannot be shown here',
  lead: 'The station shows PDF documents only. You can sign this file if you know it from elsewhere: nobody here has read it.',
  kind: 'Kind',
  kinds: {
    text: 'Text',
    xml: 'Data (XML)',
    picture: 'Picture',
    'text-document': 'Text document (Word, OpenOffice)',
    spreadsheet: 'Spreadsheet (Excel, OpenOffice)',
    presentation: 'Presentation (PowerPoint, OpenOffice)',
    'packed-files': 'Several files, packed (ZIP)',
    container: 'Several files to be signed together (ASiC)',
    unknown: 'Not known',
  },
  digest: 'Check number of the file, complete',
  inside: 'Files in it, with their check numbers',
  compare: 'Compare the check number with the one that you were given. If a single character differs, it is another file.',
  done: 'I know this file',
  otherFile: 'Other document',
  point: 'you know this file, which could not be shown here, and its check number is the one above',
  pointOthers: 'you have read each of the documents that were shown here',
  pointAmongMany: 'you know the files that could not be shown here, and their check numbers are those above',
};
