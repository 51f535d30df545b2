import { expect, NAMES, test } from '../fixtures.js';
import { breakNextPanel, hydrated } from '../pages/hydrated.js';

test('a page whose code breaks says so, and a reload brings back what was typed', async ({
  ada,
  grace,
  complaints,
}) => {
  complaints.allow(/panicked|unreachable|broken on purpose/);
  const panel = await ada.chat(grace);
  await panel.write('half a thought');
  await breakNextPanel(ada.page);
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

test('on a phone the sheet does not cover that a page broke', async ({ ada, grace, complaints }) => {
  complaints.allow(/panicked|unreachable|broken on purpose/);
  await ada.page.setViewportSize({ width: 390, height: 844 });
  await ada.goto(`/?profile=${grace.id}`);
  await breakNextPanel(ada.page);
  await ada.matches.message(grace.name).click();
  const bar = ada.page.getByRole('alert').filter({ hasText: 'Something broke on this page' });
  await bar.getByRole('link', { name: 'Reload' }).click();
  await hydrated(ada.page);
  await expect(bar).toHaveCount(0);
  await ada.panel(grace).expectReady();
});
