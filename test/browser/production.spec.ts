import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KioskBrowser } from '../support/kiosk-browser.ts';
import { builtCli } from '../support/built-program.ts';
import { RunningAgent } from '../support/kiosk-client.ts';

const built = (name: string) => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
const data = mkdtempSync(join(tmpdir(), 'branch-1-'));

let browser: KioskBrowser;
let agent: RunningAgent;

beforeAll(async () => {
  execFileSync(process.execPath, [
    builtCli(),
    'init',
    '--data',
    data,
    '--name',
    'branch-1.example.org',
    '--unwrapped-log-key',
    '--nobody-reads',
  ]);
  [browser, agent] = await Promise.all([KioskBrowser.launch(), RunningAgent.start(data)]);
});

afterAll(async () => {
  await Promise.all([browser.close(), agent.kill('SIGTERM')]);
  rmSync(data, { recursive: true, force: true });
});

test('a signing station shows its start screen, its name, and nothing of a demonstration', async () => {
  const kiosk = await browser.open(agent.address);
  await kiosk.until('start');
  const words = await kiosk.words();
  expect(words).toContain('branch-1.example.org');
  expect(words).toContain('Record checked and intact');
  expect(words).toContain('Fingerprint reader not connected. Tell a clerk.');
  expect(words).not.toMatch(/demo|simulat/i);
  expect(await kiosk.page.locator('#workbench, [data-bench]').count()).toBe(0);
  await kiosk.tap('begin');
  await kiosk.until('insert-card');
  await kiosk.tap('cancel');
  await kiosk.until('start');
  kiosk.expectClean();
  await kiosk.close();
});

test('what a kiosk must never do is refused by its page, and seen by these stories', async () => {
  const kiosk = await browser.open(agent.address);
  await kiosk.until('start');
  kiosk.expectClean();
  await kiosk.page.evaluate(`fetch('http://elsewhere.example/').catch(() => undefined)`);
  await kiosk.page.evaluate(`document.body.setAttribute('style', 'color: red')`);
  await kiosk.page.evaluate(
    `document.head.append(Object.assign(document.createElement('script'), { textContent: 'globalThis.ran = true' }))`,
  );
  await kiosk.page.evaluate(`setTimeout(() => { throw new Error('a fault of the page') })`);
  const seen = () => kiosk.faults.join('\n');
  await expect.poll(seen).toContain('a fault of the page');
  for (const directive of ['connect-src', 'style-src', 'script-src']) expect(seen()).toContain(`policy broken: ${directive}`);
  expect(await kiosk.page.evaluate<boolean>(`'ran' in globalThis`)).toBe(false);
  expect(() => kiosk.expectClean()).toThrow();
  await kiosk.close();
});

test('a signing station answers nothing below /workbench', async () => {
  const client = await agent.client();
  expect(await client.workbench({ type: 'insert-card', card: 'ada' })).toBe(404);
});

/** Strings that only the workbench and the gallery have. */
const benchOnly = ['data-bench', '/workbench/', 'pull-card-while-signing', 'Pull the card while it signs', 'Tenancy agreement'];

test('what a signing station serves contains no workbench code; what a demonstration serves contains it', () => {
  const text = (name: string) =>
    readdirSync(built(name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name) + readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      .join('\n');
  const [station, demo] = [text('kiosk'), text('kiosk-demo')];
  for (const word of benchOnly) {
    expect(demo).toContain(word);
    expect(station).not.toContain(word);
  }
});
