import { expect, test } from '../fixtures.js';

test('T1 typing shows, and ends with the message', async ({ ada, grace }) => {
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  // Also before the first message.
  await graces.typeUntilSeenBy(adas);
  await expect(adas.bubbles).toHaveCount(0);
  await graces.send('So it is');
  await expect(adas.bubble('So it is')).toBeVisible();
  await expect(adas.typing).toHaveCount(0);
});

test('T1 typing comes into view below a conversation that fills the panel', async ({ ada, grace, stack }) => {
  for (let number = 1; number <= 20; number++) await stack.api.send(ada.account, grace.account, `Line ${number} of 20`);
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  await adas.expectAtBottom();
  await graces.typeUntilSeenBy(adas);
  await expect(adas.typing).toBeInViewport({ ratio: 1 });
  await expect(adas.bubble('Line 20 of 20')).toBeInViewport({ ratio: 1 });
});

test('T1 typing ends by itself, and shows within a second', async ({ ada, grace }) => {
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  await graces.typeUntilSeenBy(adas);
  await expect(adas.typing).toHaveCount(0, { timeout: 8_000 });
  await graces.composer.press('a');
  await expect(adas.typing).toBeVisible({ timeout: 1_000 });
});

test('T2 the typing row is still for who wants less motion', async ({ ada, grace }) => {
  await ada.page.emulateMedia({ reducedMotion: 'reduce' });
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  await graces.typeUntilSeenBy(adas);
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
