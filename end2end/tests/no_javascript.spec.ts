import { expect, PASSWORD, test } from '../fixtures.js';
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
