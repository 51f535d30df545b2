import { expect, NETWORK, type Person, type Stack, test } from '../fixtures.js';
import { AccountPage } from '../pages/account_page.js';
import type { ChatPanel } from '../pages/chat_panel.js';
import { breakNextPanel, hydrated } from '../pages/hydrated.js';
import type { Account } from '../support/api.js';
import { type Fate, intercept, REFUSAL } from '../support/wire.js';
import { Album, looks } from './album.js';

const LAST = '🎉';
const TALK = [
  ['grace', 'I found the moth. It is taped into the logbook now.'],
  ['ada', 'The first actual case of a bug being found?'],
  ['grace', 'Relay 70, panel F. See https://example.org/moth'],
  ['grace', 'Would you write a programme for a machine that is not built yet?'],
  ['ada', 'I have. The numbers of Bernoulli, on paper.'],
  ['ada', LAST],
] as const;

for (const look of ['light', 'dark', 'phone'] as const) {
  test(look, async ({ stack, visit, join, complaints }) => {
    complaints.allow(NETWORK);
    complaints.allow(/panicked|unreachable|broken on purpose/);
    const album = await Album.empty(look);

    const stranger = await visit('stranger', looks[look]);
    for (const [state, path] of Object.entries({
      'log-in': '/login',
      'sign-up': '/signup',
      'log-in-error': '/login?error=invalid_credentials&username=ada',
    })) {
      await stranger.goto(path);
      await hydrated(stranger);
      await album.take(stranger, state);
    }

    const ada = await join(await stack.account('ada'), looks[look]);
    const grace = await join(await stack.account('grace'));
    let fate: Fate = 'pass';
    await intercept(ada.page, () => fate);
    await lists(ada, grace, album);
    await conversation(ada, grace, album, (next) => (fate = next));
    await attention(ada, grace, stack, album);
    await others(ada, await stack.account('katherine'), album);
    await endings(ada, grace, album);

    const plain = await join(ada.account, { ...looks[look], javaScriptEnabled: false });
    await plain.page.goto(`/?profile=${grace.id}&chat=open`);
    await expect(plain.panel(grace).bubble(LAST)).toBeVisible();
    await album.take(plain.page, 'without-scripts');
  });
}

/** By the button: on a phone Enter breaks the line. */
async function say(panel: ChatPanel, text: string): Promise<void> {
  await panel.write(text);
  await panel.sendButton.click();
  await expect(panel.bubble(text)).toBeVisible();
}

/** Whatever one sees before one writes to somebody. */
async function lists(ada: Person, grace: Person, album: Album): Promise<void> {
  await ada.goto('/');
  await expect(ada.matches.items.first()).toBeVisible();
  await album.take(ada.page, 'matches');
  await ada.matches.search.fill('nobody at all');
  await expect(ada.matches.items).toHaveCount(0);
  await expect(ada.page.getByRole('main').getByRole('status').filter({ hasText: /\S/ })).toBeVisible();
  await album.take(ada.page, 'empty-search');
  await ada.matches.search.fill('puzzles');
  await expect(ada.matches.items.first()).toBeVisible();
  await expect(ada.matches.item(grace.name)).toBeHidden();
  await album.take(ada.page, 'search');
  await ada.goto('/');
  await ada.header.settingsButton.click();
  await expect(ada.header.settings).toBeVisible();
  await album.take(ada.page, 'settings');
  await ada.goto('/messages');
  await album.take(ada.page, 'inbox-empty');
  await ada.goto(`/?profile=${grace.id}`);
  await album.take(ada.page, 'card');
}

/** One conversation, well and not. */
async function conversation(ada: Person, grace: Person, album: Album, decide: (fate: Fate) => void): Promise<void> {
  const panel = await ada.chat(grace);
  await expect(panel.suggestions).toBeVisible();
  await album.take(ada.page, 'conversation-empty');

  const hers = await grace.chat(ada);
  for (const [who, text] of TALK) {
    const [here, there] = who === 'ada' ? [panel, hers] : [hers, panel];
    await say(here, text);
    await expect(there.bubble(text)).toBeVisible();
  }
  await panel.expectState(LAST, 'Read');
  await album.take(ada.page, 'conversation');
  await hers.typeUntilSeenBy(panel);
  await expect(panel.typing).toBeInViewport();
  await album.take(ada.page, 'typing');
  await grace.goto('/');
  await expect(panel.typing).toBeHidden();

  decide(REFUSAL);
  const refused = 'A message that is refused.';
  await say(panel, refused);
  await panel.expectState(refused, 'Not sent');
  await album.take(ada.page, 'not-sent');
  decide('pass');
  await panel.bubble(refused).getByRole('button', { name: 'Delete' }).click();

  await ada.context.setOffline(true);
  await expect(panel.status('Offline')).toBeVisible();
  await say(panel, 'Into the dark.');
  await album.take(ada.page, 'offline');
  await ada.context.setOffline(false);
  await panel.expectState('Into the dark.', 'Sent', 'Delivered', 'Read');
}

/** What came while one was away, and what comes now. */
async function attention(ada: Person, grace: Person, stack: Stack, album: Album): Promise<void> {
  const alan = await stack.account('alan');
  for (let number = 1; number <= 30; number++) await stack.api.send(alan, ada.account, `Step ${number} of the machine.`);
  const panel = await ada.chat(alan);
  await expect(panel.log.getByText('New messages', { exact: true })).toBeInViewport();
  await expect(panel.root.getByRole('button', { name: /\d+ new/ })).toBeVisible();
  await album.take(ada.page, 'unread');

  await ada.goto(`/?profile=${alan.user.id}`);
  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'Are you there?');
  await expect(ada.header.toast(grace.name)).toBeVisible();
  await album.take(ada.page, 'toast');
}

/** A conversation that loads slowly and then not at all, and one with somebody who is reported and blocked. */
async function others(ada: Person, katherine: Account, album: Album): Promise<void> {
  const panel = ada.panel(katherine);
  const history = '**/messages/history/**';
  let fail = () => {};
  const failure = new Promise<void>((resolve) => (fail = resolve));
  await ada.page.route(history, async (route) => {
    await failure;
    await route.fulfill({ status: 500, json: {} });
  });
  await ada.goto(`/?profile=${katherine.user.id}&chat=open`);
  await expect(panel.root.locator('.chat-panel__skeleton')).toHaveCSS('opacity', '1');
  await album.take(ada.page, 'loading');
  fail();
  await expect(panel.root.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible();
  await album.take(ada.page, 'load-error');
  await ada.page.unroute(history);

  await ada.chat(katherine);
  const menu = ada.page.getByRole('dialog', { name: /^Conversation with/ });
  await panel.root.getByRole('button', { name: 'More', exact: true }).click();
  await expect(menu).toBeVisible();
  await album.take(ada.page, 'conversation-menu');
  await menu.getByRole('button', { name: 'Report…' }).click();
  await menu.getByRole('textbox').fill('Asks for my savings, in prime numbers.');
  await album.take(ada.page, 'report');
  await menu.getByRole('button', { name: 'Cancel' }).click();
  await menu.getByRole('button', { name: 'Block…' }).click();
  await album.take(ada.page, 'block');
  await menu.getByRole('button', { name: 'Block', exact: true }).click();
  await expect(panel.root.getByText(/^You blocked/)).toBeVisible();
  await expect(menu).toBeHidden();
  await album.take(ada.page, 'blocked');
}

/** The inbox, one's own account, and pages that are not there or not well. */
async function endings(ada: Person, grace: Person, album: Album): Promise<void> {
  await ada.goto('/messages');
  await ada.inbox.expectUnread(grace.name, 1);
  await album.take(ada.page, 'inbox');
  await ada.page.goto('/account');
  await album.take(ada.page, 'account');
  await new AccountPage(ada.page).remove.scrollIntoViewIfNeeded();
  await album.take(ada.page, 'account-deletion');
  await ada.goto('/nowhere');
  await expect(ada.page).toHaveTitle(/^\(\d+\)/);
  await album.take(ada.page, 'not-found');

  await ada.goto('/messages');
  await breakNextPanel(ada.page);
  await ada.inbox.entry(grace.name).click();
  await expect(ada.page.getByRole('alert').filter({ hasText: 'Something broke on this page' })).toBeVisible();
  await album.take(ada.page, 'panic-bar');
}
