/** What the reader of a document is told about it, on the page that shows it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentRemarks } from '../../agent/contract/problems.ts';
import type { DocumentView, RemarkView } from '../../agent/contract/state.ts';
import type { Language } from '../../kiosk/text/catalogue.ts';
import { Screens, wordsOf } from '../support/rendered-screen.ts';

let screens: Screens;
beforeAll(async () => {
  screens = await Screens.open();
});
afterAll(() => screens.close());

const holder = { name: 'Anna Brandt', issuer: 'Test', serial: '01', validTo: '2031-01-01T00:00:00Z' };
const plain: DocumentView = { id: 'doc-1', name: 'contract.pdf', pages: 1, size: 9, digest: 'd'.repeat(64), signatures: 0 };

async function words(language: Language, remarks: readonly RemarkView[]): Promise<string> {
  const document = remarks.length === 0 ? plain : { ...plain, remarks };
  return wordsOf(
    await screens.page('ReviewDocument.svelte', language, { screen: 'review-document', place: { place: 1, of: 1 }, holder, document }),
  ).join(' ');
}

test('names each thing in words, and the parts that it is about', async () => {
  const remarks: readonly RemarkView[] = [
    { code: 'links', subjects: [] },
    { code: 'missing-fonts', subjects: ['Arial', 'A\\u{202e}'] },
    { code: 'unchecked-signatures', subjects: ['a', 'b', 'c', 'd', 'e', 'f'] },
  ];
  const english = await words('en', remarks);
  expect(english).toContain('What you should know about it It has links.');
  expect(english).toContain('may look different in another program: Arial, A\\u{202e}');
  expect(english).toContain('a, b, c, d, e, and more');
  expect(await words('de', remarks)).toContain('Was Sie darüber wissen sollten Es enthält Links.');
});

test('says nothing where there is nothing to say', async () => {
  expect(await words('en', [])).not.toContain('What you should know');
});

test.each(['en', 'de'] as const)('has a sentence of its own for everything, in %s', async (language) => {
  const sentences = await Promise.all(documentRemarks.map((code) => words(language, [{ code, subjects: [] }])));
  expect(new Set(sentences).size).toBe(documentRemarks.length);
});

test('the list of documents marks those that have notes', async () => {
  const documents = [plain, { ...plain, id: 'doc-2', name: 'other.pdf', remarks: [{ code: 'links', subjects: [] } as const] }];
  const html = await screens.page('ChooseDocument.svelte', 'en', { screen: 'choose-document', most: 50, holder, documents, refused: [] });
  expect(wordsOf(html).filter((text) => text.includes('with notes on it'))).toHaveLength(1);
});
