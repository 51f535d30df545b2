import { expect, PASSWORD, test } from '../fixtures.js';
import { hydrated } from '../pages/hydrated.js';
import { LoginPage } from '../pages/login_page.js';

const unique = () => `p${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;

/** What a browser keeps of a user, in every place a page can keep something. */
function kept(): Promise<string[]> {
  return indexedDB
    .databases()
    .then((databases) => [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...databases.map((db) => db.name ?? '')]);
}

test('A8 sign-up lands on the matches, logged in', async ({ visit, stack }) => {
  const page = await visit('new');
  await page.goto('/signup');
  await hydrated(page);
  const form = new LoginPage(page);
  await expect(page.getByRole('textbox')).toHaveCount(3);
  await form.signUp('Mary Somerville', unique(), PASSWORD);
  await expect(page).toHaveURL(`${stack.origin}/`);
  await hydrated(page);
  await expect(page.getByRole('button', { name: 'Log out' })).toBeVisible();
  await expect(page.getByRole('list', { name: 'Matches' })).toBeVisible();
});

test('A8 a taken name is said, and what was written stays', async ({ visit, stack }) => {
  const taken = (await stack.account('ada')).user.username;
  const page = await visit('new');
  await page.goto('/signup');
  await hydrated(page);
  const form = new LoginPage(page);
  await form.signUp('Another Ada', taken, PASSWORD);
  await expect(form.alert).toContainText(/taken/i);
  await expect(form.username).toHaveValue(taken);
  await expect(form.displayName).toHaveValue('Another Ada');
});

test('A8 a failed log-in is said, tied to the fields, and the name stays', async ({ visit, stack }) => {
  const { username } = (await stack.account('ada')).user;
  const page = await visit('ada');
  await page.goto('/login');
  await hydrated(page);
  const form = new LoginPage(page);
  await expect(form.alert.filter({ hasText: /\S/ })).toHaveCount(0);
  await form.logIn(username, 'not her password');
  await expect(form.alert).toContainText(/\S/);
  await hydrated(page);
  await expect(form.username).toHaveValue(username);
  await expect(form.password).toHaveValue('');
  const described: string[] = [];
  for (const field of [form.username, form.password]) {
    described.push(...((await field.getAttribute('aria-describedby')) ?? '').split(' '));
  }
  expect(described).toContain(await form.alert.getAttribute('id'));

  await form.logIn(username, PASSWORD);
  await expect(page).toHaveURL(`${stack.origin}/`);
});

test('A8 the password can be shown, pasted and filled in by a manager', async ({ visit }) => {
  const page = await visit('ada');
  await page.goto('/login');
  await hydrated(page);
  const form = new LoginPage(page);
  await expect(form.username).toHaveAttribute('autocomplete', 'username');
  await expect(form.password).toHaveAttribute('autocomplete', 'current-password');
  await expect(form.password).toHaveAttribute('type', 'password');
  await form.password.fill('visible');
  await page.getByRole('button', { name: 'Show password' }).click();
  await expect(form.password).toHaveAttribute('type', 'text');
  await expect(form.password).toHaveValue('visible');
});

test('log-in goes on to the page that asked for it', async ({ visit, stack }) => {
  const { username } = (await stack.account('ada')).user;
  const page = await visit('ada');
  await page.goto('/messages');
  await hydrated(page);
  await new LoginPage(page).logIn(username, PASSWORD);
  await expect(page).toHaveURL(`${stack.origin}/messages`);

  await page.goto('/login');
  await expect(page, 'who is logged in has no business there').toHaveURL(`${stack.origin}/`);
});

test('log-in leads nowhere else', async ({ visit, stack }) => {
  const { username } = (await stack.account('ada')).user;
  const page = await visit('ada');
  await page.goto('/login?next=https%3A%2F%2Fexample.org%2F');
  await hydrated(page);
  await new LoginPage(page).logIn(username, PASSWORD);
  await expect(page).toHaveURL(`${stack.origin}/`);
});

test('log-out takes every tab to the log-in and leaves nothing in the browser', async ({ ada, grace, stack }) => {
  const panel = await ada.chat(grace);
  await panel.send('a message before going');
  await panel.expectState('a message before going', 'Sent', 'Delivered', 'Read');
  await panel.write('a draft that nobody may find');
  // Once it is connected the other tab asks for its list again; then it is at rest.
  const refreshed = ada.context.waitForEvent('response', (response) => response.url().includes('list_conversations'));
  const other = await ada.tab('/messages');
  await refreshed;

  const follows = other.page.waitForRequest(
    (request) => request.isNavigationRequest() && new URL(request.url()).pathname === '/login',
    { timeout: 2_000 },
  );
  await ada.header.logOut.click();
  await follows;
  await expect(other.page).toHaveURL(new RegExp(`^${stack.origin}/login`));
  await expect(ada.page).toHaveURL(new RegExp(`^${stack.origin}/login`));
  for (const page of [ada.page, other.page]) {
    await hydrated(page);
    expect(await page.evaluate(kept)).toEqual([]);
  }
  await ada.page.goto('/');
  await expect(ada.page).toHaveURL(/\/login/);
});

test('D8 a session that ended elsewhere leads to the log-in, and the draft is kept', async ({ ada, grace, stack }) => {
  const panel = await ada.chat(grace);
  await panel.write('half a thought');
  await ada.expectLive();
  await stack.api.logOut(ada.account);
  await expect(ada.page).toHaveURL(/\/login/);
  await hydrated(ada.page);

  await new LoginPage(ada.page).logIn(ada.account.user.username, PASSWORD);
  await expect(ada.page).not.toHaveURL(/\/login/);
  await hydrated(ada.page);
  const again = await ada.chat(grace);
  await expect(again.composer).toHaveValue('half a thought');
});

test('D8 what one person leaves behind, another does not see', async ({ ada, grace, stack }) => {
  const panel = await ada.chat(grace);
  await panel.write('for Grace only');
  await ada.expectLive();
  await stack.api.logOut(ada.account);
  await expect(ada.page).toHaveURL(/\/login/);
  await hydrated(ada.page);

  const alan = await stack.account('alan');
  await new LoginPage(ada.page).logIn(alan.user.username, PASSWORD);
  await expect(ada.page).not.toHaveURL(/\/login/);
  await hydrated(ada.page);
  await expect((await ada.chat(grace)).composer).toHaveValue('');
});

test('D8 what is sent while the log-in page is on its way is not lost', async ({ ada, grace, stack }) => {
  await ada.chat(grace);
  await ada.expectLive();
  // Playwright waits for the new page in all it does, so the page itself is told what to do until then.
  await ada.page.evaluate((label) => {
    const write = () => {
      const field = document.querySelector<HTMLTextAreaElement>(`textarea[aria-label="${label}"]`);
      if (!field) throw new Error('no composer');
      field.value = 'a last word';
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      navigator.sendBeacon('/written');
    };
    addEventListener('beforeunload', () => setTimeout(write));
  }, `Message ${grace.name}`);
  const written = ada.page.waitForRequest(/\/written/);
  await ada.page.route(/\/login/, async (route) => {
    await written;
    await route.continue();
  });
  await ada.page.route(/\/written/, (route) => route.fulfill({ status: 204 }));
  await stack.api.logOut(ada.account);
  await expect(ada.page).toHaveURL(/\/login/);
  await hydrated(ada.page);

  await new LoginPage(ada.page).logIn(ada.account.user.username, PASSWORD);
  await expect(ada.page).not.toHaveURL(/\/login/);
  await expect
    .poll(async () => (await stack.api.history(grace.account, ada.account)).map((message) => message.content))
    .toEqual(['a last word']);
});
