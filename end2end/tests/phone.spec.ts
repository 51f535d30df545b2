import { expect, test } from '../fixtures.js';
import { expectNoSidewaysScroll, settledBox } from '../pages/layout.js';
import { PHONE } from '../support/devices.js';

test('P5 on a phone the panel is a sheet over everything, and Back closes it', async ({ stack, join }) => {
  const grace = await stack.account('grace');
  const ada = await join(await stack.account('ada'), PHONE);
  await ada.goto('/');
  await ada.matches.choose(grace.user.display_name);
  await ada.matches.message(grace.user.display_name).click();
  const panel = ada.panel(grace);
  await expect(panel.root).toHaveRole('dialog');
  await expect(panel.root).toHaveAttribute('aria-modal', 'true');
  expect(await settledBox(panel.root)).toMatchObject({ x: 0, width: 390 });
  await expectNoSidewaysScroll(ada.page);
  await panel.expectReady();

  // Nothing behind the sheet takes the focus, by whatever means it was made inert.
  const reachable = await ada.page.evaluate((label) => {
    const dialog = document.querySelector(`[role="dialog"][aria-label="${label}"]`) ?? document.querySelector('[aria-modal="true"]');
    const behind = [...document.querySelectorAll<HTMLElement>('a[href], button, input, textarea, [tabindex]')];
    return behind
      .filter((element) => !dialog?.contains(element))
      .filter((element) => {
        element.focus();
        return document.activeElement === element;
      })
      .map((element) => element.outerHTML.slice(0, 100));
  }, `Chat with ${grace.user.display_name}`);
  expect(reachable).toEqual([]);

  await panel.write('from the phone');
  await panel.sendButton.click();
  await panel.expectState('from the phone', 'Sent', 'Delivered', 'Read');

  await ada.page.goBack();
  await expect(panel.root).toHaveCount(0);
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.user.id}$`));
  await expect(ada.matches.message(grace.user.display_name)).toBeVisible();
});

test('P5 on a phone Enter breaks the line', async ({ stack, join }) => {
  const ada = await join(await stack.account('ada'), PHONE);
  const panel = await ada.chat(await stack.account('grace'));
  await panel.write('upper');
  await panel.composer.press('Enter');
  await panel.composer.pressSequentially('lower');
  await expect(panel.composer).toHaveValue('upper\nlower');
  await expect(panel.bubbles).toHaveCount(0);
});

test('P5 the sheet becomes a panel when the window gets wide, and keeps the draft', async ({ ada, grace }) => {
  await ada.page.setViewportSize({ width: 700, height: 800 });
  const panel = await ada.chat(grace);
  await expect(panel.root).toHaveRole('dialog');
  await panel.write('carried over');
  await ada.page.setViewportSize({ width: 1280, height: 800 });
  await expect(panel.root).toHaveRole('region');
  await expect(panel.composer).toHaveValue('carried over');
  await ada.matches.search.click();
  await expect(ada.matches.search).toBeFocused();
});

test('P5 on a phone a toast leaves the composer free', async ({ stack, join }) => {
  const grace = await stack.account('grace');
  const alan = await stack.account('alan');
  const ada = await join(await stack.account('ada'), PHONE);
  const panel = await ada.chat(grace);
  await ada.expectLive();
  await stack.api.send(alan, ada.account, 'am I in the way?');
  const toast = ada.header.toast(alan.user.display_name);
  await expect(toast).toBeVisible();
  const [above, below] = [await settledBox(toast), await settledBox(panel.composer)];
  expect(above.y + above.height).toBeLessThan(below.y);
});

test('P5 on a phone closing the card gives the focus back to the list', async ({ stack, join }) => {
  const grace = (await stack.account('grace')).user;
  const ada = await join(await stack.account('ada'), PHONE);
  await ada.goto('/');
  await ada.matches.choose(grace.display_name);
  await ada.page.getByRole('button', { name: 'Close profile' }).click();
  await expect(ada.matches.entry(grace.display_name)).toBeFocused();
});
