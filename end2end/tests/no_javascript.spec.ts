import { expect, PASSWORD, test } from '../fixtures.js';
import { expectNoSidewaysScroll } from '../pages/layout.js';
import { LoginPage } from '../pages/login_page.js';
import { MatchesPage } from '../pages/matches_page.js';

// Pages that can work without the WASM part do.
const plain = { javaScriptEnabled: false };

test('without JavaScript one can log in and read the matches', async ({ visit, stack, complaints }) => {
  complaints.allow(/preloaded using link preload but not used/);
  const grace = (await stack.account('grace')).user;
  const { username } = (await stack.account('ada')).user;
  const page = await visit('ada', plain);
  await page.goto('/');
  await expect(page).toHaveURL(`${stack.origin}/login`);
  const form = new LoginPage(page);
  await form.logIn(username, 'not her password');
  await expect(form.alert).toContainText(/\S/);
  await expect(form.username).toHaveValue(username);

  await form.logIn(username, PASSWORD);
  await expect(page).toHaveURL(`${stack.origin}/`);
  const matches = new MatchesPage(page);
  await expect(matches.entry(grace.display_name)).toBeVisible();
  await expect(matches.item(grace.display_name)).toContainText(/\d+% match/);
});

test('without JavaScript one can sign up and log out', async ({ visit, stack }) => {
  const page = await visit('new', plain);
  await page.goto('/signup');
  const username = `plain${Date.now().toString(36)}`;
  await new LoginPage(page).signUp('Plain Person', username, PASSWORD);
  await expect(page).toHaveURL(`${stack.origin}/`);
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page).toHaveURL(/\/login/);
});

test('without JavaScript the matches can be searched', async ({ join, stack }) => {
  const grace = (await stack.account('grace')).user;
  const ada = await join(await stack.account('ada'), plain);
  await ada.page.goto('/');
  const others = await ada.matches.items.count();
  await ada.matches.search.fill(grace.display_name);
  await ada.matches.search.press('Enter');
  await expect(ada.matches.item(grace.display_name)).toHaveCount(1);
  expect(await ada.matches.items.count()).toBeLessThan(others);
  await expect(ada.matches.search).toHaveValue(grace.display_name);
});

test('without JavaScript a conversation can be opened, read, answered and closed', async ({ join, stack }) => {
  const grace = await stack.account('grace');
  const ada = await join(await stack.account('ada'), plain);
  for (let number = 1; number <= 20; number++) await stack.api.send(grace, ada.account, `line ${number} of 20`);
  await ada.page.goto('/');
  await ada.matches.entry(grace.user.display_name).click();
  await ada.matches.message(grace.user.display_name).click();
  await expect(ada.page).toHaveURL(`${stack.origin}/?profile=${grace.user.id}&chat=open`);

  const panel = ada.panel(grace);
  await expect(panel.bubbles).toHaveCount(20);
  await expect(panel.bubble('line 20 of 20')).toBeInViewport();
  await expect(panel.bubble('line 20 of 20')).toContainText(grace.user.display_name);
  await expect(panel.composer).toHaveCount(1);
  await expectNoSidewaysScroll(ada.page);

  await panel.write('an answer,\nin two lines');
  await panel.sendButton.click();
  await expect(panel.bubbles).toHaveCount(21);
  await panel.expectState('an answer', 'Sent');
  await expect(panel.bubble('an answer')).toBeInViewport();
  await expect(panel.composer).toHaveValue('');
  expect((await stack.api.history(ada.account, grace)).at(-1)?.content).toBe('an answer,\nin two lines');
  expect(await stack.api.readSeq(ada.account, grace)).toBe(20);
  await stack.api.send(grace, ada.account, 'and another');
  await ada.page.reload();
  await expect(panel.bubble('and another')).toBeVisible();

  await panel.closeButton.click();
  await expect(ada.page).toHaveURL(`${stack.origin}/?profile=${grace.user.id}`);
  await expect(panel.root).toHaveCount(0);
});

test('without JavaScript a message that is refused comes back with its text', async ({ join, stack, complaints }) => {
  complaints.allow(/status of 422/);
  const ada = await join(await stack.account('ada'), plain);
  const grace = await stack.account('grace');
  await ada.page.goto(`/?profile=${grace.user.id}&chat=open`);
  const panel = ada.panel(grace);
  await panel.write('x'.repeat(4_001));
  await panel.sendButton.click();
  await expect(panel.root.getByRole('alert')).toContainText('4000');
  await expect(panel.composer).toHaveValue('x'.repeat(4_001));
  await expect(panel.composer).toHaveAccessibleDescription(/4000/);
  await panel.write('shorter');
  await panel.sendButton.click();
  await panel.expectMessages(['shorter']);
  await expect(panel.root.getByRole('alert')).toHaveCount(0);
});
