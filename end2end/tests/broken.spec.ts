import { expect, NAMES, test } from '../fixtures.js';
import { hydrated } from '../pages/hydrated.js';

test('a page whose code breaks says so, and a reload brings back what was typed', async ({
  ada,
  grace,
  complaints,
}) => {
  complaints.allow(/panicked|unreachable|broken on purpose/);
  const panel = await ada.chat(grace);
  await panel.write('half a thought');
  await ada.page.evaluate(() => {
    window.ResizeObserver = class {
      constructor() {
        throw new Error('broken on purpose');
      }
    } as unknown as typeof ResizeObserver;
  });
  await ada.matches.entry(NAMES.alan).click();

  const bar = ada.page.getByRole('alert').filter({ hasText: 'Something broke on this page' });
  await expect(bar).toBeInViewport();
  expect(await bar.evaluate((element) => element.getBoundingClientRect().bottom - window.innerHeight)).toBe(0);
  await bar.getByRole('link', { name: 'Reload' }).click();
  await hydrated(ada.page);
  await expect(bar).toHaveCount(0);
  await (await ada.chat(grace)).expectReady();
  await expect(panel.composer).toHaveValue('half a thought');
});
