/** The languages of the kiosk, in the order of the language button. */
import type { Catalogue, Language } from './catalogue.ts';
import { de } from './de.ts';
import { en } from './en.ts';

export const catalogues: Record<Language, Catalogue> = { en, de };

/** The languages, each with its own writing direction. */
export const languages: readonly { readonly tag: Language; readonly direction: 'ltr' | 'rtl' }[] = [
  { tag: 'en', direction: 'ltr' },
  { tag: 'de', direction: 'ltr' },
];
