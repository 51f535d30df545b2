import { expect, NAMES, PASSWORD, test } from '../fixtures.js';
import { ChatPanel } from '../pages/chat_panel.js';
import { hydrated } from '../pages/hydrated.js';
import { settledBox } from '../pages/layout.js';
import { LoginPage } from '../pages/login_page.js';
import { MatchesPage } from '../pages/matches_page.js';

test.use({ ownServer: true });

for (const storeKind of ['sqlite', 'postgres'] as const) {
  test.describe(`on ${storeKind}`, () => {
    test.use({ storeKind });

    test('the whole way: log in, find, open, write, answer, reload, and the rows are there', async ({ stack, visit }) => {
      const enter = async (username: 'ada' | 'grace', peer: string) => {
        const page = await visit(username);
        await page.goto('/');
        await expect(page).toHaveURL(`${stack.origin}/login`);
        await hydrated(page);
        await new LoginPage(page).logIn(username, PASSWORD);
        await expect(page).toHaveURL(`${stack.origin}/`);
        await hydrated(page);

        const matches = new MatchesPage(page);
        await matches.search.fill(peer.split(' ')[0]?.toLowerCase() ?? '');
        await expect(matches.items).toHaveCount(1);
        await matches.choose(peer);
        await expect(matches.card(peer)).toContainText(/\d+% match/);

        const card = await settledBox(matches.card(peer));
        expect(card.width).toBe(320);
        await matches.message(peer).click();
        const panel = new ChatPanel(page, peer);
        await panel.expectReady();
        const opened = await settledBox(panel.root);
        expect(opened.width).toBe(320);
        expect(opened.x + opened.width).toBeLessThanOrEqual(card.x - 8);
        expect(await settledBox(matches.card(peer)), 'the card has not moved').toEqual(card);
        await expect(panel.composer).toBeFocused();
        return { page, panel };
      };

      const ada = await enter('ada', NAMES.grace);
      const grace = await enter('grace', NAMES.ada);

      await ada.panel.send('Have you seen the new compiler?');
      await expect(grace.panel.bubble('Have you seen the new compiler?')).toHaveAttribute('data-direction', 'received');
      await grace.panel.send('I wrote it.');
      await expect(ada.panel.bubble('I wrote it.')).toHaveAttribute('data-direction', 'received');
      await ada.panel.expectState('Have you seen', 'Read');

      for (const { page, panel } of [ada, grace]) {
        await page.reload();
        await hydrated(page);
        await panel.expectReady();
        await panel.expectMessages(['Have you seen the new compiler?', 'I wrote it.']);
        await panel.expectDense(2);
      }

      const contents = await stack.store.select('SELECT content FROM messages ORDER BY created_at DESC LIMIT 10;');
      expect(contents).toEqual(['I wrote it.', 'Have you seen the new compiler?']);
    });
  });
}
