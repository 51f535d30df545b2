import { type Browser, type BrowserContext, type BrowserContextOptions, type Page, type Request, test as base, type WebSocket } from '@playwright/test';
import { AppHeader } from './pages/app_header.js';
import { ChatPanel } from './pages/chat_panel.js';
import { hydrated } from './pages/hydrated.js';
import { InboxPage } from './pages/inbox_page.js';
import { MatchesPage } from './pages/matches_page.js';
import { type Account, Api } from './support/api.js';
import { Complaints } from './support/complaints.js';
import { answering, Server } from './support/server.js';
import { type Store, type StoreKind, Stores } from './support/store.js';

export { expect } from '@playwright/test';
export { NETWORK } from './support/complaints.js';

/** The password of all demo people. */
export const PASSWORD = 'mosaic-demo';

/** The demo people that the tests speak of, by username. */
export const NAMES = {
  ada: 'Ada Lovelace',
  grace: 'Grace Hopper',
  alan: 'Alan Turing',
  katherine: 'Katherine Johnson',
} as const;

export type Username = keyof typeof NAMES;

/** What a test runs against: a server of its own, or the one that BASE_URL names. */
export interface Stack {
  readonly origin: string;
  readonly api: Api;
  /** Only where the test asked for a server of its own. */
  readonly server: Server;
  /** Only where the test asked for a server of its own. */
  readonly store: Store;
  /** Somebody of the demo people, logged in; against BASE_URL a new person, who has no past. */
  account(username: Username): Promise<Account>;
}

/** A person at a browser of her own. */
export class Person {
  readonly matches: MatchesPage;
  readonly inbox: InboxPage;
  readonly header: AppHeader;
  /** The sockets of the page that are open and were welcomed. */
  readonly #live = new Set<WebSocket>();

  constructor(
    readonly account: Account,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    this.matches = new MatchesPage(page);
    this.inbox = new InboxPage(page);
    this.header = new AppHeader(page);
    // The sockets of a page that is left end with it, and not every browser says so.
    const left = (request: Request) => {
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) this.#live.clear();
    };
    page.on('request', left);
    page.on('response', (response) => left(response.request()));
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (String(payload).startsWith('{"type":"welcome"')) this.#live.add(socket);
      });
      socket.on('close', () => this.#live.delete(socket));
    });
  }

  get id(): string {
    return this.account.user.id;
  }

  get name(): string {
    return this.account.user.display_name;
  }

  /** Goes to an address of the app and waits until the page is interactive. */
  async goto(path: string): Promise<void> {
    await this.page.goto(path);
    await hydrated(this.page);
  }

  /** The page is connected: from now on it is told, and what comes is news. */
  async expectLive(): Promise<void> {
    await base.expect.poll(() => this.#live.size).toBe(1);
  }

  /** The panel with somebody, open or not. */
  panel(other: { name: string } | Account): ChatPanel {
    return new ChatPanel(this.page, 'user' in other ? other.user.display_name : other.name);
  }

  /** Goes straight to the open conversation with somebody. */
  async chat(other: { id: string; name: string } | Account): Promise<ChatPanel> {
    const id = 'user' in other ? other.user.id : other.id;
    const panel = this.panel(other);
    await this.goto(`/?profile=${id}&chat=open`);
    await panel.expectReady();
    return panel;
  }

  /** One more tab of the same browser. */
  async tab(path: string): Promise<Person> {
    const tab = new Person(this.account, this.context, await this.context.newPage());
    await tab.goto(path);
    return tab;
  }
}

type Visit = (who: string, options?: BrowserContextOptions) => Promise<Page>;
type Join = (account: Account, options?: BrowserContextOptions) => Promise<Person>;

interface TestFixtures {
  /** The store of the test's own server. */
  storeKind: StoreKind;
  /** The test stops its server or looks into its database: BASE_URL cannot serve it. */
  ownServer: boolean;
  stack: Stack;
  complaints: Complaints;
  /** A browser of somebody who is not logged in. */
  visit: Visit;
  /** A browser of somebody who is. */
  join: Join;
  ada: Person;
  grace: Person;
}

interface WorkerFixtures {
  stores: Stores;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  storeKind: ['sqlite', { option: true }],
  ownServer: [false, { option: true }],

  stores: [
    async ({}, use, worker) => {
      const stores = new Stores(worker.workerIndex);
      await use(stores);
      await stores.remove();
    },
    { scope: 'worker' },
  ],

  stack: async ({ stores, storeKind, ownServer }, use, info) => {
    const shared = process.env.BASE_URL;
    if (shared && !ownServer) {
      const origin = new URL(shared).origin;
      await answering(origin);
      await use(sharedStack(origin));
      return;
    }
    const store = await stores.create(storeKind);
    const server = await Server.start({ databaseUrl: store.url }).catch(async (error: unknown) => {
      await store.remove();
      throw error;
    });
    await use(ownStack(server, store));
    await server.kill();
    await store.remove();
    if (info.status !== info.expectedStatus) {
      await info.attach('server log', { body: server.log, contentType: 'text/plain' });
    }
  },

  complaints: [
    async ({}, use) => {
      const complaints = new Complaints();
      await use(complaints);
      base.expect(complaints.unexpected, 'complaints of the browser').toEqual([]);
    },
    { auto: true },
  ],

  visit: async ({ browser, stack, complaints }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (who, options) => {
      const context = await newContext(browser, stack.origin, options);
      contexts.push(context);
      complaints.listen(context, who);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },

  join: async ({ visit }, use) => {
    await use(async (account, options) => {
      const page = await visit(account.user.username, options);
      return enter(account, page);
    });
  },

  ada: async ({ stack, join }, use) => {
    await use(await join(await stack.account('ada')));
  },

  grace: async ({ stack, join }, use) => {
    await use(await join(await stack.account('grace')));
  },
});

function newContext(browser: Browser, origin: string, options?: BrowserContextOptions): Promise<BrowserContext> {
  return browser.newContext({ baseURL: origin, ...options });
}

/** Logs the browser of a page in, without its form. The session of the account itself stays what it was. */
async function enter(account: Account, page: Page): Promise<Person> {
  const response = await page.context().request.post('/auth/login', {
    data: { username: account.user.username, password: PASSWORD },
  });
  if (!response.ok()) throw new Error(`${account.user.username} cannot log in: ${response.status()}`);
  const session = (await response.json()) as Account;
  return new Person(session, page.context(), page);
}

function ownStack(server: Server, store: Store): Stack {
  const api = new Api(server.origin);
  return { origin: server.origin, api, server, store, account: (username) => api.logIn(username, PASSWORD) };
}

function sharedStack(origin: string): Stack {
  const api = new Api(origin);
  const run = Date.now().toString(36) + Math.floor(Math.random() * 1e6).toString(36);
  const people = new Map<Username, Promise<Account>>();
  return {
    origin,
    api,
    get server(): Server {
      throw new Error('this test has to say test.use({ ownServer: true })');
    },
    get store(): Store {
      throw new Error('this test has to say test.use({ ownServer: true })');
    },
    account(username) {
      const known = people.get(username) ?? api.signUp(`${username}-${run}`, `${NAMES[username]} ${run}`, PASSWORD);
      people.set(username, known);
      return known;
    },
  };
}
