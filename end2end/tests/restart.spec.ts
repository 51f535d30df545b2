import { expect, NETWORK, test } from '../fixtures.js';

test.use({ ownServer: true });
test.setTimeout(120_000);

/** How long the server is gone. */
const OUTAGE = 10_000;

for (const way of ['stop', 'kill'] as const) {
  test(`D6 the server is gone for ten seconds (${way}): no gap, no double, no flicker`, async ({ ada, grace, stack, complaints }) => {
    complaints.allow(NETWORK);
    const adas = await ada.chat(grace);
    const graces = await grace.chat(ada);
    await adas.send('before it went');
    await graces.expectMessages(['before it went']);
    for (const panel of [adas, graces]) {
      await panel.watchBubbles();
      await panel.mark('before it went', 'before');
    }

    const gone = Date.now();
    await stack.server[way]();
    await expect(adas.status(/^\s*(Reconnecting|Offline)/)).toBeVisible();
    await expect(graces.status(/^\s*(Reconnecting|Offline)/)).toBeVisible();
    await adas.send('Ada into the void');
    await adas.expectState('Ada into the void', 'Sending');
    await graces.send('Grace into the void');
    await graces.expectState('Grace into the void', 'Sending');
    await adas.mark('Ada into the void', 'pending');
    await graces.mark('Grace into the void', 'pending');

    await new Promise((resolve) => setTimeout(resolve, gone + OUTAGE - Date.now()));
    await stack.server.start();
    for (const panel of [adas, graces]) {
      // The wait before the next try may have grown; it ends in any case.
      await expect(panel.bubbles).toHaveCount(3, { timeout: 40_000 });
      await panel.expectDense(3);
      await expect(panel.status(/^\s*(Reconnecting|Offline)/)).toHaveCount(0);
    }
    await adas.expectState('Ada into the void', 'Read');
    await graces.expectState('Grace into the void', 'Read');

    await adas.send('after it came back');
    await expect(graces.bubble('after it came back')).toBeVisible();
    const rows = await stack.store.select('SELECT content FROM messages ORDER BY seq');
    expect(rows).toHaveLength(4);
    for (const panel of [adas, graces]) {
      await panel.expectMessages(rows);
      await panel.expectMark('before it went', 'before');
      await panel.expectNoneLost();
    }
    await adas.expectMark('Ada into the void', 'pending');
    await graces.expectMark('Grace into the void', 'pending');
  });
}
