import { expect, NETWORK, test } from '../fixtures.js';

test.use({ ownServer: true });
test.setTimeout(150_000);

/** How long the tab is without a network. */
const OFFLINE = 60_000;

test('D3 offline for a minute: said, queued, and sent once and in order on return, in the same bubbles', async ({
  ada,
  grace,
  stack,
  complaints,
}) => {
  complaints.allow(NETWORK);
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  await adas.send('while all is well');
  await graces.expectMessages(['while all is well']);
  for (const panel of [adas, graces]) await panel.watchBubbles();

  const gone = Date.now();
  await ada.context.setOffline(true);
  await expect(adas.status('Offline')).toBeVisible();
  await adas.send('first in the dark');
  await adas.send('second in the dark');
  for (const text of ['first in the dark', 'second in the dark']) {
    await adas.expectState(text, 'Sending');
    await expect(adas.bubble(text)).not.toHaveAttribute('data-seq');
    await adas.mark(text, text);
  }
  await stack.api.send(grace.account, ada.account, 'meanwhile elsewhere');

  await new Promise((resolve) => setTimeout(resolve, gone + OFFLINE - Date.now()));
  await ada.context.setOffline(false);
  await expect(adas.status('Offline')).toHaveCount(0);
  for (const text of ['first in the dark', 'second in the dark']) {
    await adas.expectState(text, 'Read');
    await adas.expectMark(text, text);
  }
  const all = ['while all is well', 'meanwhile elsewhere', 'first in the dark', 'second in the dark'];
  for (const panel of [adas, graces]) {
    await panel.expectMessages(all);
    await panel.expectDense(4);
    await panel.expectNoneLost();
  }
  expect(await stack.store.select('SELECT content FROM messages ORDER BY seq')).toEqual(all);
});

test('D3 a browser that is wrong about the network connects all the same', async ({ ada, grace, stack }) => {
  await ada.page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'onLine', { configurable: true, get: () => false });
  });
  const adas = await ada.chat(grace);
  await stack.api.send(grace.account, ada.account, 'can you hear me?');
  await adas.expectMessages(['can you hear me?']);
  await adas.send('very well');
  await adas.expectState('very well', 'Sent', 'Delivered', 'Read');
});
