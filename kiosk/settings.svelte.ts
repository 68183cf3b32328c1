/** What the person has set for themselves: language, size of the text, colours, sound. It lasts for one visit. */
import type { Catalogue, Language } from './text/catalogue.ts';
import { catalogues, languages } from './text/languages.ts';

export const textSizes = [1, 2, 3, 4] as const;
export const contrasts = ['standard', 'black-on-white', 'white-on-black', 'yellow-on-black'] as const;

const standardLanguage: Language = 'en';

class Settings {
  language = $state<Language>(standardLanguage);
  textSize = $state<(typeof textSizes)[number]>(1);
  contrast = $state<(typeof contrasts)[number]>('standard');
  sound = $state(true);

  /** All texts in the language of this visit. */
  get text(): Catalogue {
    return catalogues[this.language];
  }

  reset(): void {
    this.language = standardLanguage;
    this.textSize = 1;
    this.contrast = 'standard';
    this.sound = true;
  }

  /** Puts the settings onto the page's root element, where theme.css reads them. */
  apply(root: HTMLElement): void {
    root.lang = this.language;
    root.dir = languages.find(({ tag }) => tag === this.language)?.direction ?? 'ltr';
    root.dataset['textSize'] = String(this.textSize);
    root.dataset['contrast'] = this.contrast;
  }
}

export const settings = new Settings();
