import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, NETWORK, test } from '../fixtures.js';
import { hydrated } from '../pages/hydrated.js';

async function expectAccessible(page: Page, state: string): Promise<void> {
  await test.step(state, async () => {
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => node.html.slice(0, 160)) }));
    expect(found, state).toEqual([]);
  });
}

const looks = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'forced colours': { forcedColors: 'active' },
} as const;

for (const [look, media] of Object.entries(looks)) {
  test(`A1 axe finds nothing: ${look}`, async ({ stack, visit, join, complaints }) => {
    complaints.allow(NETWORK);
    const grace = await stack.account('grace');
    const options = { ...media, reducedMotion: 'reduce' as const };

    const stranger = await visit('stranger', options);
    for (const path of ['/login', '/signup', '/login?error=invalid_credentials&username=ada']) {
      await stranger.goto(path);
      await hydrated(stranger);
      await expectAccessible(stranger, path);
    }

    const ada = await join(await stack.account('ada'), options);
    await ada.goto('/');
    await expectAccessible(ada.page, 'matches');
    await ada.header.settingsButton.click();
    await expect(ada.header.settings).toBeVisible();
    await expectAccessible(ada.page, 'settings');
    await ada.page.keyboard.press('Escape');
    await ada.goto('/messages');
    await expectAccessible(ada.page, 'empty inbox');
    await ada.goto(`/?profile=${grace.user.id}`);
    await expectAccessible(ada.page, 'card, panel closed');
    const panel = await ada.chat(grace);
    await expectAccessible(ada.page, 'panel open, empty');
    await panel.send('hello');
    await panel.expectState('hello', 'Sent');
    await stack.api.send(grace, ada.account, 'hello, see https://example.org');
    await expect(panel.bubble('hello, see')).toBeVisible();
    await expectAccessible(ada.page, 'panel open, with messages');
    await ada.context.setOffline(true);
    await expect(panel.status('Offline')).toBeVisible();
    await panel.send('into the dark');
    await expectAccessible(ada.page, 'panel open, offline');
    await ada.context.setOffline(false);
    await panel.expectState('into the dark', 'Sent');
    await ada.goto('/messages');
    await expect(ada.inbox.items).toHaveCount(1);
    await expectAccessible(ada.page, 'inbox');
  });
}

test('A1 axe finds nothing: the sheet on a phone', async ({ ada, grace }) => {
  await ada.page.setViewportSize({ width: 390, height: 844 });
  await ada.chat(grace);
  await expectAccessible(ada.page, 'sheet');
});
