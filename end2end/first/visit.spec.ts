import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, NAMES, test } from '../fixtures.js';
import { root } from '../support/paths.js';

// What somebody can do on the page of matches before the second part of its code is there. The build that this
// runs against has no second part: each function only tells that it was called.
test('a first visit', async ({ ada }) => {
  const page = ada.page;
  const ran = new Set<number>();
  const note = async () => {
    const indices = await page.evaluate(() => [...(window as unknown as { mosaicRan: Set<number> }).mosaicRan]);
    for (const index of indices) ran.add(index);
  };

  await ada.goto('/');
  await note();
  await ada.matches.search.fill('grace');
  await expect(ada.matches.items).toHaveCount(1);
  await note();
  await ada.matches.search.fill('');
  await expect(ada.matches.items).not.toHaveCount(1);
  await note();
  await ada.matches.choose(NAMES.grace);
  await note();
  await ada.matches.choose(NAMES.alan);
  await note();
  await ada.matches.message(NAMES.alan).click();
  await expect(page.getByRole('region', { name: `Chat with ${NAMES.alan}` })).toBeVisible();
  await note();
  await page.getByRole('button', { name: 'Close chat' }).click();
  await expect(page.getByRole('region', { name: `Chat with ${NAMES.alan}` })).toHaveCount(0);
  await note();
  await ada.goto(`/?profile=${ada.id}`);
  await note();

  const names = JSON.parse(await readFile(process.env.MOSAIC_PROFILE ?? '', 'utf8')) as string[];
  const first = names.filter((_, index) => ran.has(index));
  await writeFile(join(root, 'scripts/split/first.txt'), first.map((name) => `${name}\n`).sort().join(''));
});
