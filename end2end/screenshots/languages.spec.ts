import { expect, test } from '../fixtures.js';
import { hydrated } from '../pages/hydrated.js';
import { Conversation, WORDS } from '../pages/languages.js';
import { PHONE } from '../support/devices.js';
import { Album, looks } from './album.js';

for (const look of ['german', 'hebrew'] as const) {
  test(look, async ({ stack, visit, join }) => {
    const words = WORDS[look];
    const album = await Album.empty(look);
    const stranger = await visit('stranger', looks[look]);
    await stranger.goto('/signup');
    await hydrated(stranger);
    await album.take(stranger, 'sign-up');

    const ada = await join(await stack.account('ada'), looks[look]);
    const grace = await stack.account('grace');
    await ada.goto('/');
    await ada.page.getByRole('button', { name: words.settings, exact: true }).click();
    await album.take(ada.page, 'settings');

    await stack.api.send(grace, ada.account, 'I found the moth. It is taped into the logbook now.');
    await stack.api.send(grace, ada.account, 'מצאתי את העש. הוא מודבק עכשיו ביומן.');
    await ada.goto(`/?profile=${grace.user.id}&chat=open`);
    const panel = new Conversation(ada.page, words, grace.user.display_name);
    await panel.send('The first actual case of a bug being found?');
    await panel.send('המקרה הראשון של באג אמיתי?');
    await expect(panel.states.last()).toHaveText(words.sentOrLater);
    await album.take(ada.page, 'conversation');

    await ada.goto('/messages');
    await album.take(ada.page, 'inbox');

    const phone = await join(ada.account, { ...looks.phone, locale: looks[look].locale });
    await phone.page.setViewportSize({ width: 320, height: PHONE.viewport.height });
    await phone.goto('/');
    await album.take(phone.page, 'phone-matches');
    await phone.goto(`/?profile=${grace.user.id}&chat=open`);
    await expect(phone.page.getByRole('log').getByRole('listitem').first()).toBeVisible();
    await album.take(phone.page, 'phone-conversation');
  });
}
