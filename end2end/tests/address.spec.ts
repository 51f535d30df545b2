import { expect, test } from '../fixtures.js';

test('refresh and reopening show the history', async ({ ada, grace, stack }) => {
  for (const text of ['one of three', 'two of three', 'three of three']) {
    await stack.api.send(grace.account, ada.account, text);
  }
  const panel = await ada.chat(grace);
  const texts = ['one of three', 'two of three', 'three of three'];
  await panel.expectMessages(texts);

  await ada.page.reload();
  await panel.expectReady();
  await panel.expectMessages(texts);

  await panel.closeButton.click();
  await expect(panel.root).toHaveCount(0);
  await ada.matches.message(grace.name).click();
  await panel.expectReady();
  await panel.expectMessages(texts);
  await panel.expectDense(3);
});

test('an address opens the card, or the card with the panel', async ({ ada, grace }) => {
  await ada.goto(`/?profile=${grace.id}`);
  await expect(ada.matches.card(grace.name)).toBeVisible();
  await expect(ada.panel(grace).root).toHaveCount(0);

  await ada.goto(`/?profile=${grace.id}&chat=open`);
  await expect(ada.matches.card(grace.name)).toHaveCount(1);
  await expect(ada.panel(grace).root).toHaveCount(1);

  await ada.panel(grace).closeButton.click();
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.id}$`));
  await expect(ada.matches.card(grace.name)).toBeVisible();
});

test('Back closes the panel, then the card, and Forward opens them again', async ({ ada, grace }) => {
  await ada.goto('/');
  await ada.matches.choose(grace.name);
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.id}$`));
  await ada.matches.message(grace.name).click();
  const panel = ada.panel(grace);
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.id}&chat=open$`));

  await ada.page.goBack();
  await expect(panel.root).toHaveCount(0);
  await expect(ada.matches.card(grace.name)).toBeVisible();
  await ada.page.goForward();
  await expect(panel.root).toBeVisible();
  await ada.page.goBack();
  await ada.page.goBack();
  await expect(ada.matches.card(grace.name)).toHaveCount(0);
  await expect(ada.page).toHaveURL(/\/$/);
});

test('search filters while typing and leaves card and panel alone', async ({ ada, grace, stack }) => {
  const alan = (await stack.account('alan')).user;
  const panel = await ada.chat(grace);
  await ada.matches.search.pressSequentially(alan.display_name.slice(2));
  await expect(ada.matches.entry(alan.display_name)).toBeVisible({ timeout: 1_500 });
  await expect(ada.matches.item(grace.name)).toHaveCount(0);
  await expect(ada.matches.card(grace.name)).toBeVisible();
  await expect(panel.composer).toBeVisible();

  await ada.matches.search.fill('nobody is called like this');
  await expect(ada.page.getByRole('status').filter({ hasText: /nobody/i })).toBeVisible();
  await expect(ada.matches.items).toHaveCount(0);
});

test('an unknown person in the address is said', async ({ ada }) => {
  for (const id of ['00000000-0000-7000-8000-000000000000', 'not-an-id']) {
    await ada.goto(`/?profile=${id}&chat=open`);
    await expect(ada.page.getByText(/not found|no such|cannot be found|does not exist|unknown|isn.t here/i).first()).toBeVisible();
  }
});

test('an unknown path is a page of its own, with status 404', async ({ ada, complaints }) => {
  complaints.allow(/Failed to load resource: the server responded with a status of 404 .*\/no\/such\/page/);
  const response = await ada.page.goto('/no/such/page');
  expect(response?.status()).toBe(404);
  await ada.page.locator('html[data-hydrated="true"]').waitFor({ state: 'attached' });
  await expect(ada.page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('the inbox needs a log-in and comes back to after it', async ({ visit, stack }) => {
  const page = await visit('nobody');
  await page.goto('/messages');
  await expect(page).toHaveURL(
    (url) => url.origin === stack.origin && url.pathname === '/login' && url.searchParams.get('next') === '/messages',
  );
});

test('after Back and Forward each choice still makes a place to come back to', async ({ ada, grace, stack }) => {
  await ada.goto('/');
  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'over here');
  await ada.header.toast(grace.name).getByRole('button', { name: 'Open', exact: true }).click();
  const panel = ada.panel(grace);
  await panel.closeButton.click();
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.id}$`));
  await ada.page.goBack();
  await expect(ada.page).toHaveURL(`${stack.origin}/`);
  await ada.matches.choose(grace.name);
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.id}$`));
  await ada.page.goBack();
  await expect(ada.matches.card(grace.name)).toHaveCount(0);
});

test('closing works every time, however fast', async ({ ada, grace }) => {
  await ada.goto(`/?profile=${grace.id}`);
  const panel = ada.panel(grace);
  for (let round = 0; round < 4; round++) {
    await ada.matches.message(grace.name).click();
    await expect(panel.composer).toBeVisible();
    await ada.page.keyboard.press('Escape');
    await expect(panel.root).toHaveCount(0);
  }
});

test('the chat with somebody never opens for another person while they are loaded', async ({ ada, grace, stack }) => {
  const alan = await stack.account('alan');
  await stack.api.send(alan, ada.account, 'unread, and to stay so');
  await ada.goto(`/?profile=${alan.user.id}`);
  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'open me');
  const toast = ada.header.toast(grace.name);
  await expect(toast).toBeVisible();

  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const asked = ada.page.waitForRequest(/get_profile/);
  await ada.page.route(/get_profile/, async (route) => {
    await released;
    await route.continue();
  });
  await toast.getByRole('button', { name: 'Open', exact: true }).click();
  await asked;
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.id}&chat=open$`));
  await expect(ada.panel(alan).root).toHaveCount(0);
  release();
  await ada.panel(grace).expectMessages(['open me']);
  await ada.matches.expectUnread(alan.user.display_name, 1);
});
