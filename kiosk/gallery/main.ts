/** Every screen with sample data, for looking at: `#<sample>` chooses one, `?language=de&text=2&contrast=…` sets the rest. Demo build only. */
import { mount } from 'svelte';
import '../theme.css';
import { contrasts, settings, textSizes } from '../settings.svelte.ts';
import { languages } from '../text/languages.ts';
import Gallery from './Gallery.svelte';

const query = new URLSearchParams(location.search);
const language = languages.find(({ tag }) => tag === query.get('language'));
if (language !== undefined) settings.language = language.tag;
settings.textSize = textSizes.find((size) => String(size) === query.get('text')) ?? 1;
settings.contrast = contrasts.find((contrast) => contrast === query.get('contrast')) ?? 'standard';

const target = document.getElementById('station');
if (target === null) throw new Error('the page has no place for the gallery');
mount(Gallery, { target });
