/**
 * Debian's Chromium before a station's kiosk. It watches what a kiosk must never do: an error in the console, a broken policy, a request to another
 * place. The code that runs in the page is handed over as text, because the types of a page are not known here.
 */
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { ActionType, WorkbenchAction } from '../../agent/contract/api.ts';
import type { ScreenName } from '../../agent/contract/state.ts';

const executablePath = '/usr/bin/chromium';
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Whatever asks for another place gets no answer, and the request is seen.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

const patienceMs = 20_000;
const reportViolations = `document.addEventListener('securitypolicyviolation', (event) => console.error('policy broken: ' + event.violatedDirective + ' ' + event.blockedURI))`;

/** What can be touched besides the agent's actions. */
type ScreenAct =
  'page-down' | 'mark-begin' | 'mark-done' | 'clear' | 'enter' | 'display' | 'text-size-4' | 'language' | 'language-de' | 'close';

/** Screens that the kiosk has beside the agent's states. */
type ShownScreen = ScreenName | 'agent-unreachable' | 'idle-warning';

export const lying = { width: 1920, height: 1080 } as const;
export const upright = { width: 1080, height: 1920 } as const;

/** One browser for a file of stories; each story gets a page of its own, with nothing of the one before. */
export class KioskBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<KioskBrowser> {
    return new KioskBrowser(await chromium.launch({ executablePath, args: flags }));
  }

  /** Opens the kiosk of the agent at this address, on a touch screen. */
  async open(address: string, options: BrowserContextOptions = {}): Promise<KioskPage> {
    const context = await this.#browser.newContext({ viewport: lying, hasTouch: true, ...options });
    const page = await context.newPage();
    await page.addInitScript(reportViolations);
    const kiosk = new KioskPage(page, new URL(address).origin, options.hasTouch ?? true);
    await page.goto(address);
    return kiosk;
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

export class KioskPage {
  readonly page: Page;
  /** Every line of the console. */
  readonly console: string[] = [];
  /** What a kiosk must never do. */
  readonly faults: string[] = [];
  readonly #hasTouch: boolean;

  constructor(page: Page, origin: string, hasTouch: boolean) {
    this.page = page;
    this.#hasTouch = hasTouch;
    page.on('console', (message) => {
      const { url } = message.location();
      this.console.push(message.text());
      // Chromium reports every 409; a virtual finger may be laid on before the reader waits, and is then refused.
      const early = url === `${origin}/workbench/actions` && message.text().includes('409');
      if (message.type() === 'error' && !early) this.faults.push(`console: ${message.text()} (${url})`);
    });
    page.on('pageerror', (error) => this.faults.push(`thrown: ${String(error)}`));
    page.context().on('request', (request) => {
      const { protocol, origin: to } = new URL(request.url());
      if (to !== origin && protocol !== 'blob:' && protocol !== 'data:') this.faults.push(`request to another place: ${request.url()}`);
    });
  }

  async until(screen: ShownScreen, timeout = patienceMs): Promise<void> {
    await this.page.locator(`#station [data-screen="${screen}"]`).waitFor({ timeout });
  }

  /** Waits for this problem's page. */
  async untilTrouble(problem: string): Promise<void> {
    await this.page.locator(`[data-screen="trouble"] [data-problem="${problem}"]`).waitFor({ timeout: patienceMs });
  }

  /** Waits until these words stand on the station's screen. */
  async untilWords(words: string): Promise<void> {
    await expect.poll(() => this.words(), { timeout: patienceMs }).toContain(words);
  }

  async tap(act: ActionType | ScreenAct): Promise<void> {
    await this.page.locator(`#station [data-act="${act}"]`).first().tap({ timeout: patienceMs });
  }

  async tapDigits(digits: string): Promise<void> {
    for (const digit of digits) await this.page.locator(`#station [data-digit="${digit}"]`).tap();
  }

  /** A hand on the virtual devices, by the panel beside the kiosk. */
  async bench(type: WorkbenchAction['type'], key?: string): Promise<void> {
    const button = this.page.locator(`#workbench [data-bench="${type}"]${key === undefined ? '' : `[data-key="${key}"]`}`);
    await (this.#hasTouch ? button.tap({ timeout: patienceMs }) : button.click({ timeout: patienceMs }));
  }

  /** Lays a finger on the reader until the screen moves on from waiting for it. */
  async layFinger(finger: string): Promise<void> {
    const end = Date.now() + patienceMs;
    const waiting = this.page.locator('#station [data-screen="touch-reader"]');
    await this.until('touch-reader');
    while (await waiting.isVisible()) {
      if (Date.now() > end) throw new Error('the fingerprint reader takes no finger');
      await this.bench('touch', finger);
      await this.page.waitForTimeout(150);
    }
  }

  /** Walks by touch as a holder who knows the way, with this card of the workbench. */
  async walkTo(screen: 'review-document' | 'touch-reader', card: string): Promise<void> {
    await this.bench('insert-card', card);
    await this.until('choose-document');
    await this.tap('choose-documents');
    await this.until('review-document');
    if (screen === 'review-document') return;
    await expect.poll(() => this.inkOnPage(1), { timeout: patienceMs }).toBeGreaterThan(0.01);
    await this.tap('reviewed');
    await this.until('confirm');
    await this.tap('consent');
    await this.until('touch-reader');
  }

  /** Ends whatever visit there is, as a person would who takes their card and goes. */
  async leave(): Promise<void> {
    const removal = this.page.locator('#workbench [data-bench="remove-card"]');
    if (await removal.isVisible()) {
      // A card that a script pulls takes its button with it, perhaps just now.
      await removal.tap({ timeout: 2_000 }).catch(async (error: unknown) => {
        if (await removal.isVisible()) throw error;
      });
    }
    const way = this.page.locator('#station [data-act="continue"]');
    const start = this.page.locator('#station [data-screen="start"]');
    await start.or(way).first().waitFor({ timeout: patienceMs });
    if (await way.isVisible()) await way.tap();
    await this.until('start');
  }

  /** All words on the station's screen, in the order of the page. */
  async words(): Promise<string> {
    return (await this.page.locator('#station').innerText()).replace(/\s+/g, ' ');
  }

  /** The facts that a screen lists: label to value. */
  async facts(): Promise<ReadonlyMap<string, string>> {
    const labels = await this.page.locator('#station dt').allInnerTexts();
    const values = await this.page.locator('#station dd > span:first-child').allInnerTexts();
    return new Map(labels.map((label, index) => [label, values[index] ?? '']));
  }

  /** Share of the pixels of a drawn page of the document that are not white. */
  async inkOnPage(number: number): Promise<number> {
    return this.page.evaluate<number>(`(() => {
      const canvas = document.querySelector('#station [data-page="${number}"] canvas');
      if (canvas === null || canvas.width < 100) return 0;
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      let inked = 0;
      for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 0 && Math.min(data[at], data[at + 1], data[at + 2]) < 200) inked++;
      return inked / (data.length / 4);
    })()`);
  }

  /** Nothing happened that a kiosk must never do. */
  expectClean(): void {
    expect(this.faults).toEqual([]);
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}
