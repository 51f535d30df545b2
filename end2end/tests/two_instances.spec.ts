import { expect, PASSWORD, Person, test } from '../fixtures.js';
import { Api } from '../support/api.js';
import { Server } from '../support/server.js';
import { required } from '../support/store.js';

// Two processes that share PostgreSQL and Redis, one person on each.
test('two instances: what one takes the other delivers, with marks, typing and log-out', async ({
  stores,
  browser,
  complaints,
}) => {
  const redisUrl = required('E2E_REDIS_URL');
  const store = await stores.create('postgres');
  const started: Server[] = [];
  try {
    for (let count = 0; count < 2; count++) started.push(await Server.start({ databaseUrl: store.url, redisUrl }));
    const join = async (server: Server | undefined, username: string) => {
      if (!server) throw new Error('both servers were started');
      const context = await browser.newContext({ baseURL: server.origin });
      complaints.listen(context, username);
      const response = await context.request.post('/auth/login', { data: { username, password: PASSWORD } });
      return new Person(await response.json(), context, await context.newPage());
    };
    const ada = await join(started[0], 'ada');
    const grace = await join(started[1], 'grace');
    const adas = await ada.chat(grace);
    const graces = await grace.chat(ada);

    await adas.send('From the first instance');
    await expect(graces.bubble('From the first instance')).toHaveAttribute('data-direction', 'received');
    await adas.expectState('From the first', 'Read');

    await graces.composer.pressSequentially('A');
    await expect(adas.typing).toBeVisible();
    await graces.send('And from the second');
    await expect(adas.bubble('And from the second')).toBeVisible();
    await expect(adas.typing).toHaveCount(0);

    for (const panel of [adas, graces]) {
      await panel.expectMessages(['From the first instance', 'And from the second']);
      await panel.expectDense(2);
    }
    expect(await store.select('SELECT content FROM messages ORDER BY created_at')).toEqual([
      'From the first instance',
      'And from the second',
    ]);

    // Revoked on the first instance, felt on the second.
    await new Api(started[0]?.origin ?? '').logOut(grace.account);
    await expect(grace.page).toHaveURL(/\/login/);

    for (const person of [ada, grace]) await person.context.close();
  } finally {
    for (const server of started) await server.kill();
    await store.remove();
  }
});
