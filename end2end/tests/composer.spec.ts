import { expect, test } from '../fixtures.js';
import { intercept } from '../support/wire.js';

test('C1 the field grows from one line to six and no further', async ({ ada, grace }) => {
  const panel = await ada.chat(grace);
  const height = async () => (await panel.composer.boundingBox())?.height ?? 0;
  const one = await height();
  await panel.write('1\n2\n3');
  await expect.poll(height).toBeGreaterThan(one * 1.5);
  await panel.write('1\n2\n3\n4\n5\n6');
  await expect.poll(height).toBeGreaterThan(one * 2.5);
  const six = await height();
  await panel.write(Array.from({ length: 30 }, (_, line) => String(line)).join('\n'));
  await expect(panel.composer).toHaveValue(/29$/);
  expect(Math.abs((await height()) - six)).toBeLessThanOrEqual(2);
  await panel.write('');
  await expect.poll(height).toBe(one);
});

test('C2 Enter sends, Shift+Enter breaks the line, Enter of an input method does neither', async ({ ada, grace }) => {
  const panel = await ada.chat(grace);
  await panel.write('upper');
  await panel.composer.press('Shift+Enter');
  await panel.composer.pressSequentially('lower');
  await expect(panel.composer).toHaveValue('upper\nlower');
  await panel.composer.evaluate((field) => {
    const composing = { key: 'Enter', bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent('keydown', { ...composing, isComposing: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { ...composing, keyCode: 229 }));
  });
  await expect(panel.composer).toHaveValue('upper\nlower');
  await expect(panel.bubbles).toHaveCount(0);
  await panel.composer.press('Enter');
  await expect(panel.bubbles).toHaveCount(1);
  await expect(panel.bubble('upper')).toContainText('lower');
});

test('C3 blank cannot be sent, and the limit is 4000 characters', async ({ ada, grace }) => {
  const panel = await ada.chat(grace);
  await expect(panel.sendButton).toBeDisabled();
  await panel.write('  \n ');
  await expect(panel.sendButton).toBeDisabled();
  await panel.composer.press('Enter');
  await expect(panel.bubbles).toHaveCount(0);

  await panel.write('a'.repeat(3_799));
  await expect(panel.root.getByText('/ 4000')).toHaveCount(0);
  await panel.write('a'.repeat(3_800));
  await expect(panel.root.getByText('3800 / 4000')).toBeVisible();
  await panel.write('🎉'.repeat(4_000));
  await expect(panel.root.getByText('4000 / 4000')).toBeVisible();
  await expect(panel.sendButton).toBeEnabled();
  await panel.write('a'.repeat(4_001));
  await expect(panel.root.getByText('4001 / 4000')).toBeVisible();
  await expect(panel.sendButton).toBeDisabled();
  await panel.composer.press('Enter');
  await expect(panel.composer).toHaveValue('a'.repeat(4_001));
  await expect(panel.bubbles).toHaveCount(0);
});

test('C4 a draft outlives closing and reloading, and ends with sending', async ({ ada, grace }) => {
  const panel = await ada.chat(grace);
  await panel.write('not yet');
  await panel.closeButton.click();
  await ada.matches.message(grace.name).click();
  await expect(panel.composer).toHaveValue('not yet');
  await ada.page.reload();
  await panel.expectReady();
  await expect(panel.composer).toHaveValue('not yet');
  await panel.composer.press('Enter');
  await expect(panel.bubble('not yet')).toBeVisible();
  await panel.expectState('not yet', 'Sent', 'Delivered', 'Read');
  await ada.page.reload();
  await panel.expectReady();
  await expect(panel.composer).toHaveValue('');
});

test('C5 the focus stays in the field, by the keyboard and by the button', async ({ ada, grace }) => {
  const panel = await ada.chat(grace);
  await panel.send('by the keyboard');
  await expect(panel.composer).toBeFocused();
  await panel.write('by the button');
  await panel.sendButton.click();
  await expect(panel.bubble('by the button')).toBeVisible();
  await expect(panel.composer).toHaveValue('');
  await expect(panel.composer).toBeFocused();
});

test('D1 the bubble is there before the network has answered', async ({ ada, grace }) => {
  await intercept(ada.page, () => 'swallow');
  const panel = await ada.chat(grace);
  await panel.write('at once');
  const delay = await panel.composer.evaluate(async (field) => {
    const panelElement = field.closest('[role="region"], section, aside') ?? document.body;
    const begun = performance.now();
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    while (!panelElement.querySelector('[data-direction="sent"]') && performance.now() - begun < 2_000) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return performance.now() - begun;
  });
  console.log(`pending bubble after ${delay.toFixed(1)} ms`);
  await panel.expectState('at once', 'Sending');
});

test('C4 what was typed before the page is interactive stays', async ({ ada, grace }) => {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await ada.page.route(/\.wasm$/, async (route) => {
    await released;
    await route.continue();
  });
  const panel = ada.panel(grace);
  await ada.page.goto(`/?profile=${grace.id}&chat=open`, { waitUntil: 'commit' });
  await panel.composer.pressSequentially('quick fingers');
  release();
  await panel.expectReady();
  await expect(panel.composer).toHaveValue('quick fingers');
  await panel.composer.press('Enter');
  await panel.expectState('quick fingers', 'Sent', 'Delivered', 'Read');
});
