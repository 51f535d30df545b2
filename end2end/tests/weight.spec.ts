import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, NAMES, test } from '../fixtures.js';
import { hydrated } from '../pages/hydrated.js';
import { site } from '../support/paths.js';

/** All requests together, from a cold cache until the page reacts, rounded up. It has to stay below 200 000. */
const CEILING = 190_000;

/** The name of the second part of the code, without its sum. */
const REST = /mosaic_rest\.[^/]*\.wasm$/;

/** What a page loads, in bytes as they pass the network, in the order in which it asked. */
async function scales(page: Page) {
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  const loads = new Map<string, { path: string; bytes: number }>();
  client.on('Network.requestWillBeSent', ({ requestId, request }) => {
    loads.set(requestId, { path: new URL(request.url).pathname, bytes: 0 });
  });
  const load = (id: string) => loads.get(id) ?? { path: '', bytes: 0 };
  client.on('Network.dataReceived', ({ requestId, encodedDataLength }) => (load(requestId).bytes += encodedDataLength));
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => (load(requestId).bytes = encodedDataLength));
  return () => [...loads.values()];
}

function say(what: string, loads: { path: string; bytes: number }[]): number {
  const total = loads.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts = [...loads].sort((a, b) => b.bytes - a.bytes).map(({ path, bytes }) => `${String(bytes).padStart(8)}  ${path}`);
  console.log(`${what}: ${total} bytes in ${loads.length} requests\n${parts.join('\n')}`);
  return total;
}

test('the matches page does not gain weight', async ({ ada }, info) => {
  const loads = await scales(ada.page);
  await ada.page.addInitScript(() => {
    new MutationObserver(() => performance.mark('interactive')).observe(document, {
      attributeFilter: ['data-hydrated'],
      subtree: true,
    });
  });
  await ada.page.goto('/');
  await hydrated(ada.page);
  await ada.expectLive();

  const all = loads();
  const rest = all.findIndex(({ path }) => REST.test(path));
  expect(rest, 'the second part is loaded').toBeGreaterThan(0);
  const first = all.slice(0, rest);
  const total = say(`page weight until interactive (at most ${CEILING})`, first);
  info.annotations.push({ type: 'page weight', description: `${total} bytes` });
  expect(total).toBeLessThanOrEqual(CEILING);
  expect(first.filter(({ path }) => path.endsWith('.wasm'))).toHaveLength(1);

  // What comes later is left out above because it does come later: nothing of it was asked for before the page
  // was interactive, and it was asked for once (a call that cannot wait for the second part asks a second time).
  expect(all.filter(({ path }) => REST.test(path))).toHaveLength(1);
  const [interactive, asked] = await ada.page.evaluate(() => [
    performance.getEntriesByName('interactive')[0]?.startTime ?? NaN,
    performance.getEntriesByType('resource').find(({ name }) => name.includes('/mosaic_rest.'))?.startTime ?? NaN,
  ]);
  expect(asked).toBeGreaterThanOrEqual(interactive ?? NaN);

  await ada.matches.choose(NAMES.grace);
  await ada.matches.message(NAMES.grace).click();
  await ada.panel({ name: NAMES.grace }).expectReady();
  say('and with that until the panel is interactive', loads());
});

test('before the second part is there the page reacts, and what cannot do without it waits for it', async ({ ada }) => {
  const page = ada.page;
  const name = `Chat with ${NAMES.grace}`;
  let asked = 0;
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route(REST, async (route) => {
    asked += 1;
    if (asked === 1) await held;
    await route.continue();
  });
  await ada.goto('/');
  await ada.matches.search.fill('grace');
  await expect(ada.matches.items).toHaveCount(1);
  await ada.matches.choose(NAMES.grace);
  await ada.matches.message(NAMES.grace).click();
  await expect(page.getByRole('region', { name })).toHaveAttribute('aria-busy', 'true');
  await page.getByRole('button', { name: 'Close chat' }).click();
  await expect(page.getByRole('region', { name })).toHaveCount(0);
  expect(asked, 'nothing of this needs the second part').toBe(1);

  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('radio', { name: 'Dark' }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  expect(asked, 'this does, and it has come').toBe(2);
  // The settings cover the card.
  await page.keyboard.press('Escape');

  await ada.matches.message(NAMES.grace).click();
  release();
  await ada.panel({ name: NAMES.grace }).expectReady();
  await ada.expectLive();
});

test('scripts, styles and the WASM part are compressed, hashed and kept for ever', async ({ ada }) => {
  const answers: { path: string; encoding: string; cache: string }[] = [];
  ada.page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (!/\.(js|css|wasm)$/.test(pathname)) return;
    const headers = response.headers();
    answers.push({
      path: pathname,
      encoding: headers['content-encoding'] ?? '',
      cache: headers['cache-control'] ?? '',
    });
  });
  await ada.goto('/');
  expect(answers.map(({ path }) => path.split('.').at(-1)).sort()).toEqual(expect.arrayContaining(['css', 'js', 'wasm']));
  for (const { path, encoding, cache } of answers) {
    expect(encoding, path).toBe('br');
    if (!path.startsWith('/pkg/')) continue;
    expect(cache, path).toContain('immutable');
    expect(path).toMatch(/\.[\w-]{16,}\.(js|css|wasm)$/);
  }
});

test('P8 the built style has both spellings of the blur and no import', async () => {
  const folder = join(site, 'pkg');
  const sheets = (await readdir(folder)).filter((name) => name.endsWith('.css'));
  expect(sheets).not.toEqual([]);
  for (const sheet of sheets) {
    const text = await readFile(join(folder, sheet), 'utf8');
    expect(text).toMatch(/-webkit-backdrop-filter:/);
    expect(text).toMatch(/[;{]\s*backdrop-filter:/);
    expect(text).not.toContain('@import');
  }
});
