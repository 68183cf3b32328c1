/** The page on which a holder chooses between certificates, rendered from its source: what stands on it is all that they choose by. */
import { join } from 'node:path';
import type { Component } from 'svelte';
import type * as server from 'svelte/server';
import { type ViteDevServer, createServer } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CertificateChoice, PublicState } from '../../agent/contract/state.ts';
import type * as link from '../../kiosk/link.ts';
import type * as settings from '../../kiosk/settings.svelte.ts';

type Screen = Component<{ state: PublicState }>;
/** As the compiler writes it for a server. */
type Rendered = (renderer: { component: (inside: (renderer: unknown) => void) => void }, props: object) => void;

let vite: ViteDevServer;
const load = async <T>(path: string): Promise<T> => (await vite.ssrLoadModule(path)) as T;

beforeAll(async () => {
  const configFile = join(import.meta.dirname, '../../kiosk/vite.config.ts');
  const quiet = { middlewareMode: true, ws: false, watch: null } as const;
  vite = await createServer({ configFile, logLevel: 'error', appType: 'custom', server: quiet, optimizeDeps: { noDiscovery: true } });
});
afterAll(() => vite.close());

const ada = { name: 'Ada Lovelace', issuer: 'Example Signing CA 3', serial: '5a017f930c44', validTo: '2028-03-31T23:59:59Z' };
const certificates: readonly CertificateChoice[] = [
  { ...ada, certificateSha256: 'a1'.repeat(32) },
  { ...ada, serial: '5a017f930c45', validTo: '2027-01-09T12:00:00Z', certificateSha256: 'b2'.repeat(32) },
];

async function page(language: 'en' | 'de'): Promise<string> {
  const { render } = await load<typeof server>('svelte/server');
  const { provideLink } = await load<typeof link>('/link.ts');
  const { default: screen } = await load<{ default: unknown }>('/screens/ChooseCertificate.svelte');
  (await load<typeof settings>('/settings.svelte.ts')).settings.language = language;
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
  return render(inPlace as unknown as Screen, { props: { state: { screen: 'choose-certificate', certificates } } }).body;
}

/** The words of each choice, in their order; and what the kiosk would send back. */
function choices(html: string): readonly { readonly words: readonly string[]; readonly key: string | undefined }[] {
  return [...html.matchAll(/<button[^>]*data-act="choose-certificate"[^>]*>(.*?)<\/button>/gs)].map(([button, inside = '']) => ({
    words: inside
      .replace(/<svg.*?<\/svg>|<!--.*?-->/gs, '')
      .split(/<[^>]*>/)
      .map((text) => text.trim())
      .filter((text) => text !== ''),
    key: /data-key="([^"]*)"/.exec(button)?.[1],
  }));
}

test('each certificate is a button with holder, issuer, validity and serial number, and nothing else; none is chosen beforehand', async () => {
  const html = await page('en');
  expect(choices(html)).toEqual([
    {
      words: [
        'Ada Lovelace',
        'Issued by Example Signing CA 3',
        expect.stringMatching(/^Valid until (March 31|April 1), 2028$/),
        'Serial number 5a017f930c44',
      ],
      key: 'a1'.repeat(32),
    },
    {
      words: ['Ada Lovelace', 'Issued by Example Signing CA 3', 'Valid until January 9, 2027', 'Serial number 5a017f930c45'],
      key: 'b2'.repeat(32),
    },
  ]);
  expect(html).not.toMatch(/autofocus|checked|aria-selected|aria-pressed/);
  expect(choices(await page('de'))[1]?.words).toEqual([
    'Ada Lovelace',
    'Ausgestellt von Example Signing CA 3',
    'Gültig bis 9. Januar 2027',
    'Seriennummer 5a017f930c45',
  ]);
});
