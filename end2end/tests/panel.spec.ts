import { expect, test } from '../fixtures.js';
import { settledBox, expectNoSidewaysScroll } from '../pages/layout.js';
import { intercept } from '../support/wire.js';

test('P1 the panel is 320 px wide, left of the card, which does not move', async ({ ada, stack }) => {
  const grace = (await stack.account('grace')).user;
  await ada.goto(`/?profile=${grace.id}`);
  const card = ada.matches.card(grace.display_name);
  const before = await settledBox(card);

  await ada.matches.message(grace.display_name).click();
  const panel = ada.panel({ name: grace.display_name });
  await expect(panel.root).toHaveRole('region');
  const box = await settledBox(panel.root);
  expect(box.width).toBe(320);
  expect(box.x + box.width).toBeLessThanOrEqual(before.x - 8);
  expect(await settledBox(card)).toEqual(before);
  await expectNoSidewaysScroll(ada.page);
});

test('P2 the panel is there before the history is', async ({ ada, grace }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await ada.page.route('**/messages/history/**', async (route) => {
    await held;
    await route.continue();
  });
  await ada.goto(`/?profile=${grace.id}`);
  await ada.matches.message(grace.name).click();
  const panel = ada.panel(grace);
  await expect(panel.composer).toBeFocused();
  await expect(panel.root.locator('[aria-busy="true"]')).not.toHaveCount(0);
  release();
  await panel.expectReady();
  await expect(panel.suggestions.getByRole('button')).toHaveCount(3);
});

test('the history of whom one looks at is there before the panel is', async ({ ada, grace, stack }) => {
  // What is unread would be fetched by itself.
  await stack.api.send(ada.account, grace.account, 'before');
  const answered = ada.page.waitForResponse(new RegExp(`/messages/history/${grace.id}`));
  await ada.goto(`/?profile=${grace.id}`);
  await answered;
  await expect(ada.panel(grace).root).toHaveCount(0);
  await ada.page.route('**/messages/history/**', (route) => route.abort());
  await ada.matches.message(grace.name).click();
  await expect(ada.panel(grace).bubbles).toHaveText([/before/]);
});

test('P3 Escape, the close button and a second click close it, and focus is back on the button', async ({ ada, grace }) => {
  await ada.goto(`/?profile=${grace.id}`);
  const panel = ada.panel(grace);
  const button = ada.matches.message(grace.name);
  const ways: Record<string, () => Promise<void>> = {
    Escape: () => ada.page.keyboard.press('Escape'),
    'close button': () => panel.closeButton.click(),
    'second click': () => button.click(),
  };
  for (const [way, close] of Object.entries(ways)) {
    await test.step(way, async () => {
      await expect(button).toHaveAttribute('aria-expanded', 'false');
      await button.click();
      await expect(button).toHaveAttribute('aria-expanded', 'true');
      await expect(panel.composer).toBeFocused();
      await close();
      await expect(panel.root).toHaveCount(0);
      await expect(button).toBeFocused();
      await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.id}$`));
    });
  }
});

test('P4 another match swaps the conversation, and both drafts are kept', async ({ ada, stack }) => {
  const grace = (await stack.account('grace')).user;
  const alan = (await stack.account('alan')).user;
  const withGrace = await ada.chat({ id: grace.id, name: grace.display_name });
  await withGrace.write('to Grace, unfinished');

  await ada.matches.choose(alan.display_name);
  const withAlan = ada.panel({ name: alan.display_name });
  await withAlan.expectReady();
  await expect(withGrace.root).toHaveCount(0);
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${alan.id}&chat=open$`));
  await expect(withAlan.composer).toHaveValue('');
  await withAlan.write('to Alan, unfinished');

  await ada.matches.choose(grace.display_name);
  await expect(withGrace.composer).toHaveValue('to Grace, unfinished');
  await ada.matches.choose(alan.display_name);
  await expect(withAlan.composer).toHaveValue('to Alan, unfinished');
});

// A page that is zoomed to 200 % has half the window to lie in.
for (const [where, width, height] of [
  ['at 320 px', 320, 700],
  ['at 200 %', 640, 400],
] as const) {
  test(`P6 nothing sticks out ${where}`, async ({ ada, grace }) => {
    await ada.page.setViewportSize({ width, height });
    for (const path of ['/', '/messages', `/?profile=${grace.id}`, `/?profile=${grace.id}&chat=open`]) {
      await ada.goto(path);
      await expectNoSidewaysScroll(ada.page);
    }
  });
}

test('P7 nothing slides for who wants less motion', async ({ ada, grace }) => {
  await ada.page.emulateMedia({ reducedMotion: 'reduce' });
  await ada.goto(`/?profile=${grace.id}`);
  await ada.matches.message(grace.name).click();
  const root = ada.panel(grace).root;
  await expect(root).toBeVisible();
  const moving = await root.evaluate((element) =>
    element.getAnimations().map((animation) => Number(animation.effect?.getComputedTiming().duration ?? 0)),
  );
  expect(moving.filter((duration) => duration > 10)).toEqual([]);
});

test('L10 a history that cannot be had is said, with a way on', async ({ ada, grace, stack, complaints }) => {
  complaints.allow(/Failed to load resource/);
  await stack.api.send(grace.account, ada.account, 'Before the trouble');
  let broken = true;
  await ada.page.route('**/messages/history/**', async (route) => {
    if (broken) await route.fulfill({ status: 500, json: { error: { code: 'internal', message: 'Something went wrong' } } });
    else await route.continue();
  });
  await ada.goto(`/?profile=${grace.id}`);
  // A welcome tries again what failed before it, and would take the button away before the click.
  await ada.expectLive();
  await ada.matches.message(grace.name).click();
  const panel = ada.panel(grace);
  await expect(panel.root.getByRole('alert')).not.toBeEmpty();
  broken = false;
  await panel.root.getByRole('button', { name: 'Retry' }).click();
  await expect(panel.bubble('Before the trouble')).toBeVisible();
  await expect(panel.root.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(0);
});

test('L10 an empty conversation offers openers that fill and do not send', async ({ ada, grace }) => {
  let sends = 0;
  await intercept(ada.page, () => {
    sends += 1;
    return 'pass';
  });
  const panel = await ada.chat(grace);
  const openers = panel.suggestions.getByRole('button');
  await expect(openers).toHaveCount(3);
  await openers.first().click();
  await expect(panel.composer).not.toHaveValue('');
  await expect(panel.composer).toBeFocused();
  await expect(panel.bubbles).toHaveCount(0);
  expect(sends).toBe(0);
  await panel.composer.press('Enter');
  await expect(panel.bubbles).toHaveCount(1);
  await expect(panel.suggestions).toHaveCount(0);
});
