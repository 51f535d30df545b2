import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, PASSWORD, test, type Person } from '../fixtures.js';
import { AccountPage } from '../pages/account_page.js';
import { hydrated } from '../pages/hydrated.js';
import { LoginPage } from '../pages/login_page.js';
import type { Account, Api } from '../support/api.js';

const OTHER_PASSWORD = 'battery staple';

/** Somebody new: what these tests do to an account, no other test may find. */
function newcomer(api: Api): Promise<Account> {
  const name = `n${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
  return api.signUp(name, `Newcomer ${name}`, PASSWORD);
}

async function account(person: Person): Promise<AccountPage> {
  await person.goto('/account');
  return new AccountPage(person.page);
}

test('the settings lead to the account, and the account back', async ({ ada, stack }) => {
  await ada.goto('/');
  await ada.header.settingsButton.click();
  await ada.header.settings.getByRole('link', { name: 'Your account' }).click();
  await expect(ada.page).toHaveURL(`${stack.origin}/account`);
  await hydrated(ada.page);
  await expect(ada.page.getByRole('heading', { level: 1 })).toHaveText('Your account');
  await ada.page.getByRole('link', { name: 'Back to your matches' }).click();
  await expect(ada.matches.list).toBeVisible();
});

test('a device that is ended goes to the log-in', async ({ join, stack }) => {
  const somebody = await newcomer(stack.api);
  const here = await join(somebody);
  const there = await join(somebody);
  await there.goto('/messages');
  await there.expectLive();

  const page = await account(here);
  // The account was made over HTTP, and that is a log-in as well.
  await expect(page.devices).toHaveCount(3);
  await expect(page.devices.filter({ hasText: 'This device' }).getByRole('button')).toHaveCount(0);
  for (const left of [2, 1]) {
    await page.devices.getByRole('button', { name: /^End/ }).first().click();
    await expect(page.done).toContainText('logged out');
    await expect(page.devices).toHaveCount(left);
  }
  await expect(there.page).toHaveURL(/\/login/);
});

test('another password is asked for from now on', async ({ join, visit, stack }) => {
  const somebody = await newcomer(stack.api);
  const person = await join(somebody);
  const page = await account(person);
  await page.currentPassword.fill('not my password');
  await page.newPassword.fill(OTHER_PASSWORD);
  await page.changePassword.click();
  await expect(page.alert).toContainText('wrong');
  expect(await page.currentPassword.getAttribute('aria-describedby')).toBe(await page.alert.getAttribute('id'));

  await page.currentPassword.fill(PASSWORD);
  await page.newPassword.fill(OTHER_PASSWORD);
  await page.changePassword.click();
  await expect(page.done).toContainText('changed');
  await person.goto('/');
  await expect(person.matches.list).toBeVisible();

  const elsewhere = await visit('elsewhere');
  await elsewhere.goto('/login');
  await hydrated(elsewhere);
  const form = new LoginPage(elsewhere);
  await form.logIn(somebody.user.username, PASSWORD);
  await expect(form.alert).toContainText(/\S/);
  await hydrated(elsewhere);
  await form.logIn(somebody.user.username, OTHER_PASSWORD);
  await expect(elsewhere).toHaveURL(`${stack.origin}/`);
});

test('one’s data comes as one file', async ({ ada, grace, stack }) => {
  await stack.api.send(ada.account, grace.account, 'to be exported');
  const page = await account(ada);
  const download = ada.page.waitForEvent('download');
  await page.download.click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('mosaic.json');
  const data = JSON.parse(await readFile(await file.path(), 'utf8')) as {
    people: { id: string; messages: { content: string }[] }[];
  };
  const messages = data.people.find((person) => person.id === grace.id)?.messages.map((message) => message.content);
  expect(messages).toContain('to be exported');
});

test('who deletes their account is gone for those they talked to', async ({ ada, join, visit, stack, complaints }) => {
  // Asking for somebody who left is answered by 404.
  complaints.allow(/Failed to load resource/);
  const leaver = await join(await newcomer(stack.api));
  await stack.api.send(leaver.account, ada.account, 'farewell');
  const panel = await ada.chat(leaver);
  await expect(panel.bubble('farewell')).toBeVisible();
  await ada.expectLive();
  const inbox = await ada.tab('/messages');
  await inbox.expectLive();
  await expect(inbox.inbox.item(leaver.name)).toHaveCount(1);

  const page = await account(leaver);
  await page.password.fill('not my password');
  await page.confirmed.check();
  await page.remove.click();
  await expect(page.alert).toContainText('wrong');
  await page.password.fill(PASSWORD);
  await page.confirmed.check();
  await page.remove.click();
  await expect(leaver.page).toHaveURL(/\/login/);
  await hydrated(leaver.page);

  await expect(panel.root.getByRole('status').filter({ hasText: 'This account no longer exists.' })).toBeVisible();
  await expect(panel.composer).toHaveCount(0);
  await expect(panel.bubble('farewell')).toBeVisible();
  await expect(inbox.inbox.item(leaver.name)).toHaveCount(0);
  await ada.page.reload();
  await hydrated(ada.page);
  await expect(ada.page.getByText('No such person')).toBeVisible();

  const again = await visit('again');
  await again.goto('/login');
  await hydrated(again);
  const form = new LoginPage(again);
  await form.logIn(leaver.account.user.username, PASSWORD);
  await expect(form.alert).toContainText(/\S/);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`A1 axe finds nothing on the account page: ${colorScheme}`, async ({ join, stack }) => {
    const ada = await join(await stack.account('ada'), { colorScheme });
    for (const path of ['/account', '/account?form=password', '/account?form=password&error=wrong_password', '/account?form=delete&error=invalid']) {
      await ada.goto(path);
      const { violations } = await new AxeBuilder({ page: ada.page }).analyze();
      expect(violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.html.slice(0, 160)) })), path).toEqual([]);
    }
  });
}
