import { expect, NETWORK, PASSWORD, Person, test as base } from '../fixtures.js';
import { Api } from '../support/api.js';
import { Server } from '../support/server.js';
import { required, type Store } from '../support/store.js';

interface TwoInstances {
  store: Store;
  servers: [Server, Server];
  people: [Person, Person];
}

/** Two processes that share PostgreSQL and Redis, Ada on the first and Grace on the second. */
const test = base.extend<{ apart: TwoInstances }>({
  apart: async ({ stores, browser, complaints }, use) => {
    const redisUrl = required('E2E_REDIS_URL');
    const store = await stores.create('postgres');
    const started: Server[] = [];
    const start = async () => {
      const server = await Server.start({ databaseUrl: store.url, redisUrl });
      started.push(server);
      return server;
    };
    const join = async (server: Server, username: string) => {
      const context = await browser.newContext({ baseURL: server.origin });
      complaints.listen(context, username);
      const response = await context.request.post('/auth/login', { data: { username, password: PASSWORD } });
      return new Person(await response.json(), context, await context.newPage());
    };
    try {
      const servers: [Server, Server] = [await start(), await start()];
      const people: [Person, Person] = [await join(servers[0], 'ada'), await join(servers[1], 'grace')];
      await use({ store, servers, people });
      for (const person of people) await person.context.close();
    } finally {
      for (const server of started) await server.kill();
      await store.remove();
    }
  },
});

test('two instances: what one takes the other delivers, with marks, typing and log-out', async ({ apart }) => {
  const { store, servers, people: [ada, grace] } = apart;
  const adas = await ada.chat(grace);
  const graces = await grace.chat(ada);

  await adas.send('From the first instance');
  await expect(graces.bubble('From the first instance')).toHaveAttribute('data-direction', 'received');
  await adas.expectState('From the first', 'Read');

  await graces.typeUntilSeenBy(adas);
  await graces.composer.clear();
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
  await new Api(servers[0].origin).logOut(grace.account);
  await expect(grace.page).toHaveURL(/\/login/);
});

test('T3 two instances: one that is killed takes its people offline within its lease', async ({ apart, complaints }) => {
  test.setTimeout(120_000);
  complaints.allow(NETWORK);
  const { servers, people: [ada, grace] } = apart;
  const adas = await ada.chat(grace);
  await adas.send('so that there is a conversation');
  await grace.goto('/');
  await expect(adas.root.getByText('Online', { exact: true })).toBeVisible();
  await servers[1].kill();
  await grace.context.close();
  // A lease of forty seconds, and ten until the other instance looks.
  await expect(adas.root.getByText(/^Last seen/)).toBeVisible({ timeout: 60_000 });
  await expect(adas.root.getByText('Online', { exact: true })).toHaveCount(0);
});
