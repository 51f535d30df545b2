import { expect, test } from '../fixtures.js';

test('D5 Sent, Delivered when a device has it, Read when it was seen', async ({ ada, stack, join }) => {
  const account = await stack.account('grace');
  const adas = await ada.chat(account);
  await adas.send('are you there?');
  await adas.expectState('are you there?', 'Sent');
  await adas.mark('are you there?', 'first');

  const grace = await join(account);
  await grace.goto('/');
  // She has not opened it, nor is anything new: her device fetched what came while it was away.
  await adas.expectState('are you there?', 'Delivered');
  await adas.send('hello?');
  await adas.expectState('hello?', 'Delivered');

  await grace.chat(ada);
  await adas.expectState('hello?', 'Read');
  await adas.expectState('are you there?', 'Read');
  await adas.expectMark('are you there?', 'first');
});

test('D1 the state of a bubble never goes back', async ({ ada, grace }) => {
  const adas = await ada.chat(grace);
  await adas.log.evaluate((log) => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    const look = () => {
      const bubble = log.querySelector('[data-direction="sent"]');
      if (!bubble) return;
      const texts = document.createTreeWalker(bubble, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const word = /^\W*(Sending|Sent|Delivered|Read|Not sent)\W*$/.exec(texts.currentNode.textContent ?? '')?.[1];
        if (word && word !== seen.at(-1)) seen.push(word);
      }
    };
    new MutationObserver(look).observe(log, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  await grace.chat(ada);
  await adas.send('watch this one');
  await adas.expectState('watch this one', 'Read');
  const seen = await ada.page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  const order = ['Sending', 'Sent', 'Delivered', 'Read'];
  expect(seen[0]).toBe('Sending');
  expect(seen).toEqual(order.filter((state) => seen.includes(state)));
});

for (const away of ['behind another window', 'in the background'] as const) {
  test(`D5 a message in a page that is ${away} is delivered, not read`, async ({ ada, grace }) => {
    const adas = await ada.chat(grace);
    await grace.chat(ada);
    const look = (seen: boolean) =>
      grace.page.evaluate(
        ([seen, isVisible]) => {
          const state = isVisible ? 'visible' : 'hidden';
          Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
          Object.defineProperty(document, 'hidden', { configurable: true, get: () => !isVisible });
          document.hasFocus = () => seen;
          document.dispatchEvent(new Event('visibilitychange'));
          window.dispatchEvent(new Event(seen ? 'focus' : 'blur'));
        },
        [seen, seen || away === 'behind another window'] as const,
      );
    await look(false);
    await adas.send('look at this');
    await adas.expectState('look at this', 'Delivered');
    await adas.send('look at me too');
    await adas.expectState('look at me too', 'Delivered');
    await adas.expectState('look at this', 'Delivered');
    await expect(grace.page).toHaveTitle(/^\(2\) /);

    await look(true);
    await adas.expectState('look at me too', 'Read');
    await expect(grace.page).not.toHaveTitle(/^\(/);
  });
}

test('N1 what comes in before the reader is at no moment counted as unread, what others write is', async ({ ada, grace, stack }) => {
  const panel = await ada.chat(grace);
  const graces = await grace.chat(ada);
  const alan = await stack.account('alan');
  await ada.page.evaluate(() => {
    const counted = { card: 0, total: 0 };
    Object.assign(window, { counted });
    const count = (badge: string) => Number.parseInt(document.querySelector(badge)?.textContent?.trim() ?? '0', 10);
    const look = () => {
      counted.card = Math.max(counted.card, count('.profile-card__unread'));
      counted.total = Math.max(counted.total, count('.app-header__badge'));
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  });
  for (const text of ['one', 'two', 'three']) {
    await Promise.all([stack.api.send(alan, ada.account, text), graces.send(text)]);
    await expect(panel.bubble(text)).toBeVisible();
  }
  await graces.expectState('three', 'Read');
  await expect(ada.page).toHaveTitle(/^\(3\) /);
  const counted = await ada.page.evaluate(() => (window as unknown as { counted: object }).counted);
  expect(counted).toEqual({ card: 0, total: 3 });
});

test('D7 two tabs of one person agree', async ({ ada, grace, stack }) => {
  const first = await ada.chat(grace);
  const second = await (await ada.tab('/')).chat(grace);
  for (const panel of [first, second]) await panel.watchBubbles();
  await first.send('written in the first tab');
  await first.mark('written in the first tab', 'pending');
  await expect(second.bubble('written in the first tab')).toHaveAttribute('data-direction', 'sent');
  // Stored before the second tab sends over a socket of its own.
  await second.expectState('written in the first tab', 'Sent', 'Delivered');
  await second.send('written in the second tab');
  await second.expectState('written in the second tab', 'Sent', 'Delivered');
  await stack.api.send(grace.account, ada.account, 'answered to both');
  const all = ['written in the first tab', 'written in the second tab', 'answered to both'];
  for (const panel of [first, second]) {
    await panel.expectMessages(all);
    await panel.expectDense(3);
    await panel.expectNoneLost();
  }
  await first.expectMark('written in the first tab', 'pending');
});

test('D7 what was read in one tab is read in the other', async ({ ada, grace, stack }) => {
  await ada.goto('/');
  const other = await ada.tab('/');
  await stack.api.send(grace.account, ada.account, 'read me once');
  for (const tab of [ada, other]) await tab.matches.expectUnread(grace.name, 1);
  await other.matches.choose(grace.name);
  await other.matches.message(grace.name).click();
  for (const tab of [ada, other]) {
    await tab.matches.expectUnread(grace.name, 0);
    await expect(tab.page).not.toHaveTitle(/^\(/);
  }
});
