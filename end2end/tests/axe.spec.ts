import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, NETWORK, test } from '../fixtures.js';
import { hydrated } from '../pages/hydrated.js';
import { PHONE } from '../support/devices.js';

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
  test(`A1 axe finds nothing: pages and menus, ${look}`, async ({ stack, visit, join }) => {
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
    await stack.api.send(await stack.account('grace'), ada.account, 'hello');
    await expect(ada.inbox.items).toHaveCount(1);
    await expectAccessible(ada.page, 'inbox');
  });

  for (const [device, size] of Object.entries({ desktop: {}, phone: PHONE })) {
    test(`A1 axe finds nothing: the chat closed, open, empty, in error and offline, ${look}, ${device}`, async ({
      stack,
      join,
      complaints,
    }) => {
      complaints.allow(NETWORK);
      const [grace, alan] = [await stack.account('grace'), await stack.account('alan')];
      const ada = await join(await stack.account('ada'), { ...size, ...media, reducedMotion: 'reduce' });
      await ada.goto(`/?profile=${grace.user.id}`);
      await expectAccessible(ada.page, 'closed');

      const panel = await ada.chat(grace);
      await expect(panel.suggestions).toBeVisible();
      await expectAccessible(ada.page, 'empty');

      await panel.write('hello');
      await panel.sendButton.click();
      await panel.expectState('hello', 'Sent');
      await stack.api.send(grace, ada.account, 'hello, see https://example.org');
      await expect(panel.bubble('hello, see')).toBeVisible();
      await expectAccessible(ada.page, 'open');

      await ada.context.setOffline(true);
      await expect(panel.status('Offline')).toBeVisible();
      await panel.write('into the dark');
      await panel.sendButton.click();
      await expect(panel.bubble('into the dark')).toBeVisible();
      await expectAccessible(ada.page, 'offline');
      await ada.context.setOffline(false);
      await panel.expectState('into the dark', 'Sent');

      await ada.page.route('**/messages/history/**', (route) => route.fulfill({ status: 500, json: {} }));
      await ada.goto(`/?profile=${alan.user.id}&chat=open`);
      await expect(ada.panel(alan).root.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible();
      await expectAccessible(ada.page, 'error');
    });
  }
}
