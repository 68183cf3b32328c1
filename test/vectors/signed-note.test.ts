import { expect, it } from 'vitest';
import { formatNote, openNote, parseNote } from '../../agent/log/note.ts';
import { formatVerifierKey, parseVerifierKey } from '../../agent/log/note-key.ts';
import { readSignedText } from '../../agent/log/verify/checkpoint.ts';
import { readVectors } from '../support/log/public-vectors.ts';

it('the example of C2SP signed-note is opened with its key by both implementations, and written as it was', (context) => {
  const { vkey, note } = readVectors(context, 'signed-note/example.json') as { readonly vkey: string; readonly note: string };
  const key = parseVerifierKey(vkey);
  expect(formatVerifierKey(key)).toBe(vkey);
  const bytes = Buffer.from(note);
  const opened = openNote(bytes, [key]);
  expect(opened).toMatchObject({ text: note.slice(0, note.lastIndexOf('\n\n') + 1), verified: [{ key }], unknown: [] });
  expect(Buffer.from(formatNote(parseNote(bytes))).toString('utf8')).toBe(note);
  expect(readSignedText(bytes, { origin: key.name, publicKey: key.publicKey })).toBe(opened.text);
});
