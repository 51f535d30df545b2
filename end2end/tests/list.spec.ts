import { expect, type Stack, test } from '../fixtures.js';
import type { Account } from '../support/api.js';

async function write(stack: Stack, from: Account, to: Account, count: number): Promise<void> {
  for (let number = 1; number <= count; number++) await stack.api.send(from, to, `line ${number} of ${count}`);
}

test('L1 messages of one person close to each other are a group', async ({ ada, grace, stack }) => {
  for (const text of ['one', 'two', 'three']) await stack.api.send(grace.account, ada.account, `group ${text}`);
  await stack.api.send(ada.account, grace.account, 'an answer');
  const panel = await ada.chat(grace);
  const boxes: { top: number; end: number }[] = [];
  for (const text of ['group one', 'group two', 'group three', 'an answer']) {
    const box = await panel.bubble(text).boundingBox();
    if (!box) throw new Error(`${text} has no box`);
    boxes.push({ top: box.y, end: box.y + box.height });
  }
  const gap = (index: number) => (boxes[index + 1]?.top ?? NaN) - (boxes[index]?.end ?? NaN);
  expect(gap(0)).toBeLessThan(gap(2));
  expect(gap(1)).toBeLessThan(gap(2));
});

test('L3 the conversation opens at the first unread message, under a divider that stays', async ({ ada, grace, stack }) => {
  const seen = await ada.chat(grace);
  await stack.api.send(grace.account, ada.account, 'seen before');
  await expect(seen.bubble('seen before')).toBeVisible();
  await expect.poll(() => stack.api.readSeq(ada.account, grace.account)).toBe(1);
  await seen.closeButton.click();

  await stack.api.send(grace.account, ada.account, 'new to Ada');
  await ada.matches.expectUnread(grace.name, 1);
  await ada.matches.message(grace.name).click();
  const divider = seen.log.getByText('New messages', { exact: true });
  await expect(divider).toBeVisible();
  const order = await seen.log.evaluate((log) => {
    const text = log.textContent ?? '';
    return ['seen before', 'New messages', 'new to Ada'].map((part) => text.indexOf(part));
  });
  expect(order).toEqual([...order].sort((a, b) => a - b));
  await expect.poll(() => stack.api.readSeq(ada.account, grace.account)).toBe(2);
  await stack.api.send(grace.account, ada.account, 'another one');
  await expect(seen.bubble('another one')).toBeVisible();
  await expect(divider).toHaveCount(1);
});

test('L3 it opens there also when more is unread than one page holds', async ({ ada, grace, stack }) => {
  await write(stack, grace.account, ada.account, 130);
  const panel = await ada.chat(grace);
  const divider = panel.log.getByText('New messages', { exact: true });
  await expect(divider).toBeInViewport();
  await expect(panel.bubble('line 1 of 130')).toBeInViewport();
  await expect.poll(() => stack.api.readSeq(ada.account, grace.account)).toBeGreaterThan(0);
  expect(await stack.api.readSeq(ada.account, grace.account)).toBeLessThan(30);
  await ada.header.expectUnread('99+');
});

test('L4 far up a new message does not move the list: a pill counts', async ({ ada, grace, stack }) => {
  await write(stack, ada.account, grace.account, 40);
  const panel = await ada.chat(grace);
  await expect(panel.bubble('line 40 of 40')).toBeVisible();
  await panel.scrollToTop();
  await expect(panel.root.getByRole('button', { name: 'Jump to latest' })).toBeVisible();
  const before = await panel.bubble('line 1 of 40').first().boundingBox();
  await stack.api.send(grace.account, ada.account, 'far below');
  await stack.api.send(grace.account, ada.account, 'further below');
  const pill = panel.root.getByRole('button', { name: /2 new/ });
  await expect(pill).toBeVisible();
  expect((await panel.bubble('line 1 of 40').first().boundingBox())?.y).toBeCloseTo(before?.y ?? NaN, 0);
  await ada.header.expectUnread(2);

  await pill.click();
  await panel.expectAtBottom();
  await expect(panel.bubble('further below')).toBeInViewport();
  await ada.header.expectUnread(0);
  await expect.poll(() => stack.api.readSeq(ada.account, grace.account)).toBe(42);
});

test('L5 older messages come in above without moving what is read', async ({ ada, grace, stack }) => {
  await write(stack, ada.account, grace.account, 120);
  const panel = await ada.chat(grace);
  await expect(panel.bubble('line 120 of 120')).toBeVisible();
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await ada.page.route(/\/messages\/history\/.*before=/, async (route) => {
    await held;
    await route.continue();
  });
  const asked = ada.page.waitForRequest(/\/messages\/history\/.*before=/);
  await panel.scrollToTop();
  await asked;
  const oldest = (await panel.seqs())[0];
  const first = panel.bubbles.and(ada.page.locator(`[data-seq="${oldest}"]`));
  const before = await first.boundingBox();
  release();
  await expect.poll(async () => Number((await panel.seqs())[0])).toBeLessThan(Number(oldest));
  const after = await first.boundingBox();
  expect(Math.abs((after?.y ?? NaN) - (before?.y ?? NaN))).toBeLessThanOrEqual(1);

  await expect(async () => {
    await panel.scrollBy(-3_000);
    expect((await panel.seqs())[0]).toBe('1');
  }).toPass();
  await expect(panel.bubble('line 1 of 120')).toHaveCount(1);
});

test('L6 sending jumps to the end', async ({ ada, grace, stack }) => {
  await write(stack, ada.account, grace.account, 40);
  const panel = await ada.chat(grace);
  await expect(panel.bubble('line 40 of 40')).toBeVisible();
  await panel.scrollToTop();
  await panel.send('down here');
  await panel.expectAtBottom();
  await expect(panel.bubble('down here')).toBeInViewport();
});

test('the panel stays small however long the history is', async ({ ada, grace, stack }) => {
  test.setTimeout(120_000);
  await write(stack, ada.account, grace.account, 400);
  const panel = await ada.chat(grace);
  const elements = () => panel.root.evaluate((root) => root.querySelectorAll('*').length);
  let most = await elements();
  await expect(async () => {
    await panel.scrollBy(-4_000);
    most = Math.max(most, await elements());
    expect((await panel.seqs())[0]).toBe('1');
  }).toPass({ timeout: 60_000, intervals: [50] });
  expect(most).toBeLessThanOrEqual(1_500);
});

test.describe('days', () => {
  test.use({ ownServer: true, storeKind: 'postgres' });

  test('L2 days are parted in the zone of the reader', async ({ ada, grace, stack }) => {
    for (const text of ['long ago', 'the day before', 'just now']) {
      await stack.api.send(grace.account, ada.account, text);
    }
    const back = (text: string, days: number) =>
      stack.store.execute(
        `UPDATE messages SET created_at = created_at - interval '${days} days' WHERE content = '${text}'`,
      );
    await back('long ago', 40);
    await back('the day before', 1);
    const panel = await ada.chat(grace);
    await panel.expectMessages(['long ago', 'the day before', 'just now']);
    await expect(panel.log.getByText('Today', { exact: true })).toBeVisible();
    await expect(panel.log.getByText('Yesterday', { exact: true })).toBeVisible();
    const date = await panel.bubble('long ago').locator('time').first().getAttribute('datetime');
    const zone = { timeZone: 'America/New_York' };
    const day = new Date(date ?? '').toLocaleDateString('en-GB', { ...zone, day: 'numeric' });
    const month = new Date(date ?? '').toLocaleDateString('en-GB', { ...zone, month: 'short' });
    const before = await panel.log.evaluate((log) => (log.textContent ?? '').split('long ago')[0]);
    expect(before).toMatch(new RegExp(`(?<!\\d)${day}(?!\\d)`));
    expect(before).toContain(month);
  });

  test('L2 the day of what is read floats over the list while it is scrolled', async ({ ada, grace, stack }) => {
    await write(stack, ada.account, grace.account, 40);
    await stack.store.execute(`UPDATE messages SET created_at = created_at - interval '1 day'`);
    for (let number = 1; number <= 40; number++) await stack.api.send(ada.account, grace.account, `today ${number}. https://example.org`);
    const panel = await ada.chat(grace);
    await expect(panel.bubble('today 40.')).toBeVisible();
    await expect(panel.dayChip).toHaveAttribute('aria-hidden', 'true');
    await expect(panel.dayChip).toHaveCSS('opacity', '0');
    const days = await panel.watchDays();

    await panel.scrollBy(-300);
    await expect.poll(days, 'it comes, and goes when the list rests').toEqual(['Today', '']);
    await expect(panel.dayChip).toHaveCSS('opacity', '0');
    await panel.log.hover();
    await expect(async () => {
      await ada.page.mouse.wheel(0, -400);
      expect(await days()).toContain('Yesterday');
    }).toPass();

    // Puts the separator so far below the upper edge of the list, and lets the page see it.
    const place = (below: number) =>
      panel.log.getByText('Today', { exact: true }).evaluate((separator, below) => {
        const log = separator.closest('[role="log"]');
        if (!log) throw new Error('the separator is in no list');
        log.scrollTop += separator.getBoundingClientRect().top - log.getBoundingClientRect().top - below;
        return new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)));
      }, below);
    await place(10);
    await expect(panel.dayChip, 'the separator says it').not.toHaveAttribute('data-shown');
    const said = (await days()).length;
    for (const below of [2, 20, 5]) await place(below);
    expect(await days()).toHaveLength(said);
    await place(-60);
    await expect.poll(async () => (await days()).slice(said)).toEqual(['Today', '']);

    await panel.composer.press('End');
    await panel.log.getByRole('link').first().focus();
    await expect(panel.dayChip, 'nothing that has the focus is covered').toHaveCSS('visibility', 'hidden');
    await ada.page.emulateMedia({ reducedMotion: 'reduce' });
    await expect(panel.dayChip).toHaveCSS('transition-duration', '0s');
  });
});

test.describe(() => {
  test.use({ timezoneId: 'UTC' });

  test('L2 at midnight today becomes yesterday', async ({ ada, grace, stack }) => {
    const { created_at } = await stack.api.send(grace.account, ada.account, 'the last of the day');
    const evening = new Date(created_at);
    evening.setUTCHours(23, 59, 0, 0);
    await ada.page.clock.install({ time: evening });
    const panel = await ada.chat(grace);
    await expect(panel.log.getByText('Today', { exact: true })).toBeVisible();
    await ada.expectLive();
    // Each timer that is due runs once, as after a short sleep: the connection stays.
    await ada.page.clock.fastForward(70_000);
    await expect(panel.log.getByText('Yesterday', { exact: true })).toBeVisible();
    await expect(panel.log.getByText('Today', { exact: true })).toHaveCount(0);
  });
});
