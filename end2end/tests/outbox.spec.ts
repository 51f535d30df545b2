import { expect, NETWORK, test } from '../fixtures.js';
import { type Fate, intercept, REFUSAL } from '../support/wire.js';

test('D9 reload in the middle of a send: the message survives and is sent once', async ({ ada, grace, stack }) => {
  let fate: Fate = 'swallow';
  await intercept(ada.page, () => fate);
  const adas = await ada.chat(grace);
  await adas.send('caught by the reload');
  await adas.expectState('caught by the reload', 'Sending');

  await ada.page.reload();
  await adas.expectReady();
  await adas.expectState('caught by the reload', 'Sending');
  await adas.watchBubbles();
  await adas.mark('caught by the reload', 'restored');

  fate = 'pass';
  await ada.context.setOffline(true);
  await ada.context.setOffline(false);
  await adas.expectState('caught by the reload', 'Sent', 'Delivered', 'Read');
  await adas.expectMark('caught by the reload', 'restored');
  await adas.expectNoneLost();
  await adas.expectMessages(['caught by the reload']);
  const stored = await stack.api.history(grace.account, ada.account);
  expect(stored.map((message) => message.content)).toEqual(['caught by the reload']);
});

test('D9 the outbox is sent from any page', async ({ ada, grace, stack }) => {
  let fate: Fate = 'swallow';
  await intercept(ada.page, () => fate);
  const adas = await ada.chat(grace);
  await adas.send('sent from elsewhere');
  await adas.expectState('sent from elsewhere', 'Sending');

  fate = 'pass';
  await ada.goto('/messages');
  await expect.poll(async () => (await stack.api.history(grace.account, ada.account)).length).toBe(1);
});

test('D2 a frame that is sent twice makes one row and one bubble', async ({ ada, grace, stack }) => {
  await intercept(ada.page, () => 'twice');
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);
  await adas.send('said twice, meant once');
  await adas.expectState('said twice', 'Read');
  await adas.expectMessages(['said twice, meant once']);
  await graces.expectMessages(['said twice, meant once']);
  expect(await stack.api.history(ada.account, grace.account)).toHaveLength(1);
});

test('D2 an answer that got lost: the repeated send finds its row', async ({ ada, grace, stack, complaints }) => {
  complaints.allow(NETWORK);
  let cuts = 0;
  await intercept(ada.page, () => {
    cuts += 1;
    return cuts === 1 ? 'cut-after' : 'pass';
  });
  const adas = await ada.chat(grace);
  await adas.send('was it heard?');
  await adas.expectState('was it heard?', 'Sent', 'Delivered', 'Read');
  expect(cuts).toBeGreaterThan(1);
  await adas.expectMessages(['was it heard?']);
  expect(await stack.api.history(ada.account, grace.account)).toHaveLength(1);
});

test('D4 a refused message stays, with Retry and Delete', async ({ ada, grace, stack }) => {
  let fate: Fate = REFUSAL;
  await intercept(ada.page, () => fate);
  const adas = await ada.chat(grace);
  await adas.send('refused and repeated');
  await adas.expectState('refused and repeated', 'Not sent');
  await adas.send('refused and deleted');
  await adas.expectState('refused and deleted', 'Not sent');
  await adas.mark('refused and repeated', 'the same');

  const remove = adas.bubble('refused and deleted').getByRole('button', { name: 'Delete' });
  await remove.click();
  await expect(adas.bubble('refused and deleted')).toHaveCount(0);

  fate = 'pass';
  await adas.bubble('refused and repeated').getByRole('button', { name: 'Retry' }).click();
  await adas.expectState('refused and repeated', 'Sent', 'Delivered', 'Read');
  await adas.expectMark('refused and repeated', 'the same');
  const stored = await stack.api.history(ada.account, grace.account);
  expect(stored.map((message) => message.content)).toEqual(['refused and repeated']);
});

test('D4 one refusal does not hold up what follows', async ({ ada, grace }) => {
  await intercept(ada.page, (frame) => (frame.content === 'the bad one' ? REFUSAL : 'pass'));
  const adas = await ada.chat(grace);
  await adas.send('the bad one');
  await adas.send('the good one');
  await adas.expectState('the good one', 'Sent', 'Delivered', 'Read');
  await adas.expectState('the bad one', 'Not sent');
});
