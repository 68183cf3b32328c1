/** The page on which a holder chooses between certificates, rendered from its source: what stands on it is all that they choose by. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CertificateChoice } from '../../agent/contract/state.ts';
import { Screens, wordsOf } from '../support/rendered-screen.ts';

let screens: Screens;
beforeAll(async () => {
  screens = await Screens.open();
});
afterAll(() => screens.close());

const ada = { name: 'Ada Lovelace', issuer: 'Example Signing CA 3', serial: '5a017f930c44', validTo: '2028-03-31T23:59:59Z' };
const certificates: readonly CertificateChoice[] = [
  { ...ada, certificateSha256: 'a1'.repeat(32) },
  { ...ada, serial: '5a017f930c45', validTo: '2027-01-09T12:00:00Z', certificateSha256: 'b2'.repeat(32) },
];

function page(language: 'en' | 'de'): Promise<string> {
  return screens.page('ChooseCertificate.svelte', language, { screen: 'choose-certificate', certificates });
}

/** The words of each choice, in their order; and what the kiosk would send back. */
function choices(html: string): readonly { readonly words: readonly string[]; readonly key: string | undefined }[] {
  return [...html.matchAll(/<button[^>]*data-act="choose-certificate"[^>]*>(.*?)<\/button>/gs)].map(([button, inside = '']) => ({
    words: wordsOf(inside),
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
