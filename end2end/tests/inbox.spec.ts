import { expect, test } from '../fixtures.js';

test('the inbox lists conversations, newest first, and sorts anew as messages come', async ({ ada, stack }) => {
  const grace = await stack.account('grace');
  const alan = await stack.account('alan');
  const katherine = await stack.account('katherine');
  const name = (account: typeof grace) => account.user.display_name;
  await stack.api.send(grace, ada.account, 'from Grace');
  await stack.api.send(ada.account, alan, 'to Alan');
  await stack.api.send(katherine, ada.account, 'from Katherine');

  await ada.goto('/');
  await ada.header.messages.click();
  await expect(ada.page).toHaveURL(/\/messages$/);
  await ada.inbox.expectOrder([name(katherine), name(alan), name(grace)]);
  await ada.inbox.expectUnread(name(grace), 1);
  await ada.inbox.expectUnread(name(alan), 0);
  for (const [person, text] of [[grace, 'from Grace'], [alan, 'to Alan'], [katherine, 'from Katherine']] as const) {
    const item = ada.inbox.item(name(person));
    await expect(item).toContainText(text);
    await expect(item.locator('time[datetime]')).toHaveCount(1);
    await expect(ada.inbox.entry(name(person))).toHaveCount(1);
  }

  await stack.api.send(grace, ada.account, 'once more from Grace');
  await ada.inbox.expectOrder([name(grace), name(katherine), name(alan)]);
  await expect(ada.inbox.item(name(grace))).toContainText('once more from Grace');
  await ada.inbox.expectUnread(name(grace), 2);
  await ada.header.expectUnread(3);

  await ada.inbox.entry(name(grace)).click();
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.user.id}&chat=open$`));
  await ada.panel(grace).expectMessages(['from Grace', 'once more from Grace']);
  await ada.header.expectUnread(1);
  await expect.poll(() => stack.api.readSeq(ada.account, grace)).toBe(2);
  await ada.page.goBack();
  await expect(ada.page).toHaveURL(/\/messages$/);
  await ada.inbox.expectUnread(name(grace), 0);
  await ada.inbox.expectOrder([name(grace), name(katherine), name(alan)]);
});

test('an inbox without a conversation says so', async ({ ada }) => {
  await ada.goto('/messages');
  await expect(ada.inbox.items).toHaveCount(0);
  await expect(ada.page.getByRole('main')).toContainText(/no (conversations|messages)/i);
});

test('news that come while the inbox is loaded are in it', async ({ ada, grace, stack }) => {
  await ada.goto('/');
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let answer = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  await ada.page.route(
    /list_conversations/,
    async (route) => {
      const early = await route.fetch();
      answer();
      await released;
      await route.fulfill({ response: early });
    },
    { times: 1 },
  );
  await ada.header.messages.click();
  await answered;
  await stack.api.send(grace.account, ada.account, 'just in time');
  await ada.header.expectUnread(1);
  release();
  await expect(ada.inbox.item(grace.name)).toContainText('just in time');
});
