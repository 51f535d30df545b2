import { expect, test } from '../fixtures.js';
import type { ChatPanel } from '../pages/chat_panel.js';

/** Types until the other sees it: typing is told only while connected, and never later. */
async function typeUntilSeen(from: ChatPanel, to: ChatPanel): Promise<void> {
  await expect(async () => {
    await from.composer.press('a');
    await expect(to.typing).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 15_000 });
}

test('T1 typing shows, and ends with the message', async ({ ada, grace }) => {
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  // Also before the first message.
  await typeUntilSeen(graces, adas);
  await expect(adas.bubbles).toHaveCount(0);
  await graces.send('So it is');
  await expect(adas.bubble('So it is')).toBeVisible();
  await expect(adas.typing).toHaveCount(0);
});

test('T1 typing ends by itself', async ({ ada, grace }) => {
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  await typeUntilSeen(graces, adas);
  await expect(adas.typing).toHaveCount(0, { timeout: 8_000 });
});

test('T2 the typing row is still for who wants less motion', async ({ ada, grace }) => {
  await ada.page.emulateMedia({ reducedMotion: 'reduce' });
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  await typeUntilSeen(graces, adas);
  const endless = await adas.log.evaluate((log) =>
    (log.parentElement ?? log)
      .getAnimations({ subtree: true })
      .filter((animation) => animation.effect?.getComputedTiming().iterations === Infinity).length,
  );
  expect(endless).toBe(0);
});

test('T3 whether the other is there is said in words', async ({ ada, stack, join }) => {
  const account = await stack.account('grace');
  const adas = await ada.chat(account);
  await adas.send('so that there is a conversation');
  const grace = await join(account);
  await grace.goto('/');
  await expect(adas.root.getByText('Online', { exact: true })).toBeVisible();
  await grace.context.close();
  await expect(adas.root.getByText(/^Last seen/)).toBeVisible({ timeout: 30_000 });
  await expect(adas.root.getByText('Online', { exact: true })).toHaveCount(0);
});
