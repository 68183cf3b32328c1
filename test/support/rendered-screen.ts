/** Screens of the kiosk, rendered from their sources without a browser: the words that a holder reads, and what stands beside them. */
import { join } from 'node:path';
import type { Component } from 'svelte';
import type * as server from 'svelte/server';
import { type ViteDevServer, createServer } from 'vite';
import type { PublicState } from '../../agent/contract/state.ts';
import type { Language } from '../../kiosk/text/catalogue.ts';
import type * as link from '../../kiosk/link.ts';

type Screen = Component<{ state: PublicState }>;
/** As the compiler writes it for a server. */
type Rendered = (renderer: { component: (inside: (renderer: unknown) => void) => void }, props: object) => void;

/** What is set of `settings.svelte.ts`; its own types speak of a browser. */
interface SettingsModule {
  readonly settings: { language: Language };
}

export class Screens {
  readonly #vite: ViteDevServer;

  private constructor(vite: ViteDevServer) {
    this.#vite = vite;
  }

  static async open(): Promise<Screens> {
    const configFile = join(import.meta.dirname, '../../kiosk/vite.config.ts');
    const quiet = { middlewareMode: true, ws: false, watch: null } as const;
    const vite = await createServer({
      configFile,
      logLevel: 'error',
      appType: 'custom',
      server: quiet,
      optimizeDeps: { noDiscovery: true },
    });
    return new Screens(vite);
  }

  close(): Promise<void> {
    return this.#vite.close();
  }

  /** The page of one file in kiosk/screens, as HTML. */
  async page(file: string, language: Language, state: PublicState): Promise<string> {
    const { render } = await this.#load<typeof server>('svelte/server');
    const { provideLink } = await this.#load<typeof link>('/link.ts');
    const { default: screen } = await this.#load<{ default: unknown }>(`/screens/${file}`);
    (await this.#load<SettingsModule>('/settings.svelte.ts')).settings.language = language;
    const nothing = {
      act: () => Promise.reject(new Error()),
      sendPin: () => Promise.reject(new Error()),
      fetchDocument: () => Promise.reject(new Error()),
    };
    const inPlace: Rendered = (renderer, props) =>
      renderer.component((inside) => {
        provideLink(nothing);
        (screen as (renderer: unknown, props: object) => void)(inside, props);
      });
    return render(inPlace as unknown as Screen, { props: { state } }).body;
  }

  async #load<T>(path: string): Promise<T> {
    return (await this.#vite.ssrLoadModule(path)) as T;
  }
}

/** The words of some HTML, in their order. */
export function wordsOf(html: string): readonly string[] {
  return html
    .replace(/<svg.*?<\/svg>|<!--.*?-->/gs, '')
    .split(/<[^>]*>/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
}
