/** A file that is no PDF: the screen says that it cannot show it, and what it is; the consent says that its signer knows it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { otherKinds, type DocumentView, type OtherView } from '../../agent/contract/state.ts';
import type { Language } from '../../kiosk/text/catalogue.ts';
import { Screens, wordsOf } from '../support/rendered-screen.ts';

let screens: Screens;
beforeAll(async () => {
  screens = await Screens.open();
});
afterAll(() => screens.close());

const holder = { name: 'Anna Brandt', issuer: 'Test', serial: '01', validTo: '2031-01-01T00:00:00Z' };
const digest = '0123456789abcdef'.repeat(4);
const inFours = '0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567 89ab cdef';
const other: OtherView = { kind: 'spreadsheet', mimeType: 'application/x', files: [] };
const document: DocumentView = { id: 'doc-1', name: 'costs.xlsx', pages: 0, size: 90_000, digest, signatures: 0, other, format: 'cades' };

async function words(screen: 'review-document' | 'confirm', language: Language, shown: DocumentView): Promise<string> {
  const page =
    screen === 'confirm'
      ? screens.page('Confirm.svelte', language, { screen, holder, documents: [shown] })
      : screens.page('Screens.svelte', language, { screen, holder, document: shown, place: { place: 1, of: 1 } });
  return wordsOf(await page).join(' ');
}

test('is named with its kind, size and whole digest, and nothing says that it was shown', async () => {
  const english = await words('review-document', 'en', document);
  for (const part of ['This file cannot be shown here', 'costs.xlsx', 'Spreadsheet', '90', inFours, 'I know this file'])
    expect(english).toContain(part);
  expect(english).not.toContain('I have read it');
  expect(await words('review-document', 'de', document)).toContain('Diese Datei lässt sich hier nicht zeigen');
});

test('is consented to in other words than a document that was read, above the whole digest', async () => {
  const english = await words('confirm', 'en', document);
  expect(english).toContain(inFours);
  expect(english).toContain('you know this file, which could not be shown here');
  expect(english).not.toContain('you have read the document');
  const read: DocumentView = { id: 'doc-2', name: 'a.pdf', pages: 2, size: 9, digest, signatures: 0 };
  expect(await words('confirm', 'en', read)).toContain('you have read the document');
  const both = wordsOf(await screens.page('Confirm.svelte', 'en', { screen: 'confirm', holder, documents: [document, read] })).join(' ');
  expect(both).toContain('you have read each of the documents that were shown here');
  expect(both).toContain('you know the files that could not be shown here');
  expect(both).toContain(inFours);
});

test('has every file of a container with its digest', async () => {
  const files = [
    { name: 'a.txt', digest },
    { name: 'a.txt', digest: 'f'.repeat(64) },
  ];
  const english = await words('review-document', 'en', { ...document, other: { kind: 'container', mimeType: 'application/x', files } });
  expect(english).toContain('1. a.txt');
  expect(english).toContain(`2. a.txt ${'ffff '.repeat(16).trim()}`);
});

test.each(['en', 'de'] as const)('has a word of its own for every kind, in %s', async (language) => {
  const said = await Promise.all(otherKinds.map((kind) => words('review-document', language, { ...document, other: { ...other, kind } })));
  expect(new Set(said).size).toBe(otherKinds.length);
});
