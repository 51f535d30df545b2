import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, PASSWORD, test } from '../fixtures.js';
import { hydrated } from '../pages/hydrated.js';
import { Conversation, WORDS } from '../pages/languages.js';
import { expectNoSidewaysScroll, settledBox } from '../pages/layout.js';
import { PHONE } from '../support/devices.js';

const GERMAN = { locale: 'de-DE' };
const HEBREW = { locale: 'he-IL' };

/** What is said of the page's controls, seen or not, wherever no person wrote it. */
async function labels(page: Page): Promise<string> {
  return page.evaluate(() => {
    const said = [document.title, document.querySelector('header')?.innerText ?? ''];
    for (const node of document.querySelectorAll('*')) {
      said.push(node.getAttribute('aria-label') ?? '', node.getAttribute('placeholder') ?? '');
      if (node.matches('button, legend, label, h1, [role="status"]')) said.push(node.textContent ?? '');
    }
    return said.join('\n');
  });
}

const ENGLISH = /\b(Messages|Message|Main|Log out|Settings|Search|Close|Send|More|Chat with|Online|Theme|Dark|Sound|Your|Suggestions|You)\b/;

test('a German browser reads German from the first paint to the message it sent', async ({ stack, visit }) => {
  const words = WORDS.german;
  const [ada, grace] = [await stack.account('ada'), await stack.account('grace')];
  const page = await visit('ada', GERMAN);
  const html = await (await page.goto('/login'))?.text();
  expect(html).toMatch(/<html lang="de" dir="ltr"/);
  expect(html).toContain('>Willkommen zurück<');
  await hydrated(page);

  await page.getByRole('textbox', { name: words.username }).fill(ada.user.username);
  await page.getByLabel(words.password, { exact: true }).fill('not this one');
  await page.getByRole('button', { name: words.logIn, exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText('Der Benutzername oder das Passwort ist falsch.');
  await page.getByLabel(words.password, { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: words.logIn, exact: true }).click();

  await expect(page.getByRole('heading', { name: 'Deine Matches' })).toBeVisible();
  await expect(page).toHaveTitle('Matches · Mosaic');
  await hydrated(page);
  const name = grace.user.display_name;
  await page.getByRole('list', { name: words.matches }).getByRole('link', { name }).click();
  await page.getByRole('article', { name }).getByRole('button', { name: words.message, exact: true }).click();
  const panel = new Conversation(page, words, name);
  await expect(panel.root.getByRole('list', { name: 'Vorschläge' }).getByRole('button')).toHaveCount(3);
  expect(await labels(page)).not.toMatch(ENGLISH);

  await panel.send('guten Tag');
  await expect(panel.states).toHaveText(words.sentOrLater);
  await expect(panel.log.getByText(words.today, { exact: true })).toBeVisible();
  await expect(panel.bubble('guten Tag').locator('time')).toHaveText(/^\d{2}:\d{2}$/);
  expect(await labels(page)).not.toMatch(ENGLISH);
});

test('pages without a session and without scripts are German as well', async ({ stack, visit, join, complaints }) => {
  complaints.allow(/422/);
  const stranger = await visit('stranger', GERMAN);
  await stranger.goto('/signup');
  await expect(stranger.getByRole('heading', { name: 'Erstelle dein Konto' })).toBeVisible();
  await hydrated(stranger);

  const grace = await stack.account('grace');
  const plain = await join(await stack.account('ada'), { ...GERMAN, javaScriptEnabled: false });
  await plain.page.goto(`/?profile=${grace.user.id}&chat=open`);
  const panel = new Conversation(plain.page, WORDS.german, grace.user.display_name);
  await panel.composer.fill('x'.repeat(4001));
  await panel.sendButton.click();
  await expect(plain.page.getByRole('alert')).toHaveText('Eine Nachricht darf höchstens 4000 Zeichen haben.');
  await panel.composer.fill('ohne Skripte');
  await panel.sendButton.click();
  await expect(panel.bubble('ohne Skripte')).toContainText(/Gesendet|Zugestellt/);

  await plain.page.goto('/account');
  await expect(plain.page).toHaveTitle('Dein Konto · Mosaic');
  await expect(plain.page.getByRole('list', { name: 'Geräte' }).getByRole('listitem').first()).toContainText(/Dieses Gerät · Angemeldet \d+\. [A-Z]/);
});

test('a page that does not exist says so in German', async ({ stack, join, complaints }) => {
  complaints.allow(/404/);
  const ada = await join(await stack.account('ada'), GERMAN);
  await ada.goto('/nowhere');
  await expect(ada.page.getByRole('heading', { name: 'Diese Seite gibt es nicht' })).toBeVisible();
});

test('who chooses a language has it at once and from then on, and loses nothing typed', async ({ stack, join }) => {
  const grace = await stack.account('grace');
  const ada = await join(await stack.account('ada'), { locale: 'en-US' });
  const root = ada.page.locator('html');
  const english = await ada.chat(grace);
  await english.write('at noon');
  await english.sendButton.click();
  const time = english.bubble('at noon').locator('time');
  await expect(time).toHaveText(/^\d{2}:\d{2}\s[AP]M$/);
  await english.write('half a sentence');

  await ada.header.settingsButton.click();
  const language = (name: string) => ada.page.getByRole('button', { name, exact: true });
  await expect(language('English')).toHaveAttribute('aria-pressed', 'true');
  await language('Deutsch').click();
  await expect(root).toHaveAttribute('lang', 'de');
  await hydrated(ada.page);
  const german = new Conversation(ada.page, WORDS.german, grace.user.display_name);
  await expect(german.composer).toHaveValue('half a sentence');
  await expect(german.bubble('at noon').locator('time')).toHaveText(/^\d{2}:\d{2}$/);

  // Once the page is connected it looks at the list again: asked while the log-in ends, the server would refuse it.
  const listed = ada.page.waitForResponse(/list_conversations/);
  await ada.goto('/messages');
  await expect(ada.page.getByRole('heading', { name: 'Nachrichten' })).toBeVisible();
  await listed;
  await ada.page.getByRole('button', { name: 'Abmelden' }).click();
  await expect(ada.page.getByRole('heading', { name: 'Willkommen zurück' })).toBeVisible();
  await expect(root).toHaveAttribute('lang', 'de');
});

test('in Hebrew the page is mirrored: the panel beside the card, and who sent what', async ({ stack, join }) => {
  const grace = await stack.account('grace');
  const name = grace.user.display_name;
  const ada = await join(await stack.account('ada'), HEBREW);
  await stack.api.send(grace, ada.account, 'from the other side');
  await ada.goto(`/?profile=${grace.user.id}&chat=open`);
  await expect(ada.page.locator('html')).toHaveAttribute('dir', 'rtl');
  await expect(ada.page.locator('html')).toHaveAttribute('lang', 'he');

  const panel = new Conversation(ada.page, WORDS.hebrew, name);
  await panel.send('from this side');
  await expect(panel.states).toHaveText(WORDS.hebrew.sentOrLater);
  const [list, card, chat] = [
    await settledBox(ada.page.getByRole('list', { name: WORDS.hebrew.matches })),
    await settledBox(ada.page.getByRole('article', { name })),
    await settledBox(panel.root),
  ];
  expect(card.x + card.width).toBeLessThanOrEqual(chat.x);
  expect(chat.x + chat.width).toBeLessThanOrEqual(list.x);

  const log = await settledBox(panel.log);
  const sent = await settledBox(panel.bubble('from this side').locator('p').first());
  const received = await settledBox(panel.bubble('from the other side').locator('p').first());
  const [sentFromEnd, receivedFromStart] = [sent.x - log.x, log.x + log.width - received.x - received.width];
  expect(sentFromEnd).toBeLessThan(40);
  expect(receivedFromStart).toBeLessThan(40);
  expect(sent.x + sent.width).toBeLessThan(received.x + received.width);
  await expectNoSidewaysScroll(ada.page);
});

for (const [language, options] of Object.entries({ german: GERMAN, hebrew: HEBREW }) as [keyof typeof WORDS, object][]) {
  test(`axe finds nothing, and nothing sticks out at 320 px: ${language}`, async ({ stack, visit, join }) => {
    const words = WORDS[language];
    const narrow = { ...PHONE, viewport: { width: 320, height: 700 }, reducedMotion: 'reduce' as const, ...options };
    const expectWell = async (page: Page, state: string) => {
      await expectNoSidewaysScroll(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.html.slice(0, 160)) })), state).toEqual([]);
    };
    const stranger = await visit('stranger', narrow);
    for (const path of ['/login?error=invalid_credentials&username=ada', '/signup']) {
      await stranger.goto(path);
      await hydrated(stranger);
      await expectWell(stranger, path);
    }
    const grace = await stack.account('grace');
    const ada = await join(await stack.account('ada'), narrow);
    await stack.api.send(grace, ada.account, 'hello');
    for (const path of ['/', '/messages', `/?profile=${grace.user.id}`]) {
      await ada.goto(path);
      await expectWell(ada.page, path);
    }
    await ada.goto('/');
    await ada.page.getByRole('button', { name: words.settings, exact: true }).click();
    await expectWell(ada.page, 'settings');
    await ada.goto(`/?profile=${grace.user.id}&chat=open`);
    const panel = new Conversation(ada.page, words, grace.user.display_name);
    await panel.send('hello as well');
    await expect(panel.states).toHaveText(words.sentOrLater);
    await expectWell(ada.page, 'panel');
    await ada.page.goto('/account');
    await expectWell(ada.page, 'account');
  });
}
