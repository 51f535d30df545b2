import type { Locator, Page } from '@playwright/test';
import { expect, PASSWORD, test } from '../fixtures.js';
import { ChatPanel } from '../pages/chat_panel.js';
import { hydrated } from '../pages/hydrated.js';
import { LoginPage } from '../pages/login_page.js';
import { MatchesPage } from '../pages/matches_page.js';

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, element: Locator): Promise<void> {
  await expect(element).toBeVisible();
  for (let presses = 0; presses < 80; presses++) {
    if (await element.evaluate((node) => node === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(element, 'reached by the Tab key').toBeFocused();
}

test('A3 from the log-in to a closed conversation by the keyboard alone', async ({ stack, visit }) => {
  const { username } = (await stack.account('ada')).user;
  const grace = (await stack.account('grace')).user;
  const page = await visit('ada');
  await page.goto('/login');
  await hydrated(page);
  const form = new LoginPage(page);
  await tabTo(page, form.username);
  await page.keyboard.type(username);
  await tabTo(page, form.password);
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${stack.origin}/`);
  await hydrated(page);

  const matches = new MatchesPage(page);
  await tabTo(page, matches.search);
  await page.keyboard.type(grace.display_name);
  await expect(matches.items).toHaveCount(1);
  await tabTo(page, matches.entry(grace.display_name));
  await page.keyboard.press('Enter');
  await tabTo(page, matches.message(grace.display_name));
  await page.keyboard.press('Enter');
  const panel = new ChatPanel(page, grace.display_name);
  await expect(panel.composer).toBeFocused();
  await page.keyboard.type('without a mouse');
  await page.keyboard.press('Enter');
  await panel.expectState('without a mouse', 'Sent', 'Delivered', 'Read');
  await tabTo(page, panel.closeButton);
  await page.keyboard.press('Enter');
  await expect(panel.root).toHaveCount(0);
  await expect(matches.message(grace.display_name)).toBeFocused();
});

test('A4 targets are at least 24 px in both directions', async ({ ada, grace }) => {
  const panel = await ada.chat(grace);
  await panel.send('for its bubble');
  const small = await ada.page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, input, textarea, a[href]')]
      .filter((element) => element.checkVisibility() && !element.closest('[data-direction]'))
      .map((element) => ({ box: element.getBoundingClientRect(), html: element.outerHTML.slice(0, 100) }))
      // A skip link is one pixel wide until it has the focus.
      .filter(({ box }) => box.width > 1 && (box.width < 24 || box.height < 24))
      .map(({ box, html }) => `${box.width}x${box.height} ${html}`),
  );
  expect(small).toEqual([]);
});

test('A7 each row says who, what, when and how far', async ({ ada, grace, stack }) => {
  const panel = await ada.chat(grace);
  await panel.send('from me');
  await panel.expectState('from me', 'Sent', 'Delivered', 'Read');
  await stack.api.send(grace.account, ada.account, 'from her');
  await expect(panel.bubble('from her')).toContainText(grace.name);
  await expect(panel.bubble('from me')).toContainText('You');
  await panel.expectState('from me', 'Sent', 'Delivered', 'Read');
  for (const text of ['from me', 'from her']) {
    await expect(panel.bubble(text).locator('time[datetime]')).toHaveCount(1);
  }
});

test('A2 the log is polite, and busy while messages of the past come in', async ({ ada, grace, stack }) => {
  for (let number = 1; number <= 120; number++) await stack.api.send(ada.account, grace.account, `line ${number} of 120`);
  let release = () => {};
  let held = new Promise<void>((resolve) => (release = resolve));
  await ada.page.route('**/messages/history/**', async (route) => {
    await held;
    await route.continue();
  });
  await ada.goto(`/?profile=${grace.id}&chat=open`);
  const panel = ada.panel(grace);
  await expect(panel.log).toHaveAttribute('aria-live', 'polite');
  await expect(panel.log, 'the first page is not news').toHaveAttribute('aria-busy', 'true');
  release();
  await expect(panel.bubble('line 120 of 120')).toBeVisible();
  await expect(panel.log).not.toHaveAttribute('aria-busy');

  held = new Promise<void>((resolve) => (release = resolve));
  await panel.scrollToTop();
  await expect(panel.log, 'nor is an earlier one').toHaveAttribute('aria-busy', 'true');
  release();
  await expect(panel.log).not.toHaveAttribute('aria-busy');
  await expect(panel.dayChip, 'what repeats other words is not read').toHaveAttribute('aria-hidden', 'true');
});

test('A2 what comes in is said at most once a second, and not read out row by row', async ({ ada, grace, stack }) => {
  await stack.api.send(grace.account, ada.account, 'from before');
  await ada.page.clock.install();
  const panel = await ada.chat(grace);
  await expect(panel.bubble('from before')).toBeVisible();
  await ada.expectLive();
  await expect(panel.announcer).toHaveAttribute('aria-live', 'polite');
  const said = await panel.watchAnnouncements();
  await ada.page.clock.pauseAt(await ada.page.evaluate(() => Date.now() + 1_000));

  const arrive = async (...texts: string[]) => {
    for (const text of texts) await stack.api.send(grace.account, ada.account, text);
    await expect(async () => {
      await ada.page.clock.runFor(20);
      await expect(panel.bubble(texts.at(-1)!)).toBeVisible({ timeout: 100 });
    }).toPass();
  };
  await arrive('one');
  expect(await said()).toEqual([`New message from ${grace.name}`]);
  await arrive('two', 'three', 'four');
  expect(await said(), 'the second is not over').toHaveLength(1);
  await ada.page.clock.runFor(1_000);
  expect(await said()).toEqual([`New message from ${grace.name}`, '3 new messages.']);
  await ada.page.clock.runFor(1_000);
  await expect(panel.announcer).toHaveText('');
  for (const bubble of await panel.bubbles.all()) await expect(bubble).toHaveAttribute('aria-live', 'off');
});

test('A5 what has the focus is not covered', async ({ ada, grace, stack }) => {
  for (let number = 1; number <= 30; number++) {
    await stack.api.send(grace.account, ada.account, `see https://example.org/${number}/of/30`);
  }
  const panel = await ada.chat(grace);
  await expect(panel.bubble('example.org/30/of/30')).toBeVisible();
  const links = panel.log.getByRole('link');
  for (const link of (await links.all()).slice(-12)) {
    await link.focus();
    const covered = await link.evaluate((element) => {
      const box = element.getClientRects()[0];
      if (!box) return 'no box';
      const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return element.contains(top) ? '' : (top?.outerHTML.slice(0, 100) ?? 'outside');
    });
    expect(covered).toBe('');
  }
});

test('A3 the focus comes back to Message from wherever it was, but not out of a field', async ({ ada, grace }) => {
  await ada.goto(`/?profile=${grace.id}`);
  await ada.matches.message(grace.name).click();
  const panel = ada.panel(grace);
  await expect(panel.composer).toBeFocused();
  await ada.header.messages.focus();
  await ada.page.goBack();
  await expect(panel.root).toHaveCount(0);
  await expect(ada.matches.message(grace.name)).toBeFocused();

  await ada.matches.message(grace.name).click();
  await expect(panel.composer).toBeFocused();
  await ada.matches.search.focus();
  await ada.page.goBack();
  await expect(panel.root).toHaveCount(0);
  await expect(ada.matches.search).toBeFocused();
});
