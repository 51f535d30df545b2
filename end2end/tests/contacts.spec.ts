import { expect, test, type Person } from '../fixtures.js';

async function menu(person: Person) {
  const menu = person.page.getByRole('dialog', { name: /^Conversation with/ });
  await person.page.getByRole('button', { name: 'More', exact: true }).click();
  await expect(menu).toBeVisible();
  return menu;
}

/** Does what makes a choice for somebody, and waits until the server took it in. */
async function chosen(person: Person, act: () => Promise<void>): Promise<void> {
  const answer = person.page.waitForResponse(/\/messages\/contact\//);
  await act();
  expect((await answer).status()).toBe(200);
}

test('a conversation that is marked as unread says so until it is opened', async ({ ada, grace, stack }) => {
  await stack.api.send(grace.account, ada.account, 'read me again');
  const panel = await ada.chat(grace);
  await expect(panel.bubble('read me again')).toBeVisible();
  await expect.poll(() => stack.api.readSeq(ada.account, grace.account)).toBe(1);
  const choices = await menu(ada);
  await chosen(ada, () => choices.getByRole('button', { name: 'Mark as unread' }).click());
  await expect(panel.root).toHaveCount(0);
  await ada.goto('/messages');
  await expect(ada.inbox.item(grace.name)).toContainText('Marked as unread');
  await chosen(ada, () => ada.inbox.entry(grace.name).click());
  await expect(panel.bubble('read me again')).toBeVisible();
  await ada.goto('/messages');
  await expect(ada.inbox.items).toHaveCount(1);
  await expect(ada.inbox.item(grace.name)).not.toContainText('Marked as unread');
});

test('N2 a muted conversation counts, and calls for nothing', async ({ ada, grace, stack }) => {
  const alan = await stack.account('alan');
  await ada.header.rememberToasts(grace.name);
  await ada.chat(grace);
  const choices = await menu(ada);
  await chosen(ada, () => choices.getByRole('button', { name: 'Mute', exact: true }).click());
  await expect(choices).toBeHidden();
  await expect((await menu(ada)).getByRole('button', { name: 'Unmute' })).toBeVisible();
  await ada.goto('/messages');
  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'shout');
  await stack.api.send(alan, ada.account, 'whisper');
  await expect(ada.header.toast(alan.user.display_name)).toBeVisible();
  await ada.header.expectUnread(2);
  expect(await ada.header.toastsSoFar()).toEqual([]);
  await ada.inbox.expectUnread(grace.name, 1);
  await expect(ada.inbox.item(grace.name)).toContainText('Muted');
  await expect(ada.inbox.item(grace.name).locator('[data-quiet]')).toHaveText('1 unread');
  await expect(ada.inbox.item(alan.user.display_name).locator('[data-quiet]')).toHaveCount(0);
});

test('who is blocked notices nothing, and who blocks hears nothing', async ({ ada, grace }) => {
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  await graces.send('before');
  await graces.expectState('before', 'Read');
  const block = await menu(ada);
  await block.getByRole('button', { name: 'Block…' }).click();
  await expect(block).toContainText('is not told');
  await block.getByRole('button', { name: 'Block', exact: true }).click();
  await expect(adas.root.getByText(`You blocked ${grace.name}.`)).toBeVisible();
  await expect(adas.composer).toHaveCount(0);

  await graces.send('can you hear me?');
  await graces.expectState('can you hear me?', 'Sent');
  await expect(graces.root.getByText(/blocked/i)).toHaveCount(0);
  await expect(graces.root.getByText('Online', { exact: true })).toHaveCount(0);
  await ada.page.reload();
  await expect(adas.root.getByText(`You blocked ${grace.name}.`)).toBeVisible();
  await adas.expectMessages(['before']);
  await ada.header.expectUnread(0);

  await adas.root.getByRole('button', { name: 'Unblock' }).click();
  await adas.expectMessages(['before', 'can you hear me?']);
  await graces.expectState('can you hear me?', 'Read');
  await adas.send('now I can');
  await expect(graces.bubble('now I can')).toBeVisible();
});

test('a report is sent with its reason, and a failure is said', async ({ ada, grace, complaints }) => {
  complaints.allow(/Failed to load resource/);
  await ada.chat(grace);
  const report = await menu(ada);
  await report.getByRole('button', { name: 'Report…' }).click();
  await report.getByRole('textbox').fill('Rude.');
  await ada.page.route('**/messages/report/**', (route) => route.fulfill({ status: 503, json: {} }), { times: 1 });
  await report.getByRole('button', { name: 'Send report' }).click();
  await expect(report.getByRole('alert')).toContainText('Try again');
  await report.getByRole('button', { name: 'Send report' }).click();
  await expect(report.getByRole('status')).toContainText('Thank you');
});
