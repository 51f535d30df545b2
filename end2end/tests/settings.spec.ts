import { expect, test } from '../fixtures.js';

test('a theme is shown at once, kept, and in the first paint of the next page', async ({ ada }) => {
  const root = ada.page.locator('html');
  await ada.page.emulateMedia({ colorScheme: 'light' });
  await ada.goto('/');
  await expect(root).not.toHaveAttribute('data-theme');
  const colour = () => ada.page.evaluate(() => getComputedStyle(document.body).color);
  const inTheLight = await colour();
  await ada.header.settingsButton.click();
  const theme = (name: string) => ada.header.settings.getByRole('radio', { name, exact: true });
  await expect(theme('System')).toBeChecked();
  await theme('Dark').check();
  await expect(root).toHaveAttribute('data-theme', 'dark');
  expect(await colour()).not.toBe(inTheLight);

  const html = await (await ada.page.request.get('/messages')).text();
  expect(html).toMatch(/<html[^>]* data-theme="dark"/);
  await ada.goto('/messages');
  await expect(root).toHaveAttribute('data-theme', 'dark');
  await ada.header.settingsButton.click();
  await expect(theme('Dark')).toBeChecked();
  await theme('System').check();
  await expect(root).not.toHaveAttribute('data-theme');
});

test('P7 without transparency no surface is blurred', async ({ ada, grace }) => {
  const panel = await ada.chat(grace);
  const blur = () => panel.root.evaluate((element) => getComputedStyle(element, '::before').backdropFilter);
  expect(await blur()).toContain('blur');
  await ada.header.settingsButton.click();
  await ada.header.settings.getByRole('switch', { name: 'Reduce transparency' }).check();
  expect(await blur()).toBe('none');
  await ada.page.reload();
  expect(await blur()).toBe('none');
});

test('P3 Escape closes the menu first, then the panel', async ({ ada, grace }) => {
  const panel = await ada.chat(grace);
  await ada.header.settingsButton.click();
  await expect(ada.header.settings).toBeVisible();
  await ada.page.keyboard.press('Escape');
  await expect(ada.header.settings).toBeHidden();
  await expect(ada.header.settingsButton).toBeFocused();
  await expect(panel.root).toBeVisible();
  await ada.page.keyboard.press('Escape');
  await expect(panel.root).toHaveCount(0);
});
