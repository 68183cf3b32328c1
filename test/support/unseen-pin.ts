/** What a page shows and keeps while a PIN is typed: two PINs of the same length must leave the very same trace. */
import type { Page } from 'playwright-core';

/** Begins to note every change of the station's screen: nodes, attributes and words, in their order. */
export async function noteChanges(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    const noted = (globalThis.noted = []);
    const name = (node) => node.nodeName + (node.className ?? '');
    globalThis.noting = new MutationObserver((records) => {
      for (const { type, target, attributeName, addedNodes, removedNodes } of records) {
        const value = type === 'attributes' ? attributeName + '=' + target.getAttribute(attributeName) : '';
        const words = type === 'characterData' ? target.data : '';
        const nodes = (list) => [...list].map((node) => node.outerHTML ?? node.textContent).join();
        noted.push([type, name(target), value, words, nodes(addedNodes), nodes(removedNodes)].join('|'));
      }
      noted.push('focus on ' + name(document.activeElement));
    });
    globalThis.noting.observe(document.getElementById('station'), { subtree: true, childList: true, attributes: true, characterData: true });
  })()`);
}

/** Ends that, and gives what was noted. */
export async function changesNoted(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(`(globalThis.noting.disconnect(), globalThis.noted)`);
}

/** All that a page holds besides its scripts' own memory: the document without the workbench, and everything a browser can store. */
export async function everythingKept(page: Page): Promise<string> {
  const kept = await page.evaluate<string>(`(async () => {
    const html = document.documentElement.cloneNode(true);
    html.querySelector('#workbench')?.remove();
    const fields = [...html.querySelectorAll('input, textarea, select, [contenteditable]')].map((field) => field.outerHTML);
    const databases = await indexedDB.databases();
    const caches_ = await caches.keys();
    return JSON.stringify({
      html: html.outerHTML, fields, databases, caches: caches_, href: location.href, history: history.state, name: window.name,
      local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie,
    });
  })()`);
  return kept;
}
