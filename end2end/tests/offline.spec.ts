import { expect, NETWORK, test } from '../fixtures.js';

test.use({ ownServer: true });
test.setTimeout(150_000);

/** How long the tab is without a network. */
const OFFLINE = 60_000;
/** More messages than are fetched one page after the other. */
const MISSED = 520;

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

test('a device that was far behind says what it does not show', async ({ ada, grace, stack, complaints }) => {
  complaints.allow(NETWORK);
  const adas = await ada.chat(grace);
  const before = ['one before', 'two before', 'three before'];
  for (const text of before) await stack.api.send(grace.account, ada.account, text);
  await adas.expectMessages(before);

  await ada.context.setOffline(true);
  await expect(adas.status('Offline')).toBeVisible();
  for (let number = 1; number <= MISSED; number++) {
    await stack.api.send(grace.account, ada.account, `missed ${number}`);
  }
  // Older pages come when the test lets them.
  const held: (() => void)[] = [];
  let isOpen = false;
  await ada.page.route(/\/messages\/history\/.*before=/, async (route) => {
    if (!isOpen) await new Promise<void>((release) => held.push(release));
    await route.continue();
  });
  await ada.context.setOffline(false);
  await expect(adas.bubble(`missed ${MISSED}`)).toBeInViewport();

  const gap = adas.log.locator('.gap-row');
  const first = async () => Number((await adas.seqs())[0]);
  const said = (oldest: number) =>
    `${oldest - 1 - before.length} messages in between are not shown yet. Scroll up to load them.`;
  await adas.scrollToTop();
  await expect(gap).toBeInViewport();
  const oldest = await first();
  expect(oldest).toBeGreaterThan(MISSED / 2);
  await expect(gap).toHaveText(said(oldest));

  await expect.poll(() => held.length).toBe(1);
  held.pop()?.();
  await expect(async () => {
    await adas.scrollToTop();
    const now = await first();
    expect(now).toBeLessThan(oldest);
    await expect(gap).toHaveText(said(now), { timeout: 500 });
  }).toPass({ timeout: 15_000 });

  isOpen = true;
  for (const release of held) release();
  const holes: string[] = [];
  await expect(async () => {
    await adas.scrollBy(-4_000);
    const seqs = (await adas.seqs()).map(Number);
    if (seqs.some((seq, index) => index > 0 && seq !== (seqs[index - 1] ?? NaN) + 1)) holes.push(seqs.join(' '));
    expect(seqs[0]).toBe(1);
  }).toPass({ timeout: 60_000, intervals: [50] });
  expect(holes).toEqual([]);
  await expect(gap).toHaveCount(0);
  await expect(adas.bubble('one before')).toHaveCount(1);
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
